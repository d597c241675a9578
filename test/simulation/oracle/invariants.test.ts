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

const reaction = (violation: string | undefined): string => (violation === undefined ? 'accepts' : 'reports');
describe('the oracle of the simulation', () => {
  it('reports a repeated console line anywhere in a call of events.add_batch', async () => {
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

  it('reports a wrong status message anywhere in a call of tasks.update_batch', async () => {
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
    [
      'the claim of the task by queues.get_next_task',
      'queues.get_next_task',
      OWN_QUEUE,
      { entry: { task: TASK } },
      undefined,
    ],
    ['the claim of the task by queues.remove_task', 'queues.remove_task', OWN_QUEUE, { removed: 1 }, undefined],
    [
      'a failed claim of the task by queues.remove_task',
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
    it(`${reaction(violation)} a repeated console line after ${what}`, async () => {
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

  it('accepts only one repeated console line after a delayed sbatch arrives in Slurm', async () => {
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

  it('accepts only one repeated console line after a requeue of the job', async () => {
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
    ['if a daemon recorded the abort', true, true, 'task 1 was started again after its abort'],
    ['if the agent of a requeued job overwrote the abort', false, true, undefined],
    [
      'if the agent of a job that was not requeued overwrote the abort',
      false,
      false,
      'task 1 was started again after its abort',
    ],
  ] as const) {
    it(`${reaction(violation)} a restart of an aborted task ${what}`, async () => {
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
    ['if the user aborted while the agent was starting', 'starting', undefined],
    [
      'if the user aborted before the job passed the gate',
      'new',
      'the abort of task 1 was forgotten: it is in_progress',
    ],
  ] as const) {
    it(`${reaction(violation)} an agent that overwrites an abort ${what}`, async () => {
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
    ['the server undid the abort and the round has not ended', 'Stopped by user', undefined],
    ['a daemon undid the abort', 'The task returns to its queue.', 'the abort of task 1 was forgotten: it is queued'],
  ] as const) {
    it(`${reaction(violation)} a queued task after an abort if ${what}`, async () => {
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
    ['if a user enqueued the task elsewhere', 'enqueue elsewhere', undefined],
    ['if no user enqueued the task elsewhere', undefined, 'task 1 is run twice at once'],
  ] as const) {
    it(`${reaction(violation)} a task that runs in a job and on another agent at once ${what}`, async () => {
      const { invariants, store } = await createFixture({ isOtherAgents: true });
      if (act !== undefined) invariants.userActed(TASK, act, store);
      invariants.check(store);
      expect(invariants.violation?.says).to.equal(violation);
    });
  }

  for (const [endpoint, silentMs, violation] of [
    ['tasks.failed', ABSENT_MS, undefined],
    ['tasks.failed', ABSENT_MS - 1, 'a daemon called tasks.failed on task 1 while it runs'],
    ['tasks.completed', ABSENT_MS, 'a daemon called tasks.completed on task 1 while it runs'],
  ] as const) {
    it(`${reaction(violation)} a daemon that calls ${endpoint} if the agent has been silent for ${silentMs} ms`, async () => {
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
    ['a daemon that did not park the task', 2, 2, undefined],
  ] as const) {
    it(`${reaction(violation)} that ${who} calls tasks.failed for the parked task`, async () => {
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
