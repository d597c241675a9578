// Each invariant is detected when it is broken.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import type { Fields } from '../../../src/sandbox/requests/endpoint.ts';
import { formatJobName, newAttempt } from '../../../src/slurm/job-name.ts';
import { createCluster, type SimJob } from '../simulated-slurm.ts';
import { TERM_REASON } from '../job.ts';
import { createInvariants } from './invariants.ts';
import { createSimulatedClock } from '../clock.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../queues.ts';
import { createServer } from '../server.ts';
import { createPendingCalls } from '../pending-calls.ts';

const ABSENT_MS = 120_000;
const TASK = '1'.padStart(32, '0') as TaskId;

/** A task that runs as a job. `isAbortNoted`, `isOtherAgents`: the facts of the world. */
async function createFixture({ isAbortNoted = false, isOtherAgents = false, daemons = 1 }) {
  const clock = createSimulatedClock(0);
  const calls = createPendingCalls();
  const server = createServer(clock, calls, () => undefined);
  server.addQueue(SCHEDULER_QUEUE, 'scheduler');
  server.addTask(TASK, 'the task');
  const cluster = createCluster(clock, calls);
  cluster.submit(formatJobName(TASK, newAttempt(0, 'glue0', 'one')), 'glue');
  const [job] = cluster.jobs as [SimJob];
  Object.assign(job, { state: 'RUNNING', phase: 'run', runs: 1 });
  await server.call('tasks.started', { task: TASK, force: true });
  const invariants = createInvariants({
    cluster,
    isOtherAgents: () => isOtherAgents,
    isAbortNoted: () => isAbortNoted,
    daemons,
    now: () => clock.now(),
    absentMs: ABSENT_MS,
  });
  return { invariants, server, store: server.store, job, clock };
}

