// What the judge of the stories hears and sees: a rule that it can't see broken holds nothing.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import { formatJobName, newAttempt } from '../../../src/slurm/job-name.ts';
import { createCluster, type SimJob } from '../cluster.ts';
import { TERM_REASON } from '../job.ts';
import { createInvariants } from './invariants.ts';
import { createSimulatedClock } from '../clock.ts';
import { SCHEDULER_QUEUE } from '../queues.ts';
import { createServer } from '../server.ts';
import { createPendingCalls } from '../pending-calls.ts';

const TASK = '1'.padStart(32, '0') as TaskId;

/** A task that runs as a job. `isAbortNoted`, `isNeighbours`: what the world says when it is asked. */
async function courtOf({ isAbortNoted = false, isNeighbours = false, daemons = 1 }) {
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
  const judge = createInvariants({
    cluster,
    isNeighbours: () => isNeighbours,
    isAbortNoted: () => isAbortNoted,
    count: daemons,
  });
  return { judge, server, store: server.store, job };
}

describe('the judge of the stories', () => {
  it('hears every line of a call that carries those of several tasks', async () => {
    const { judge, store } = await courtOf({});
    const told = (...lines: readonly (readonly [task: string, msg: string])[]): string | undefined => {
      const bodies = lines.map(([task, msg]) => ({ task, msg }));
      judge.sawCall({ daemon: 1, endpoint: 'events.add_batch', lines: bodies, answer: {}, before: undefined }, store);
      return judge.verdict;
    };

    expect(told(['1', 'waits'], ['2', 'waits'])).to.equal(undefined);
    expect(told(['1', 'starts'], ['2', 'starts'])).to.equal(undefined);
    expect(told(['3', 'waits'], ['2', 'waits'])).to.equal(undefined);
    expect(told(['1', 'waits'], ['2', 'waits'])).to.equal('the console of task 2 is told twice: waits');
  });

  it('lets a line be told once more when a job of the task arrives late', async () => {
    const { judge, store } = await courtOf({});
    const tell = (): string | undefined => {
      const lines = [{ task: TASK, msg: 'ended' }];
      judge.sawCall({ daemon: 1, endpoint: 'events.add_batch', lines, answer: {}, before: undefined }, store);
      return judge.verdict;
    };
    tell();
    judge.arrivedLate(TASK);
    expect(tell()).to.equal(undefined);
    expect(tell()).to.equal('the console of task 1 is told twice: ended');
  });

  it('lets a line be told once more when Slurm has put the job back, as what was told between may have been lost', async () => {
    const { judge, store, job } = await courtOf({});
    const tell = (): string | undefined => {
      const lines = [{ task: TASK, msg: 'waits' }];
      judge.sawCall({ daemon: 1, endpoint: 'events.add_batch', lines, answer: {}, before: undefined }, store);
      return judge.verdict;
    };
    tell();
    job.restarts += 1;
    expect(tell()).to.equal(undefined);
    expect(tell()).to.equal('the console of task 1 is told twice: waits');
  });

  for (const [what, isAbortNoted, isRequeued, verdict] of [
    ['that a daemon has written down', true, true, 'task 1 was begun again after its abort'],
    ['that nobody has seen before the agent of a job that is put back erased it', false, true, undefined],
    ['that the agent of a job that ends has erased', false, false, 'task 1 was begun again after its abort'],
  ] as const) {
    it(`sees a task begun again after an abort ${what}: ${verdict ?? 'nobody could know'}`, async () => {
      const { judge, server, store, job } = await courtOf({ isAbortNoted });
      judge.userActed(TASK, 'abort', store);
      job.leaving = { state: 'PREEMPTED', isRequeued };
      await server.call('tasks.stopped', { task: TASK, status_reason: TERM_REASON });
      judge.check(store);
      Object.assign(job, { leaving: undefined, runs: 2 });
      judge.check(store);
      expect(judge.verdict).to.equal(verdict);
    });
  }

  for (const [what, act, verdict] of [
    ['that its user enqueued there while the job still ran it', 'enqueue elsewhere', undefined],
    ['that nobody has enqueued there', undefined, 'task 1 is run twice at once'],
  ] as const) {
    it(`sees a neighbour run the task of a job, ${what}: ${verdict ?? 'nobody could prevent it'}`, async () => {
      const { judge, store } = await courtOf({ isNeighbours: true });
      if (act !== undefined) judge.userActed(TASK, act, store);
      judge.check(store);
      expect(judge.verdict).to.equal(verdict);
    });
  }

  for (const [who, daemons, daemon, verdict] of [
    ['the only daemon', 1, 2, `a daemon called tasks.failed on task 1, whose entry any job may still take`],
    ['the daemon that parked it', 2, 1, `a daemon called tasks.failed on task 1, whose entry any job may still take`],
    ['the other daemon', 2, 2, undefined],
  ] as const) {
    it(`sees a parked task failed by ${who}: ${verdict ?? 'it may have looked before'}`, async () => {
      const { judge, server, store, job } = await courtOf({ daemons });
      job.state = 'FAILED';
      await server.call('tasks.stopped', { task: TASK });
      await server.call('tasks.enqueue', { task: TASK, queue: SCHEDULER_QUEUE });
      const before = store.tasks.get(TASK);
      const lines = [{ task: TASK, queue: SCHEDULER_QUEUE }];
      judge.sawCall({ daemon: 1, endpoint: 'queues.add_task', lines, answer: {}, before }, store);
      judge.sawCall({ daemon, endpoint: 'tasks.failed', lines, answer: { updated: 1 }, before }, store);
      expect(judge.verdict).to.equal(verdict);
    });
  }
});
