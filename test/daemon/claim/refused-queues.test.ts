// A limit in Slurm holds what it belongs to: the tasks of one queue, or with a user map those of one Unix user in it.
import { expect } from 'chai';
import { createRateLimit } from '../../../src/base/token-bucket.ts';
import type { QueueId, TaskId } from '../../../src/clearml/ids.ts';
import type { DaemonDeps } from '../../../src/daemon/deps.ts';
import { parseJobName } from '../../../src/slurm/job-name.ts';
import { isLive } from '../../../src/slurm/job-state.ts';
import type { Scheduler, Submission } from '../../../src/slurm/scheduler.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { advance, startDaemon } from '../run-daemon.ts';
import { createStepFixture, taskNumber, type StepFixture } from '../step-fixture.ts';
import { createBed } from '../user-map-bed.ts';

const MINUTE_MS = 60_000;
const LIMIT =
  "QOSMaxSubmitJobPerUserLimit; Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)";
const GROUP_LIMIT = LIMIT.replace('QOSMaxSubmitJobPerUserLimit', 'QOSGrpSubmitJobsLimit');

interface Refusing {
  readonly scheduler: Scheduler;
  /** The numbers of the tasks of each sbatch, in order. */
  readonly tried: number[];
}

/** Slurm that refuses some submissions with this message. */
function refuse(
  scheduler: Scheduler,
  isRefused: (task: TaskId, submission: Submission) => boolean,
  message = LIMIT,
): Refusing {
  const tried: number[] = [];
  return {
    tried,
    scheduler: {
      ...scheduler,
      async submit(submission) {
        const task = parseJobName(submission.jobName)?.taskId as TaskId;
        tried.push(Number(task));
        return isRefused(task, submission) ? { kind: 'backpressure', message } : scheduler.submit(submission);
      },
    },
  };
}

/** Slurm that rejects some jobs. */
function reject(scheduler: Scheduler, isRejected: (task: TaskId) => boolean): Scheduler {
  return {
    ...scheduler,
    submit(submission) {
      const task = parseJobName(submission.jobName)?.taskId as TaskId;
      if (!isRejected(task)) return scheduler.submit(submission);
      return Promise.resolve({ kind: 'rejected', message: 'Invalid feature specification' });
    },
  };
}

/** A daemon that serves both queues. */
function twoQueues(fixture: StepFixture, scheduler: Scheduler, overrides: Partial<DaemonDeps> = {}): DaemonDeps {
  const [own] = fixture.deps.queues;
  if (own === undefined) throw new Error('the fixture serves no queue');
  const queues = [own, { ...own, id: OTHER_QUEUE, name: 'other' }];
  return {
    ...fixture.deps,
    queues,
    scheduler,
    rateLimit: createRateLimit({ perSecond: 100, burst: 1_000 }),
    ...overrides,
  };
}

