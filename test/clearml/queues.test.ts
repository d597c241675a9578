// What the queue calls send, and what they make of answers that a well-behaved server doesn't give.
import { expect } from 'chai';
import { ServerRefused, ServerUnreachable } from '../../src/clearml/errors.ts';
import { rejection } from '../support/rejection.ts';
import { createBench } from './bench.ts';
import { queueId, taskId, type Logged } from './client-under-test.ts';
import { data, hangUp, page, refuse } from './scripted-server.ts';

const TASK = taskId('a'.repeat(32));
const QUEUE = queueId('b'.repeat(32));
const DONE = data({ added: 1, position: 0 });

describe('the queues of the ClearML client', () => {
  const bench = createBench();

  it('finds a name that looks like a pattern, and only that', async () => {
    const name = 'gpu.a+b (x) [1] ^$|\\{2} #~&-_é';
    bench.server.script(
      'queues.get_all',
      data({
        queues: [
          { id: 'x', name: 'other' },
          { id: 'q1', name },
        ],
      }),
    );

    expect((await bench.client().queues.find(name))?.id).to.equal('q1');

    const [body] = bench.sent('queues.get_all');
    const pattern = (body as { name: string }).name;
    expect(body).to.include({ search_hidden: true });
    expect(pattern).to.equal('^gpu\\.a\\+b\\ \\(x\\)\\ \\[1\\]\\ \\^\\$\\|\\\\\\{2\\}\\ \\#\\~\\&\\-_é$');
    expect(new RegExp(pattern).test(name)).to.equal(true);
  });

  it('takes what looks like an id for a name when no queue has that id', async () => {
    const name = 'abcdef0123456789-abcdef0123456789';
    bench.server.script('queues.get_all', data({ queues: [] }), data({ queues: [{ id: 'q1', name }] }));

    expect((await bench.client().queues.find(name))?.name).to.equal(name);
  });

  it('reads no queue without asking', async () => {
    expect(await bench.client().queues.read([])).to.deep.equal([]);
    expect(bench.server.calls).to.have.length(0);
  });

  it('reads a long list of queues page by page', async () => {
    const queues = Array.from({ length: 500 }, (_, n) => ({ id: `q${n}`, name: `n${n}`, entries: [] }));
    bench.server.script('queues.get_all', data({ queues }), data({ queues: [{ id: 'last', name: 'last' }] }));

    expect(await bench.client().queues.readAll()).to.have.length(501);
    expect(bench.sent('queues.get_all').map((body) => (body as { page: number }).page)).to.deep.equal([0, 1]);
  });

  it('pops nothing when the answer names no entry', async () => {
    bench.server.script('queues.get_next_task', data({}), data({ entry: null }), data({ entry: { task: TASK } }));
    const { queues } = bench.client();

    expect([await queues.pop(QUEUE, TASK), await queues.pop(QUEUE, TASK), await queues.pop(QUEUE, TASK)]).to.deep.equal(
      [false, false, true],
    );
    expect(bench.sent('queues.get_next_task')[0]).to.deep.equal({ queue: QUEUE, task: TASK });
  });

  it('C-03 never pops again when the answer to a pop was lost', async () => {
    bench.server.script('queues.get_next_task', hangUp());

    expect(await rejection(bench.client().queues.pop(QUEUE, TASK))).to.be.instanceOf(ServerUnreachable);
    expect(bench.server.callsOf('queues.get_next_task')).to.have.length(1);
  });

  it('takes an entry only when the server says that it removed one', async () => {
    bench.server.script(
      'queues.remove_task',
      data({ removed: 0 }),
      refuse(400, 703, 'not queued'),
      data({ removed: 2 }),
    );
    const { queues } = bench.client();

    expect([
      await queues.take(QUEUE, TASK),
      await queues.take(QUEUE, TASK),
      await queues.take(QUEUE, TASK),
    ]).to.deep.equal([false, false, true]);
  });

  it('does not add a task twice to a queue that others pop from, when the first answer was lost', async () => {
    bench.server.script('queues.add_task', hangUp());

    const error = await rejection(bench.client().queues.giveBack(QUEUE, TASK));

    expect(error).to.be.instanceOf(ServerUnreachable).and.have.property('mayHaveHappened', true);
    expect(bench.server.callsOf('queues.add_task')).to.have.length(1);
  });

  it('has given a task back though it could not be moved to the front', async () => {
    const logged: Logged[] = [];
    bench.server.script('queues.add_task', DONE);
    bench.server.script('queues.move_task_to_front', page(502, ''));

    await bench.client({ patience: { retryMs: 20 }, logged }).queues.giveBack(QUEUE, TASK);

    expect(logged.filter(({ level }) => level === 'warn').map((line) => line.data?.['task'])).to.deep.equal([TASK]);
  });

  it('has given a task back though somebody took it before it was moved', async () => {
    bench.server.script('queues.add_task', DONE);
    bench.server.script('queues.move_task_to_front', refuse(400, 703, 'not queued'));

    await bench.client().queues.giveBack(QUEUE, TASK);

    expect(bench.sent('queues.add_task')).to.deep.equal([{ queue: QUEUE, task: TASK, update_execution_queue: false }]);
  });

  it('passes on why a queue can not be made', async () => {
    bench.server.script('queues.create', refuse(400, 800, 'data validation error: name too short'));

    expect(await rejection(bench.client().queues.create('x')))
      .to.be.instanceOf(ServerRefused)
      .with.property('message')
      .that.includes('name too short');
  });
});
