// What the task calls send, and what they make of answers that a well-behaved server doesn't give.
import { expect } from 'chai';
import { LostRace, ServerUnreachable } from '../../src/clearml/errors.ts';
import { rejection } from '../support/rejection.ts';
import { createBench } from './bench.ts';
import { queueId, taskId } from './client-under-test.ts';
import { data, hangUp, page } from './scripted-server.ts';

const TASK = taskId('a'.repeat(32));
const QUEUE = queueId('b'.repeat(32));

describe('the tasks of the ClearML client', () => {
  const bench = createBench();

  it('reads a task with odd fields, rather than none of its page', async () => {
    const odd = { id: TASK, name: null, status: 'brand_new', status_changed: 7, execution: null, system_tags: 'x' };
    bench.server.script(
      'tasks.get_all',
      data({ tasks: [odd, { id: 'c', status: 'queued', system_tags: ['archived'] }] }),
    );

    const tasks = await bench.client().tasks.read([TASK, taskId('c')]);

    expect(tasks.get(TASK)).to.deep.equal({
      id: TASK,
      name: '',
      status: 'unknown',
      statusReason: '',
      statusMessage: '',
      statusChanged: undefined,
      lastUpdate: undefined,
      lastWorker: undefined,
      user: undefined,
      executionQueue: undefined,
      archived: false,
      slurmJob: undefined,
      abortCallbackMs: undefined,
    });
    expect(tasks.get(taskId('c'))).to.include({ status: 'queued', archived: true });
  });

  it('reads more than 500 tasks in several calls', async () => {
    bench.server.script('tasks.get_all', data({ tasks: [] }));

    await bench.client().tasks.read(Array.from({ length: 1001 }, (_, n) => taskId(`t${n}`)));

    expect(bench.sent('tasks.get_all').map((body) => (body as { id: string[] }).id.length)).to.deep.equal([
      500, 500, 1,
    ]);
  });

  it('asks for no task without a status or a queue: the server would give all', async () => {
    const { tasks } = bench.client();

    expect(await tasks.find({ statuses: [], queues: [QUEUE] })).to.deep.equal([]);
    expect(await tasks.find({ statuses: ['queued'], queues: [] })).to.deep.equal([]);
    expect(await tasks.read([])).to.have.property('size', 0);
    expect(bench.server.calls).to.have.length(0);
  });

  for (const [how, answer, mayHaveHappened] of [
    ['its answer was lost', hangUp(), true],
    ['the server did not take it', page(503, ''), false],
  ] as const) {
    it(`sends a change of the status, or of its message, only once when ${how}`, async () => {
      for (const endpoint of ['tasks.failed', 'tasks.update']) bench.server.script(endpoint, answer);
      const { tasks } = bench.client();

      for (const changing of [
        tasks.fail(TASK, { reason: 'r', message: 'm' }, { force: true }),
        tasks.setStatusMessage(TASK, 'm'),
      ]) {
        const error = await rejection(changing);
        expect(error).to.be.instanceOf(ServerUnreachable).and.have.property('mayHaveHappened', mayHaveHappened);
      }

      expect(bench.sent('tasks.failed')).to.deep.equal([
        { task: TASK, status_reason: 'r', status_message: 'm', force: true },
      ]);
      expect(bench.sent('tasks.update')).to.deep.equal([{ task: TASK, status_message: 'm' }]);
    });
  }

  it('C-07 has lost the race for a task that left its status before it was put back to queued', async () => {
    bench.server.script('tasks.dequeue', data({ dequeued: 1, updated: 0 }));

    const error = await rejection(bench.client().tasks.unstart(TASK, 'in_progress', { reason: 'r', message: 'm' }));

    expect(error).to.be.instanceOf(LostRace);
  });

  it('sends no properties where there are none', async () => {
    await bench.client().tasks.setProperties(TASK, {});

    expect(bench.server.calls).to.have.length(0);
  });
});
