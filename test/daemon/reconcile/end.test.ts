// Ending a task for its agent: only while it is what was seen, with the reason first and the end of the job's log behind it.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import type { Task } from '../../../src/clearml/task.ts';
import type { Ending } from '../../../src/daemon/decide/action.ts';
import { endTask } from '../../../src/daemon/reconcile/end.ts';
import type { Glue } from '../../../src/daemon/deps.ts';
import { createJobLogs } from '../../../src/daemon/console/job-logs.ts';
import type { Host } from '../../../src/transport/host.ts';
import { createDesk, type Desk } from '../desk.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { entryOf, recordOf } from '../sightings.ts';

const FAILED: Ending = { status: 'failed', reason: 'Slurm FAILED', text: 'It ended.', withLog: true };

/** Logs that end so, or can't be read. */
function logsThatEnd(text: string | undefined, redact = (shown: string) => shown): Pick<Glue, 'jobLogs'> {
  const answer =
    text === undefined ? { exitCode: 1, stdout: '' } : { exitCode: 0, stdout: `part 0 ${text.length}\n${text}` };
  const host: Host = {
    name: 'this machine',
    run: () => Promise.resolve({ killedBy: undefined, stderr: '', ...answer }),
    close: () => Promise.resolve(),
  };
  return { jobLogs: createJobLogs({ host, clock: { now: () => 0 }, redact }) };
}

/** A task that was parked, with its entry in the journal. */
async function parked(desk: Desk): Promise<{ task: TaskId; seen: Task; entry: ReturnType<typeof entryOf> }> {
  const task = await desk.enqueued(1);
  await desk.server.call('queues.get_next_task', { queue: OWN_QUEUE });
  await desk.server.call('queues.add_task', { queue: SCHEDULER_QUEUE, task, update_execution_queue: false });
  const entry = entryOf({ task, queue: OWN_QUEUE });
  await desk.glue.journal.write(entry);
  return { task, seen: (await desk.read(task)) ?? expect.fail('no such task'), entry };
}

async function started(desk: Desk, task: TaskId): Promise<Task> {
  await desk.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
  await desk.server.call('tasks.started', { task, force: true });
  desk.clock.pass(1_000);
  return (await desk.read(task)) ?? expect.fail('no such task');
}

describe('the end of a task whose agent could not say it', () => {
  it('is its status, the reason, the console lines with the end of the log, and a journal without it', async () => {
    const desk = createDesk(logsThatEnd('first\nlast\n'));
    const { task, seen, entry } = await parked(desk);

    await endTask(desk.glue, entry, FAILED, { seen, isParked: true, record: recordOf() });

    expect(await desk.read(task)).to.include({
      status: 'failed',
      statusReason: 'Slurm FAILED',
      statusMessage: 'It ended.',
    });
    expect(desk.said(task)).to.deep.equal([
      'It ended.',
      "The last lines of the job's log /home/u/slurm-7.out:\nfirst\nlast",
    ]);
    expect(desk.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
    expect(desk.glue.journal.entries.size).to.equal(0);
  });

  it('tells what the log tells of why, before it', async () => {
    const desk = createDesk(logsThatEnd('\x1b[31mHost key verification failed.\x1b[0m\n'));
    const { task, seen, entry } = await parked(desk);

    await endTask(desk.glue, entry, FAILED, { seen, isParked: true, record: recordOf() });

    const [, advice, log] = desk.said(task);
    expect(advice).to.include('the node does not know the host key of the git server');
    expect(log).to.include('Host key verification failed.');
  });

  it('says where the log is when it can not be read from here', async () => {
    const desk = createDesk(logsThatEnd(undefined));
    const { task, seen, entry } = await parked(desk);

    await endTask(desk.glue, entry, FAILED, { seen, isParked: true, record: recordOf() });

    expect(desk.said(task)[1]).to.equal(
      "The job's log /home/u/slurm-7.out can't be read from here; look at it on the node.",
    );
  });

  it('C-06 is left to the job that has taken the entry a moment before', async () => {
    const desk = createDesk();
    const { task, seen, entry } = await parked(desk);
    await desk.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });

    await endTask(desk.glue, entry, FAILED, { seen, isParked: true });

    expect((await desk.read(task))?.status).to.equal('queued');
    expect(desk.said(task)).to.deep.equal([]);
    expect(desk.glue.journal.entries.size).to.equal(1);
  });

  for (const [act, calls] of [
    ['aborted it', ['tasks.stop']],
    ['enqueued it again', ['tasks.dequeue', 'tasks.enqueue']],
    ['deleted it', ['tasks.delete']],
  ] as const) {
    it(`C-30 is not ours to say when the user ${act} a moment before`, async () => {
      const desk = createDesk();
      const { task, seen, entry } = await parked(desk);
      await desk.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
      for (const call of calls) await desk.server.call(call, { task, queue: OWN_QUEUE, force: true });
      const status = (await desk.read(task))?.status;

      await endTask(desk.glue, entry, FAILED, { seen, isParked: false });

      expect((await desk.read(task))?.status).to.equal(status);
    });
  }

  it('of a completed job is completed if its log shows that the agent finished', async () => {
    for (const [log, status] of [
      ['…\nProcess completed successfully\n', 'completed'],
      ['…\n', 'failed'],
      [undefined, 'failed'],
    ] as const) {
      const desk = createDesk(logsThatEnd(log));
      const { task, entry } = await parked(desk);
      const seen = await started(desk, task);
      const ending = { ...FAILED, status: 'completed by the log' } as const;

      await endTask(desk.glue, entry, ending, { seen, isParked: false, record: recordOf() });

      expect((await desk.read(task))?.status).to.equal(status);
    }
  });

  it('is said only after it is done: a status that the server refuses is never told', async () => {
    const desk = createDesk();
    const { task, entry } = await parked(desk);
    const seen = await started(desk, task);
    desk.fate = ({ endpoint }) => (endpoint === 'tasks.failed' ? 'not made' : undefined);

    await endTask(desk.glue, entry, FAILED, { seen, isParked: false }).catch(() => undefined);

    expect(desk.said(task)).to.deep.equal([]);
    expect(desk.glue.journal.entries.size).to.equal(1);
  });

  it('keeps the status message short, and the console whole', async () => {
    const desk = createDesk();
    const { task, seen, entry } = await parked(desk);
    const text = 'x'.repeat(1_000);

    await endTask(desk.glue, entry, { ...FAILED, text, withLog: false }, { seen, isParked: true });

    expect((await desk.read(task))?.statusMessage).to.have.length(200);
    expect(desk.said(task)).to.deep.equal([text]);
  });
});
