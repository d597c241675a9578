// Many tasks that any user may leave in no queue, or mark as an orphan, do not make each submission list the jobs of all users.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import { FOUND_IN_NO_QUEUE } from '../../../src/daemon/end/status-reasons.ts';
import type { DaemonDeps } from '../../../src/daemon/deps.ts';
import { advance, runFor, startDaemon } from '../run-daemon.ts';
import { createStepFixture, taskNumber, type StepFixture } from '../step-fixture.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';

const COUNT = 60;

/** Runs the daemon for a while. Returns how often it listed the jobs of all users. */
async function countLists(
  { deps, clock, cluster }: Pick<StepFixture, 'deps' | 'clock' | 'cluster'>,
  ms: number,
): Promise<number> {
  let lists = 0;
  const { scheduler } = deps;
  const listAllUsers: DaemonDeps['scheduler']['listAllUsers'] = (...given) => {
    lists += 1;
    return scheduler.listAllUsers(...given);
  };
  const run = startDaemon({ ...deps, scheduler: { ...scheduler, listAllUsers } });
  await advance(clock, ms);
  await run.end();
  const waiting = cluster.jobs.filter(({ state }) => state === 'PENDING').map(({ task }) => task);
  expect(new Set(waiting)).to.have.property('size', COUNT);
  expect(waiting).to.have.length(COUNT);
  return lists;
}

type Made = Pick<StepFixture, 'server' | 'enqueued'>;

/** Enqueues the tasks with these numbers, and removes them from their queue. */
async function makeOrphans(fixture: Made, first: number, last: number): Promise<void> {
  for (let number = first; number <= last; number += 1) await fixture.enqueued(number);
  await removeFrom(OWN_QUEUE, fixture, first, last);
}

async function removeFrom(queue: string, { server }: Made, first: number, last: number): Promise<void> {
  for (let number = first; number <= last; number += 1)
    await server.call('queues.remove_task', { queue, task: taskNumber(number) });
}

describe('the list of the jobs of all users', () => {
  it('is read at most 14 times for 60 tasks that are in no queue', async () => {
    const fixture = createStepFixture();
    await makeOrphans(fixture, 1, COUNT);
    // Once in the search, once in the recovery, and once for each group of tasks that are claimed together.
    expect(await countLists(fixture, 900_000)).to.be.at.most(2 + COUNT / 5);
  });

  it('is read at most 17 times if a user removes 60 parked tasks while a peer runs', async () => {
    const fixture = createStepFixture();
    const deps = { ...fixture.deps, peers: { ...fixture.deps.peers, hasMet: () => true } };
    for (let number = 1; number <= COUNT; number += 1) await fixture.enqueued(number);
    await countLists({ ...fixture, deps }, 120_000);
    await removeFrom(SCHEDULER_QUEUE, fixture, 1, COUNT);

    expect(await countLists({ ...fixture, deps }, 900_000)).to.be.at.most(5 + COUNT / 5);
    expect(fixture.cluster.jobs.filter(({ state }) => state === 'CANCELLED')).to.have.length(COUNT);
  });

  it('is read at most 14 times after a restart of a daemon that had just claimed 60 tasks', async () => {
    const fixture = createStepFixture();
    for (let number = 1; number <= COUNT; number += 1) {
      const task = await fixture.claimed(number);
      const claim = { task, queue: OWN_QUEUE, queueName: 'own', attempts: 0, told: {} };
      await fixture.deps.journal.write({ ...claim, step: 'claiming', stepAt: fixture.clock.now() });
    }

    expect(await countLists(fixture, 300_000)).to.be.at.most(2 + COUNT / 5);
  });

  it('is read at most 12 times for 60 tasks that were enqueued with the status reason of an orphan', async () => {
    const fixture = createStepFixture();
    for (let number = 1; number <= COUNT; number += 1) {
      const task = taskNumber(number);
      fixture.server.addTask(task, `task ${number}`);
      await fixture.server.call('tasks.enqueue', { task, queue: OWN_QUEUE, status_reason: FOUND_IN_NO_QUEUE });
    }
    expect(await countLists(fixture, 300_000)).to.be.at.most(COUNT / 5);
  });
});