async function enqueue({ server }: StepFixture, queue: QueueId, ...numbers: readonly number[]): Promise<void> {
  for (const number of numbers) {
    const task = taskNumber(number);
    server.addTask(task, `task ${number}`);
    await server.call('tasks.enqueue', { task, queue });
  }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function submittedOf({ cluster }: StepFixture): number[] {
  return cluster.jobs.map(({ task }) => Number(task));
}

describe("after Slurm has refused a queue's jobs, a daemon", () => {
  it("submits another queue's tasks, and keeps the order of the refused tasks", async () => {
    const fixture = createStepFixture();
    let isFull = true;
    const slurm = refuse(fixture.deps.scheduler, (task) => isFull && Number(task) < 10);
    const deps = twoQueues(fixture, slurm.scheduler);
    await enqueue(fixture, OWN_QUEUE, ...range(1, 5));
    await enqueue(fixture, OTHER_QUEUE, ...range(11, 40));
    const run = startDaemon(deps);

    await advance(fixture.clock, MINUTE_MS);
    expect(submittedOf(fixture)).to.deep.equal(range(11, 40));
    await enqueue(fixture, OTHER_QUEUE, 41);
    await advance(fixture.clock, 9 * MINUTE_MS);
    expect(submittedOf(fixture)).to.deep.equal(range(11, 41));
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal(range(1, 5));
    const tries = slurm.tried.filter((number) => number < 10);
    // The first group, and then the oldest task after each backoff.
    expect(tries.slice(5)).to.deep.equal([1, 1, 1, 1, 1]);
    expect(range(1, 5).map((number) => deps.journal.entries.get(taskNumber(number)))).to.deep.equal(
      range(1, 5).map(() => undefined),
    );

    isFull = false;
    await advance(fixture.clock, 6 * MINUTE_MS);
    await run.end();
    expect(submittedOf(fixture)).to.deep.equal([...range(11, 41), ...range(1, 5)]);
    expect(deps.journal.entries.get(taskNumber(1))).to.include({ attempts: 1 });
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.have.members([...range(1, 5), ...range(11, 41)]);
  });

  it('submits the tasks of the higher-priority queue first if two queues share the limit', async () => {
    const fixture = createStepFixture();
    const { cluster, clock } = fixture;
    const live = (): typeof cluster.jobs => cluster.jobs.filter(({ state }) => isLive(state));
    const slurm = refuse(fixture.deps.scheduler, () => live().length >= 2);
    await enqueue(fixture, OTHER_QUEUE, ...range(11, 14));
    await enqueue(fixture, OWN_QUEUE, ...range(1, 6));
    const run = startDaemon(twoQueues(fixture, slurm.scheduler));
    for (let ended = 0; ended < 8; ended += 1) {
      await advance(clock, 7 * MINUTE_MS + ended * 17_000);
      const [job] = live();
      if (job === undefined) break;
      await fixture.server.call('tasks.started', { task: job.task, force: true });
      await fixture.server.call('tasks.completed', { task: job.task });
      cluster.end(job, 'COMPLETED', 0);
    }
    await advance(clock, 7 * MINUTE_MS);
    await run.end();

    expect(submittedOf(fixture)).to.deep.equal([...range(1, 6), ...range(11, 14)]);
  });

  it('alternates between two refused queues even if Slurm then rejects all jobs of the first queue', async () => {
    const fixture = createStepFixture();
    let isFull = true;
    const rejecting = reject(fixture.deps.scheduler, (task) => Number(task) <= 30);
    const slurm = refuse(rejecting, () => isFull);
    await enqueue(fixture, OWN_QUEUE, ...range(1, 30));
    await enqueue(fixture, OTHER_QUEUE, ...range(41, 45));
    const run = startDaemon(twoQueues(fixture, slurm.scheduler));
    await advance(fixture.clock, 10_000);
    expect(slurm.tried).to.include(1).and.to.include(41);
    slurm.tried.splice(0);

    isFull = false;
    await advance(fixture.clock, 5 * MINUTE_MS);
    await run.end();
    expect(submittedOf(fixture)).to.deep.equal(range(41, 45));
    expect(slurm.tried.slice(0, 2)).to.deep.equal([1, 41]);
    expect(slurm.tried.filter((number) => number <= 30)).to.deep.equal(range(1, 30));
  });

  it('submits a held task within a minute after the last refusal even if the clock is set back by a day', async () => {
    const fixture = createStepFixture();
    let isFull = true;
    const slurm = refuse(fixture.deps.scheduler, () => isFull);
    await enqueue(fixture, OWN_QUEUE, 1);
    let back = 0;
    const { clock } = fixture.deps;
    const run = startDaemon(
      twoQueues(fixture, slurm.scheduler, { clock: { ...clock, now: () => clock.now() - back } }),
    );
    await advance(fixture.clock, MINUTE_MS);
    expect(slurm.tried).to.include(1);

    isFull = false;
    back = 24 * 60 * MINUTE_MS;
    await advance(fixture.clock, MINUTE_MS);
    await run.end();
    expect(submittedOf(fixture)).to.deep.equal([1]);
  });

  it("also holds the tasks of other queues if Slurm's message names the cluster's limit MaxJobCount", async () => {
    const fixture = createStepFixture();
    const slurm = refuse(fixture.deps.scheduler, (task) => Number(task) < 10, 'MaxJobCount limit reached');
    await enqueue(fixture, OWN_QUEUE, 1);
    await enqueue(fixture, OTHER_QUEUE, 11);
    const run = startDaemon(twoQueues(fixture, slurm.scheduler));
    await advance(fixture.clock, 5 * MINUTE_MS);
    await run.end();

    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
    expect(slurm.tried.filter((number) => number === 11)).to.have.length.below(2);
  });
});

describe("after Slurm has refused a mapped user's jobs, a daemon", () => {
  it("submits another user's tasks from the same queue, and keeps the order of the refused tasks", async () => {
    const { fixture, deps: mapped, enqueued } = createBed();
    let isFull = true;
    const slurm = refuse(mapped.scheduler, (_task, { runAs }) => isFull && runAs?.name === 'alice');
    const deps = { ...mapped, scheduler: slurm.scheduler };
    for (const number of range(1, 60)) await enqueued(number, 'a1');
    for (const number of range(61, 63)) await enqueued(number, 'b2');
    const run = startDaemon(deps);

    await advance(fixture.clock, 10 * MINUTE_MS);
    expect(submittedOf(fixture)).to.deep.equal(range(61, 63));
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal(range(1, 60));

    isFull = false;
    await advance(fixture.clock, 6 * MINUTE_MS);
    await run.end();
    expect(submittedOf(fixture)).to.deep.equal([...range(61, 63), ...range(1, 60)]);
    expect(deps.journal.entries.get(taskNumber(1))).to.include({ attempts: 1 });
  });

  it('alternates between two refused users even if Slurm then rejects all jobs of the first user', async () => {
    const { fixture, deps: mapped, enqueued } = createBed();
    let isFull = true;
    const rejecting = reject(mapped.scheduler, (task) => Number(task) <= 30);
    const slurm = refuse(rejecting, () => isFull, GROUP_LIMIT);
    const deps = { ...mapped, scheduler: slurm.scheduler };
    for (const number of range(1, 30)) await enqueued(number, 'a1');
    for (const number of range(41, 45)) await enqueued(number, 'b2');
    const run = startDaemon(deps);
    await advance(fixture.clock, 10_000);
    slurm.tried.splice(0);

    isFull = false;
    await advance(fixture.clock, 5 * MINUTE_MS);
    await run.end();
    expect(submittedOf(fixture)).to.deep.equal(range(41, 45));
    expect(slurm.tried.slice(0, 2)).to.deep.equal([1, 41]);
    expect(slurm.tried.filter((number) => number <= 30)).to.deep.equal(range(1, 30));
  });

  it("retries one user's task within 30 s while Slurm still refuses another user with a separate limit", async () => {
    const { fixture, deps: mapped, enqueued } = createBed();
    let isBobAtLimit = true;
    const slurm = refuse(mapped.scheduler, (_task, { runAs }) => isBobAtLimit || runAs?.name === 'alice');
    const deps = twoQueues(fixture, slurm.scheduler, { unixUsers: mapped.unixUsers });
    await enqueued(1, 'a1');
    const run = startDaemon(deps);
    await advance(fixture.clock, 8 * MINUTE_MS);
    const bobs = await enqueued(41, 'b2');
    await fixture.server.call('tasks.dequeue', { task: bobs });
    await fixture.server.call('tasks.enqueue', { task: bobs, queue: OTHER_QUEUE });
    await advance(fixture.clock, 10_000);
    expect(slurm.tried).to.include(41);

    isBobAtLimit = false;
    await advance(fixture.clock, 30_000);
    await run.end();
    expect(submittedOf(fixture)).to.deep.equal([41]);
  });

  it("submits a task of the daemon's own Unix user within 10 s after the refusals end", async () => {
    const { fixture, deps: mapped, enqueued } = createBed();
    let isFull = true;
    const slurm = refuse(mapped.scheduler, (_task, { runAs }) => isFull && runAs === undefined);
    const first = await enqueued(1, 'd0');
    const run = startDaemon({ ...mapped, scheduler: slurm.scheduler });
    await advance(fixture.clock, 10_000);
    await fixture.server.call('tasks.dequeue', { task: first });
    await advance(fixture.clock, MINUTE_MS);
    isFull = false;
    await enqueued(41, 'a1');
    await enqueued(2, 'd0');
    await advance(fixture.clock, 10_000);
    await run.end();

    expect(submittedOf(fixture)).to.have.members([41, 2]);
  });

  it("shows the refusal in the status message of the refused user's next task", async () => {
    const { fixture, deps: mapped, enqueued } = createBed();
    const slurm = refuse(mapped.scheduler, (_task, { runAs }) => runAs?.name === 'alice');
    await enqueued(1, 'a1');
    const run = startDaemon({ ...mapped, scheduler: slurm.scheduler });
    await advance(fixture.clock, MINUTE_MS);
    const task = await enqueued(2, 'a1');
    await advance(fixture.clock, MINUTE_MS);
    await run.end();

    expect(fixture.server.store.tasks.get(task)?.status_message).to.equal(
      'Waits in queue "own": Slurm accepts no more jobs of Unix user alice in this queue now; the daemon retries. ' +
        '1 task is ahead of this task.',
    );
  });
});