const quote = (violation: string | undefined): string => (violation === undefined ? 'no violation' : `"${violation}"`);
describe('the oracle of the simulation', () => {
  it('checks every line of a call that writes console lines of several tasks', async () => {
    const { invariants, store } = await createFixture({});
    const report = (...lines: readonly (readonly [task: string, msg: string])[]): string | undefined => {
      const bodies = lines.map(([task, msg]) => ({ task, msg }));
      invariants.sawCall(
        { daemon: 1, endpoint: 'events.add_batch', lines: bodies, answer: {}, before: undefined },
        store,
      );
      return invariants.violation?.says;
    };

    expect(report(['1', 'waits'], ['2', 'waits'])).to.equal(undefined);
    expect(report(['1', 'starts'], ['2', 'starts'])).to.equal(undefined);
    expect(report(['3', 'waits'], ['2', 'waits'])).to.equal(undefined);
    expect(report(['1', 'waits'], ['2', 'waits'])).to.equal('the console of task 2 repeats: waits');
  });

  it('checks every line of a call that writes status messages of several tasks', async () => {
    const { invariants, server, store } = await createFixture({});
    server.addTask('2', 'task 2');
    const write = (...tasks: readonly string[]): string | undefined => {
      const lines = tasks.map((task) => ({ task, status_message: 'waits' }));
      invariants.sawCall({ daemon: 1, endpoint: 'tasks.update_batch', lines, answer: {}, before: undefined }, store);
      return invariants.violation?.says;
    };

    expect(write('2')).to.equal(undefined);
    expect(write('2', TASK)).to.equal('a daemon wrote the status message of task 1, which is in progress');
  });

  for (const [what, endpoint, queue, answer, violation] of [
    ['a pop of the task from its queue', 'queues.get_next_task', OWN_QUEUE, { entry: { task: TASK } }, undefined],
    [
      'a removal of the task from behind an unreadable queue entry',
      'queues.remove_task',
      OWN_QUEUE,
      { removed: 1 },
      undefined,
    ],
    [
      'a failed removal of the task from its queue',
      'queues.remove_task',
      OWN_QUEUE,
      { removed: 0 },
      'the console of task 1 repeats: Claimed',
    ],
    [
      'a removal of the task from the scheduler queue',
      'queues.remove_task',
      SCHEDULER_QUEUE,
      { removed: 1 },
      'the console of task 1 repeats: Claimed',
    ],
  ] as const) {
    it(`reports ${quote(violation)} if a daemon repeats a console line after ${what}`, async () => {
      const { invariants, store } = await createFixture({});
      const before = store.tasks.get(TASK);
      const see = (called: string, line: Fields, its: Fields): void =>
        invariants.sawCall({ daemon: 1, endpoint: called, lines: [line], answer: its, before }, store);
      see('events.add_batch', { task: TASK, msg: 'Claimed' }, {});
      see(endpoint, { queue, task: TASK }, answer);
      see('events.add_batch', { task: TASK, msg: 'Claimed' }, {});
      expect(invariants.violation?.says).to.equal(violation);
    });
  }

  it('permits one repetition of a console line after Slurm receives a delayed sbatch of the task', async () => {
    const { invariants, store } = await createFixture({});
    const report = (): string | undefined => {
      const lines = [{ task: TASK, msg: 'ended' }];
      invariants.sawCall({ daemon: 1, endpoint: 'events.add_batch', lines, answer: {}, before: undefined }, store);
      return invariants.violation?.says;
    };
    report();
    invariants.arrivedLate(TASK);
    expect(report()).to.equal(undefined);
    expect(report()).to.equal('the console of task 1 repeats: ended');
  });

  it('permits one repetition of a console line after a requeue, because the lines between may be lost', async () => {
    const { invariants, store, job } = await createFixture({});
    const report = (): string | undefined => {
      const lines = [{ task: TASK, msg: 'waits' }];
      invariants.sawCall({ daemon: 1, endpoint: 'events.add_batch', lines, answer: {}, before: undefined }, store);
      return invariants.violation?.says;
    };
    report();
    job.restarts += 1;
    expect(report()).to.equal(undefined);
    expect(report()).to.equal('the console of task 1 repeats: waits');
  });

  for (const [what, isAbortNoted, isRequeued, violation] of [
    ['that a daemon has recorded', true, true, 'task 1 was started again after its abort'],
    ['that the agent of a requeued job overwrote before a daemon saw the abort', false, true, undefined],
    [
      'that the agent of an ending job without a requeue overwrote',
      false,
      false,
      'task 1 was started again after its abort',
    ],
  ] as const) {
    it(`reports ${quote(violation)} if a task starts again after an abort ${what}`, async () => {
      const { invariants, server, store, job } = await createFixture({ isAbortNoted });
      invariants.userActed(TASK, 'abort', store);
      job.leaving = { state: 'PREEMPTED', isRequeued };
      await server.call('tasks.stopped', { task: TASK, status_reason: TERM_REASON });
      invariants.check(store);
      Object.assign(job, { leaving: undefined, runs: 2 });
      invariants.check(store);
      expect(invariants.violation?.says).to.equal(violation);
    });
  }

  for (const [what, phase, violation] of [
    ['while its agent was still starting', 'starting', undefined],
    ['before its job had passed the gate', 'new', 'the abort of task 1 was forgotten: it is in_progress'],
  ] as const) {
    it(`reports ${quote(violation)} if an agent sets a stopped task in progress that a user aborted ${what}`, async () => {
      const { invariants, server, store, job } = await createFixture({});
      Object.assign(job, { phase, runs: phase === 'new' ? 0 : 1 });
      await server.call('tasks.stopped', { task: TASK, force: true });
      invariants.userActed(TASK, 'abort', store);
      await server.call('tasks.started', { task: TASK, force: true });
      invariants.check(store);
      expect(invariants.violation?.says).to.equal(violation);
    });
  }

  for (const [what, message, violation] of [
    ['the server undoes', 'Stopped by user', undefined],
    ['a daemon undoes', 'The task returns to its queue.', 'the abort of task 1 was forgotten: it is queued'],
  ] as const) {
    it(`reports ${quote(violation)}${violation === undefined ? ' before the end of the round' : ''} if ${what} an abort`, async () => {
      const { invariants, store } = await createFixture({});
      const task = store.tasks.get(TASK);
      if (task === undefined) throw new Error('the fixture has no task');
      store.tasks.put({ ...task, status: 'stopped', status_message: 'Stopped by user' });
      invariants.userActed(TASK, 'abort', store);
      store.tasks.put({ ...task, status: 'queued', status_message: message });
      invariants.check(store);
      expect(invariants.violation?.says).to.equal(violation);
    });
  }

  for (const [what, act, violation] of [
    ['after a user enqueued the task elsewhere', 'enqueue elsewhere', undefined],
    ['although no user enqueued the task elsewhere', undefined, 'task 1 is run twice at once'],
  ] as const) {
    it(`reports ${quote(violation)} if another agent and a job run a task at the same time ${what}`, async () => {
      const { invariants, store } = await createFixture({ isOtherAgents: true });
      if (act !== undefined) invariants.userActed(TASK, act, store);
      invariants.check(store);
      expect(invariants.violation?.says).to.equal(violation);
    });
  }

  for (const [what, endpoint, silentMs, violation] of [
    ['failed', 'tasks.failed', ABSENT_MS, undefined],
    ['failed', 'tasks.failed', ABSENT_MS - 1, 'a daemon called tasks.failed on task 1 while it runs'],
    ['completed', 'tasks.completed', ABSENT_MS, 'a daemon called tasks.completed on task 1 while it runs'],
  ] as const) {
    it(`reports ${quote(violation)} if a daemon sets a task to ${what} after its agent was silent for ${silentMs} ms`, async () => {
      const { invariants, store, job, clock } = await createFixture({ isOtherAgents: true });
      job.state = 'NODE_FAIL';
      clock.pass(silentMs);
      const before = store.tasks.get(TASK);
      invariants.sawCall({ daemon: 1, endpoint, lines: [{ task: TASK }], answer: { updated: 1 }, before }, store);
      expect(invariants.violation?.says).to.equal(violation);
    });
  }

  for (const [who, daemons, daemon, violation] of [
    ['the only daemon', 1, 2, `a daemon called tasks.failed on task 1, whose entry any job may still take`],
    [
      'the daemon that parked the task',
      2,
      1,
      `a daemon called tasks.failed on task 1, whose entry any job may still take`,
    ],
    ['another daemon, whose poll may be older', 2, 2, undefined],
  ] as const) {
    it(`reports ${quote(violation)} if a parked task is set to failed by ${who}`, async () => {
      const { invariants, server, store, job } = await createFixture({ daemons });
      job.state = 'FAILED';
      await server.call('tasks.stopped', { task: TASK });
      await server.call('tasks.enqueue', { task: TASK, queue: SCHEDULER_QUEUE });
      const before = store.tasks.get(TASK);
      const lines = [{ task: TASK, queue: SCHEDULER_QUEUE }];
      invariants.sawCall({ daemon: 1, endpoint: 'queues.add_task', lines, answer: {}, before }, store);
      invariants.sawCall({ daemon, endpoint: 'tasks.failed', lines, answer: { updated: 1 }, before }, store);
      expect(invariants.violation?.says).to.equal(violation);
    });
  }
});