describe('60 orphans', () => {
  it('get jobs within five minutes even if the server takes two seconds for each status change', async () => {
    const fixture = createStepFixture();
    await makeOrphans(fixture, 1, COUNT);
    const { clearml, clock } = fixture.deps;
    const unstart: typeof clearml.tasks.unstart = async (...given) => {
      await clock.sleep(2_000);
      return clearml.tasks.unstart(...given);
    };
    fixture.clock.pass(fixture.deps.adoptAfterMs);
    const deps = { ...fixture.deps, clearml: { ...clearml, tasks: { ...clearml.tasks, unstart } } };

    await countLists({ ...fixture, deps }, 300_000 + fixture.deps.adoptAfterMs);
  });
});

describe('the job of an aborted task', () => {
  /** How long the server takes to return one task to its queue: each move to the front costs it time for each entry of the queue. */
  const RETURN_MS = 3_000;

  /** Runs the daemon. A user aborts the task when the first of others returns to its queue. Returns how long its job then lived. */
  async function measure({ deps, clock, server }: StepFixture, task: TaskId, ms: number): Promise<number> {
    let abortedAt = Infinity;
    let cancelledAt = Infinity;
    const { queues } = deps.clearml;
    const returnToQueue: typeof queues.returnToQueue = async (...given) => {
      if (abortedAt === Infinity) {
        abortedAt = clock.now();
        await server.call('tasks.stop', { task });
      }
      await deps.clock.sleep(RETURN_MS);
      return queues.returnToQueue(...given);
    };
    const cancel: DaemonDeps['scheduler']['cancel'] = async (jobs, signal) => {
      if (jobs.some(({ name }) => name.includes(task))) cancelledAt = clock.now();
      return deps.scheduler.cancel(jobs, signal);
    };
    const run = startDaemon({
      ...deps,
      clearml: { ...deps.clearml, queues: { ...queues, returnToQueue } },
      scheduler: { ...deps.scheduler, cancel },
    });
    await advance(clock, ms);
    await run.end();
    return cancelledAt - abortedAt;
  }

  it('is cancelled within a minute while 59 tasks without a queue entry return to their queue', async () => {
    const made = createStepFixture();
    const fixture = { ...made, deps: { ...made.deps, peers: { ...made.deps.peers, hasMet: () => true } } };
    for (let number = 1; number <= COUNT; number += 1) await fixture.enqueued(number);
    await countLists(fixture, 120_000);
    await removeFrom(SCHEDULER_QUEUE, fixture, 2, COUNT);

    expect(await measure(fixture, taskNumber(1), 900_000)).to.be.below(60_000);
    expect(fixture.cluster.jobs.filter(({ state }) => state === 'PENDING')).to.have.length(COUNT - 1);
  });

  it('is cancelled within a minute while 59 tasks that a user parked return to their queue', async () => {
    const fixture = createStepFixture();
    await fixture.enqueued(1);
    await runFor(fixture, 60_000);
    for (let number = 2; number <= COUNT; number += 1) await fixture.parked(number);
    fixture.clock.pass(fixture.deps.adoptAfterMs);

    expect(await measure(fixture, taskNumber(1), 1_800_000)).to.be.below(60_000);
    expect(fixture.cluster.jobs.filter(({ state }) => state === 'PENDING')).to.have.length(COUNT - 1);
  });

  it('is cancelled within a minute while 239 orphans return to their queue', async () => {
    const fixture = createStepFixture();
    await fixture.enqueued(1);
    await runFor(fixture, 60_000);
    await makeOrphans(fixture, 2, 4 * COUNT);
    fixture.clock.pass(fixture.deps.adoptAfterMs);

    expect(await measure(fixture, taskNumber(1), 1_800_000)).to.be.below(60_000);
    expect(fixture.cluster.jobs.filter(({ state }) => state === 'PENDING')).to.have.length(4 * COUNT - 1);
  });
});
