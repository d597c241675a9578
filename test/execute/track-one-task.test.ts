// Tests that one task runs without a daemon: claimed, submitted once, and tracked to its end, whatever happens.
import { expect } from 'chai';
import type { TaskId } from '../../src/clearml/ids.ts';
import type { DaemonDeps } from '../../src/daemon/deps.ts';
import type { OneTaskEnd } from '../../src/execute/track-one-task.ts';
import { advance, startDaemon } from '../daemon/run-daemon.ts';
import { createStepFixture, type StepFixture } from '../daemon/step-fixture.ts';
import type { Disk } from '../simulation/memory-journal.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from '../simulation/queues.ts';
import { depsOf, start } from './one-task-run.ts';

const MINUTE_MS = 60_000;

/** Submits the task in a process that is stopped while the job is pending. */
async function beginAndStop(fixture: StepFixture, disk: Disk, task: TaskId): Promise<OneTaskEnd> {
  const run = start(depsOf(fixture, { disk }), task);
  await advance(fixture.clock, MINUTE_MS);
  run.stop();
  await advance(fixture.clock, 5_000);
  return run.ended;
}

/** Lets the job pass the gate and become the task's worker. */
async function begin({ server, cluster, clock }: StepFixture, task: TaskId): Promise<void> {
  const job = cluster.jobs.findLast((one) => one.task === task);
  if (job === undefined) throw new Error('there is no job');
  await server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
  await server.call('tasks.started', { task, force: true });
  const worker = `${job.worker}:${job.id}`;
  await server.call('workers.status_report', { worker, task, timestamp: clock.now() });
  Object.assign(job, { state: 'RUNNING', startAt: clock.now() });
}

async function end({ server, cluster }: StepFixture, task: TaskId, how: 'completed' | 'failed'): Promise<void> {
  await server.call(`tasks.${how}`, { task });
  const job = cluster.jobs.findLast((one) => one.task === task);
  if (job !== undefined) cluster.end(job, how === 'failed' ? 'FAILED' : 'COMPLETED', how === 'failed' ? 3 : 0);
}

