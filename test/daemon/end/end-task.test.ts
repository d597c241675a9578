// Tests that a task is ended only if it is unchanged, with the reason and the end of the job's log.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import type { Task } from '../../../src/clearml/task.ts';
import type { Ending } from '../../../src/daemon/decide/action.ts';
import { endTask } from '../../../src/daemon/end/end-task.ts';
import type { DaemonDeps } from '../../../src/daemon/deps.ts';
import { createJobLogs } from '../../../src/daemon/console/job-log-reader.ts';
import type { Transport } from '../../../src/transport/transport.ts';
import { createStepFixture, type StepFixture } from '../step-fixture.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { entryOf, recordOf } from '../decide/observations.ts';

const FAILED: Ending = { status: 'failed', reason: 'Slurm FAILED', text: 'It ended.', withLog: true };

/** Logs that end like this, or cannot be read. */
function logsThatEnd(text: string | undefined, redact = (shown: string) => shown): Pick<DaemonDeps, 'jobLogs'> {
  const answer =
    text === undefined ? { exitCode: 1, stdout: '' } : { exitCode: 0, stdout: `part 0 ${text.length}\n${text}` };
  const host: Transport = {
    name: 'this machine',
    run: () => Promise.resolve({ killedBy: undefined, stderr: '', ...answer }),
    close: () => Promise.resolve(),
  };
  return { jobLogs: createJobLogs({ host, clock: { now: () => 0 }, redact }) };
}

/** A parked task with its journal entry. */
async function parked(fixture: StepFixture): Promise<{ task: TaskId; seen: Task; entry: ReturnType<typeof entryOf> }> {
  const task = await fixture.parked(1);
  const entry = entryOf({ task, queue: OWN_QUEUE });
  await fixture.deps.journal.write(entry);
  return { task, seen: (await fixture.read(task)) ?? expect.fail('no such task'), entry };
}

async function started(fixture: StepFixture, task: TaskId): Promise<Task> {
  await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
  await fixture.server.call('tasks.started', { task, force: true });
  fixture.clock.pass(1_000);
  return (await fixture.read(task)) ?? expect.fail('no such task');
}