describe('the subcommand execute', () => {
  it('runs only the given task, even if another task is first in the queue', async () => {
    const fixture = createStepFixture();
    await fixture.enqueued(1);
    const task = await fixture.enqueued(2);
    const run = start(depsOf(fixture), task);
    await advance(fixture.clock, MINUTE_MS);
    await begin(fixture, task);
    await advance(fixture.clock, MINUTE_MS);
    await end(fixture, task, 'completed');
    await advance(fixture.clock, MINUTE_MS);

    const { isOver, task: ended, jobId } = await run.ended;
    expect({ isOver, status: ended?.status, jobId }).to.deep.equal({ isOver: true, status: 'completed', jobId: '1' });
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
    expect(fixture.cluster.jobs).to.have.length(1);
    expect(fixture.consoleOf(task).join('\n')).to.match(
      /^Claimed from queue "own" .*\nSubmitted as Slurm job 1 [^]*Slurm job 1 ended COMPLETED/,
    );
    expect(run.shown).to.be.above(10);
  });

  it('returns the job id even if the process is stopped right after sbatch', async () => {
    const fixture = createStepFixture();
    const task = await fixture.enqueued(1);
    const deps = depsOf(fixture);
    const run = start(
      {
        ...deps,
        scheduler: {
          ...deps.scheduler,
          async submit(job) {
            const outcome = await deps.scheduler.submit(job);
            run.stop();
            return outcome;
          },
        },
      },
      task,
    );
    await advance(fixture.clock, MINUTE_MS);

    expect(await run.ended).to.include({ isOver: false, jobId: '1' });
  });

  it('returns the job id of a failed task', async () => {
    const fixture = createStepFixture();
    const task = await fixture.enqueued(1);
    const run = start(depsOf(fixture), task);
    await advance(fixture.clock, MINUTE_MS);
    await begin(fixture, task);
    await end(fixture, task, 'failed');
    await advance(fixture.clock, MINUTE_MS);

    const { task: ended, jobId } = await run.ended;
    expect([ended?.status, jobId]).to.deep.equal(['failed', '1']);
  });

  it('returns the task to its queue if Slurm accepts no more jobs, and submits the task after a backoff', async () => {
    const fixture = createStepFixture();
    const task = await fixture.enqueued(1);
    fixture.cluster.nextFate = 'backpressure';
    const run = start(depsOf(fixture), task);
    await advance(fixture.clock, 10_000);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
    expect(fixture.consoleOf(task).join('\n')).to.include('Slurm accepts no more jobs now');

    await advance(fixture.clock, MINUTE_MS);
    expect(fixture.cluster.jobs).to.have.length(1);
    run.stop();
    await run.ended;
  });

  it('retries a failing sbatch with growing delays of up to five minutes', async () => {
    const fixture = createStepFixture();
    const task = await fixture.enqueued(1);
    const deps = depsOf(fixture);
    let calls = 0;
    let isFailing = true;
    const scheduler: DaemonDeps['scheduler'] = {
      ...deps.scheduler,
      submit(job) {
        calls += 1;
        return isFailing
          ? Promise.resolve({ kind: 'unavailable', message: 'no controller' })
          : deps.scheduler.submit(job);
      },
    };
    const run = start({ ...deps, scheduler }, task);
    await advance(fixture.clock, 30 * MINUTE_MS);
    expect(calls).to.be.within(5, 12);

    isFailing = false;
    await advance(fixture.clock, 6 * MINUTE_MS);
    expect(fixture.cluster.jobs.map((job) => job.task)).to.deep.equal([task]);
    run.stop();
    await run.ended;
  });

  it('leaves the task queued and logs an error if the scheduler queue was deleted', async () => {
    const fixture = createStepFixture();
    const task = await fixture.enqueued(1);
    fixture.server.store.queues.delete(SCHEDULER_QUEUE);
    const run = start(depsOf(fixture), task);
    await advance(fixture.clock, MINUTE_MS);
    run.stop();
    await run.ended;

    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
    expect(fixture.logged).to.include(
      'error: The scheduler queue was deleted. To create it again, repeat this command',
    );
  });

  it('waits for the end of the task without submitting a job if a daemon has claimed the task', async () => {
    const fixture = createStepFixture();
    const task = await fixture.enqueued(1);
    const daemon = startDaemon(fixture.deps);
    await advance(fixture.clock, 10_000);
    const deps = depsOf(fixture);
    const run = start(deps, task);
    await advance(fixture.clock, MINUTE_MS);
    await begin(fixture, task);
    await advance(fixture.clock, MINUTE_MS);
    expect([deps, fixture.deps].map(({ journal }) => journal.entries.size)).to.deep.equal([0, 1]);

    await end(fixture, task, 'completed');
    await advance(fixture.clock, MINUTE_MS);
    const { task: ended, jobId } = await run.ended;
    expect([ended?.status, jobId]).to.deep.equal(['completed', '1']);
    expect(fixture.cluster.jobs).to.have.length(1);
    daemon.stop();
    await daemon.ended;
  });

  it('lets a daemon adopt the job if the execute process is killed', async () => {
    const fixture = createStepFixture();
    const task = await fixture.enqueued(1);
    start(depsOf(fixture), task);
    await advance(fixture.clock, 10_000);
    const daemon = startDaemon(fixture.deps);
    await advance(fixture.clock, MINUTE_MS);
    expect([...fixture.deps.journal.entries.keys()]).to.deep.equal([]);

    fixture.clock.drop(2);
    await advance(fixture.clock, 6 * MINUTE_MS);
    expect([...fixture.deps.journal.entries.keys()]).to.deep.equal([task]);
    expect(fixture.cluster.jobs).to.have.length(1);
    daemon.stop();
    await daemon.ended;
  });

  it('does not adopt a task that another execute process has parked', async () => {
    const fixture = createStepFixture();
    const [task, other] = [await fixture.enqueued(1), await fixture.enqueued(2)];
    await fixture.server.call('queues.remove_task', { queue: OWN_QUEUE, task: other });
    const park = { queue: SCHEDULER_QUEUE, task: other, update_execution_queue: false };
    await fixture.server.call('queues.add_task', park);
    const deps = depsOf(fixture);
    const run = start(deps, task);
    await advance(fixture.clock, 20 * MINUTE_MS);

    expect([...deps.journal.entries.keys()]).to.deep.equal([task]);
    expect(fixture.waiting(SCHEDULER_QUEUE).toSorted()).to.deep.equal([1, 2]);
    expect(fixture.cluster.jobs.map((job) => job.task)).to.deep.equal([task]);
    run.stop();
    await run.ended;
  });

  it('continues with the same job when a user stops execute and runs it again', async () => {
    const fixture = createStepFixture();
    const disk: Disk = { text: '' };
    const task = await fixture.enqueued(1);
    expect(await beginAndStop(fixture, disk, task)).to.deep.equal({ isOver: false, task: undefined, jobId: '1' });

    const next = start(depsOf(fixture, { life: 3, disk }), task);
    await advance(fixture.clock, MINUTE_MS);
    await begin(fixture, task);
    await end(fixture, task, 'completed');
    await advance(fixture.clock, MINUTE_MS);
    expect((await next.ended).task?.status).to.equal('completed');
    expect(fixture.cluster.jobs).to.have.length(1);
  });

  it('replaces the old job if a user reset and enqueued the task between two runs of execute', async () => {
    const fixture = createStepFixture();
    const disk: Disk = { text: '' };
    const task = await fixture.enqueued(1);
    await beginAndStop(fixture, disk, task);

    await fixture.server.call('tasks.reset', { task, force: true });
    await fixture.server.call('tasks.enqueue', { task, queue: OWN_QUEUE });
    const next = start(depsOf(fixture, { life: 3, disk }), task);
    await advance(fixture.clock, 3 * MINUTE_MS);
    expect(fixture.cluster.jobs.map(({ state }) => state)).to.deep.equal(['CANCELLED', 'PENDING']);
    await begin(fixture, task);
    await end(fixture, task, 'completed');
    await advance(fixture.clock, MINUTE_MS);
    expect((await next.ended).task?.status).to.equal('completed');
  });

  it('submits no job for a task that a user deleted or moved to another queue', async () => {
    const fixture = createStepFixture();
    const [deleted, moved] = [await fixture.enqueued(1), await fixture.enqueued(2)];
    await fixture.server.call('tasks.delete', { task: deleted, force: true });
    const run = start(depsOf(fixture), deleted);
    await advance(fixture.clock, MINUTE_MS);
    expect(await run.ended).to.deep.equal({ isOver: true, task: undefined, jobId: undefined });

    await fixture.server.call('tasks.enqueue', { task: moved, queue: OTHER_QUEUE });
    const waiting = start(depsOf(fixture, { life: 3 }), moved);
    await advance(fixture.clock, 10 * MINUTE_MS);
    expect(fixture.cluster.jobs).to.have.length(0);
    expect(fixture.waiting(OTHER_QUEUE)).to.deep.equal([2]);
    waiting.stop();
    await advance(fixture.clock, 5_000);
    expect((await waiting.ended).isOver).to.equal(false);
  });

  for (const [way, what] of [
    ['never answered', 'the process is killed during any one of the calls'],
    ['answer lost', 'the response to any one of the calls is lost'],
    ['not made', 'any one of the calls does not arrive'],
  ] as const) {
    it(`submits exactly one job if ${what}`, async () => {
      // The first run, without a fault, counts the calls.
      let calls = 0;
      for (let at = 0; at <= calls; at += 1) {
        const fixture = createStepFixture();
        const disk: Disk = { text: '' };
        const task = await fixture.enqueued(1);
        let count = 0;
        let isKilled = false;
        fixture.fate = ({ kind }) => {
          if (isKilled) return undefined;
          count += 1;
          if (count !== at) return undefined;
          // A full disk is left out: the tests of the journal cover half a line.
          return kind === 'journal' && way === 'answer lost' ? undefined : way;
        };
        const first = start(depsOf(fixture, { disk }), task);
        await advance(fixture.clock, MINUTE_MS / 2);
        if (at === 0) calls = count;
        let last = first;
        if (way === 'never answered' && at > 0) {
          isKilled = true;
          fixture.clock.drop(2);
          last = start(depsOf(fixture, { life: 3, disk }), task);
        }
        await advance(fixture.clock, 15 * MINUTE_MS);

        const live = fixture.cluster.jobs.filter((job) => job.endedAt === undefined);
        expect(live, `call ${at}: ${fixture.calls[at - 1] ?? ''}`).to.have.length(1);
        expect(fixture.waiting(SCHEDULER_QUEUE), `call ${at}`).to.deep.equal([1]);
        await begin(fixture, task);
        await end(fixture, task, 'completed');
        await advance(fixture.clock, 2 * MINUTE_MS);
        expect((await last.ended).task?.status, `call ${at}`).to.equal('completed');
      }
      expect(calls).to.be.above(15);
    });
  }
});