describe('when it sets the final status of a task, the daemon', () => {
  it("shows the end of the job's log in the console, and forgets the task", async () => {
    const fixture = createStepFixture(logsThatEnd('first\nlast\n'));
    const { task, seen, entry } = await parked(fixture);

    await endTask(fixture.deps, entry, FAILED, { seen, isParked: true, record: recordOf() });

    expect(await fixture.read(task)).to.include({
      status: 'failed',
      statusReason: 'Slurm FAILED',
      statusMessage: 'It ended.',
    });
    expect(fixture.consoleOf(task)).to.deep.equal([
      'It ended.',
      "The last lines of the job's log /home/u/slurm-7.out:\nfirst\nlast",
    ]);
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
    expect(fixture.deps.journal.entries.size).to.equal(0);
  });

  it('shows the cause from the log, and then the last lines of the log', async () => {
    const fixture = createStepFixture(logsThatEnd('\x1b[31mHost key verification failed.\x1b[0m\n'));
    const { task, seen, entry } = await parked(fixture);

    await endTask(fixture.deps, entry, FAILED, { seen, isParked: true, record: recordOf() });

    const [, advice, log] = fixture.consoleOf(task);
    expect(advice).to.include('the node does not know the host key of the git server');
    expect(log).to.include('Host key verification failed.');
  });

  it('names the Unix user who owns a log that the daemon cannot read', async () => {
    const fixture = createStepFixture(logsThatEnd(undefined));
    const { task, seen, entry } = await parked(fixture);
    const ofAlice = { ...entry, unixUser: { name: 'alice', uid: 1001 } };

    await endTask(fixture.deps, ofAlice, FAILED, { seen, isParked: true, record: recordOf() });

    expect(fixture.consoleOf(task)[1]).to.match(
      /read it on the node\. The log belongs to alice\.\s+If the job reported the last lines of the log, they are above\.$/,
    );
  });

  it('names the path of a log that the daemon cannot read', async () => {
    const fixture = createStepFixture(logsThatEnd(undefined));
    const { task, seen, entry } = await parked(fixture);

    await endTask(fixture.deps, entry, FAILED, { seen, isParked: true, record: recordOf() });

    expect(fixture.consoleOf(task)[1]).to.equal(
      "The job's log /home/u/slurm-7.out cannot be read from here; read it on the node.",
    );
  });

  it("changes nothing if a job has removed the task's queue entry since the poll (C-06)", async () => {
    const fixture = createStepFixture();
    const { task, seen, entry } = await parked(fixture);
    await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });

    await endTask(fixture.deps, entry, FAILED, { seen, isParked: true });

    expect((await fixture.read(task))?.status).to.equal('queued');
    expect(fixture.consoleOf(task)).to.deep.equal([]);
    expect(fixture.deps.journal.entries.size).to.equal(1);
  });

  for (const [act, calls] of [
    ['aborted the task', ['tasks.stop']],
    ['enqueued the task again', ['tasks.dequeue', 'tasks.enqueue']],
    ['deleted the task', ['tasks.delete']],
  ] as const) {
    it(`changes nothing if the user ${act} since the poll (C-30)`, async () => {
      const fixture = createStepFixture();
      const { task, seen, entry } = await parked(fixture);
      await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
      for (const call of calls) await fixture.server.call(call, { task, queue: OWN_QUEUE, force: true });
      const status = (await fixture.read(task))?.status;

      await endTask(fixture.deps, entry, FAILED, { seen, isParked: false });

      expect((await fixture.read(task))?.status).to.equal(status);
    });
  }

  for (const [what, isEnqueued, status, reason] of [
    ['changes nothing if a user has enqueued the task since the job died', true, 'queued', ''],
    ['sets the status to "failed" if the job passed the gate and then died', false, 'failed', 'Slurm FAILED'],
  ] as const)
    it(what, async () => {
      const fixture = createStepFixture(logsThatEnd(undefined));
      const { task, entry } = await parked(fixture);
      await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
      if (isEnqueued) await fixture.server.call('tasks.enqueue', { task, queue: OWN_QUEUE });
      const seen = (await fixture.read(task)) ?? expect.fail('no such task');

      await endTask(fixture.deps, entry, FAILED, { seen, isParked: false, record: recordOf() });

      expect(await fixture.read(task)).to.include({ status, statusReason: reason });
      expect(fixture.waiting(OWN_QUEUE)).to.deep.equal(isEnqueued ? [1] : []);
      expect(fixture.deps.journal.entries.has(task)).to.equal(isEnqueued);
    });

  it('sets the status to "completed" only if the job\'s log shows that the agent finished', async () => {
    for (const [log, status] of [
      ['…\nProcess completed successfully\n', 'completed'],
      ['…\n', 'failed'],
      [undefined, 'failed'],
    ] as const) {
      const fixture = createStepFixture(logsThatEnd(log));
      const { task, entry } = await parked(fixture);
      const seen = await started(fixture, task);
      const ending = { ...FAILED, status: 'completed by the log' } as const;

      await endTask(fixture.deps, entry, ending, { seen, isParked: false, record: recordOf() });

      expect((await fixture.read(task))?.status).to.equal(status);
    }
  });

  it('sets "failed", not "stopped", if the log shows a cancellation at the memory limit', async () => {
    const killed =
      '[2026-12-01T10:55:30.227] error: Exceeded job memory limit\n[2026-12-01T10:55:30.368] error: *** JOB 8 ON n1 CANCELLED AT 2026-12-01T10:55:30 DUE to SIGNAL Terminated ***\n';
    const atMemoryLimit: Ending = { ...FAILED, reason: 'Slurm OUT_OF_MEMORY', text: 'It used more memory.' };
    const stopped: Ending = { ...FAILED, status: 'stopped', reason: 'cancelled in Slurm', text: 'It was cancelled.' };
    for (const [log, shown, status, ...console] of [
      [
        killed,
        'It used more memory.',
        'failed',
        `The last lines of the job's log /home/u/slurm-7.out:\n${killed.trim()}`,
      ],
      ['Exceeded job memory limit of the program\n', 'It was cancelled.', 'stopped'],
      [undefined, 'It was cancelled.', 'stopped'],
    ] as const) {
      const fixture = createStepFixture(logsThatEnd(log));
      const { task, entry } = await parked(fixture);
      const seen = await started(fixture, task);

      await endTask(fixture.deps, entry, { ...stopped, atMemoryLimit }, { seen, isParked: false, record: recordOf() });

      expect(await fixture.read(task)).to.include({ status, statusMessage: shown });
      expect(fixture.consoleOf(task)).to.deep.equal([shown, ...console]);
    }
  });

  it('writes nothing to the console if the server rejects the new status', async () => {
    const fixture = createStepFixture();
    const { task, entry } = await parked(fixture);
    const seen = await started(fixture, task);
    fixture.fate = ({ endpoint }) => (endpoint === 'tasks.failed' ? 'not made' : undefined);

    await endTask(fixture.deps, entry, FAILED, { seen, isParked: false }).catch(() => undefined);

    expect(fixture.consoleOf(task)).to.deep.equal([]);
    expect(fixture.deps.journal.entries.size).to.equal(1);
  });

  it('truncates the status message to 200 characters, but not the console message', async () => {
    const fixture = createStepFixture();
    const { task, seen, entry } = await parked(fixture);
    const text = 'x'.repeat(1_000);

    await endTask(fixture.deps, entry, { ...FAILED, text, withLog: false }, { seen, isParked: true });

    expect((await fixture.read(task))?.statusMessage).to.have.length(200);
    expect(fixture.consoleOf(task)).to.deep.equal([text]);
  });
});
