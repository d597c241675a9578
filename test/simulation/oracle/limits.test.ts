// The oracle detects a submission beyond a limit, and accepts another submission of the same task.
import { expect } from 'chai';
import type { Fields } from '../../../src/sandbox/requests/endpoint.ts';
import { createSimulatedClock, type SimulatedClock } from '../clock.ts';
import { createPendingCalls } from '../pending-calls.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../queues.ts';
import { createServer } from '../server.ts';
import { createCluster, type Cluster } from '../simulated-slurm.ts';
import { createLimitOracle, type LimitOracle } from './limits.ts';
import type { RoundLimits } from '../schedule.ts';

const TASKS = ['1', '2', '3', '4'].map((digit) => digit.padStart(32, '0'));
const [ONE = '', TWO = '', THREE = ''] = TASKS;
const NOT_CLAIMED = 'task 1 is submitted by a daemon that has not claimed it';

interface Bed {
  readonly oracle: LimitOracle;
  readonly clock: SimulatedClock;
  readonly cluster: Cluster;
  readonly reports: string[];
  readonly uncounted: Set<string>;
  /** The tasks that no daemon tracks. */
  readonly returned: Set<string>;
  /** The tasks with an entry in the journal of every daemon. */
  readonly tracked: Set<string>;
  readonly claim: (task: string, daemon?: number) => void;
  readonly park: (task: string, daemon?: number) => void;
  readonly returnToQueue: (task: string, daemon?: number) => void;
  /** Polls; `afterList` happens after Slurm has listed the jobs. */
  readonly poll: (daemon?: number, afterList?: () => void) => void;
  /** Reads the status of tasks. */
  readonly readTasks: (daemon?: number) => void;
  /** Starts an sbatch that Slurm accepts, by default of the daemon that has claimed the task. */
  readonly submit: (task: string, daemon?: number) => void;
}

function createBed(limits: RoundLimits['limits'], daemons = 1): Bed {
  const clock = createSimulatedClock(0);
  const cluster = createCluster(clock, createPendingCalls());
  cluster.sizeOf = () => ({ nodes: 2, gpus: 0 });
  const reports: string[] = [];
  const uncounted = new Set<string>();
  const returned = new Set<string>();
  const tracked = new Set<string>();
  const claimedBy = new Map<string, number>();
  const oracle = createLimitOracle({
    limits,
    cluster,
    daemons,
    now: () => clock.now(),
    daemonOf: (incarnation) => incarnation,
    ownerOf: () => 'ada',
    isUncounted: (task) => uncounted.has(task),
    isReturned: (task) => returned.has(task),
    isTrackedBy: (_, task) => tracked.has(task),
    report: (says) => reports.push(says),
  });
  function see(daemon: number, endpoint: string, body: Fields, answer: Fields = {}): void {
    oracle.sawCall(daemon, { endpoint, lines: [body], answer, before: undefined });
  }
  return {
    oracle,
    clock,
    cluster,
    reports,
    uncounted,
    returned,
    tracked,
    claim(task, daemon = 1) {
      claimedBy.set(task, daemon);
      see(daemon, 'queues.get_next_task', { queue: OWN_QUEUE, task }, { entry: { task } });
    },
    returnToQueue: (task, daemon = 1) => see(daemon, 'queues.add_task', { queue: OWN_QUEUE, task }),
    park: (task, daemon = 1) => see(daemon, 'queues.add_task', { queue: SCHEDULER_QUEUE, task }),
    poll(daemon = 1, afterList = () => undefined) {
      see(daemon, 'workers.register', {});
      see(daemon, 'queues.get_all', {});
      oracle.listing(daemon);
      afterList();
      see(daemon, 'workers.get_all', {});
    },
    readTasks: (daemon = 1) => see(daemon, 'tasks.get_all', {}),
    submit(task, daemon = claimedBy.get(task) ?? 1) {
      oracle.submitting(task, undefined, daemon);
      cluster.submit(`clearml_task_${task}-mark0000`, '');
    },
  };
}

describe('the limit oracle of the simulation', () => {
  it('reports a submission while the jobs have 4 nodes and the maximum is 3', () => {
    const { claim, submit, reports } = createBed({ maxNodes: 3 });
    for (const task of [ONE, TWO, THREE]) {
      claim(task);
      submit(task);
    }
    expect(reports).to.deep.equal(['task 3 is submitted although the jobs have 4 nodes, and the maximum is 3']);
  });

  it('accepts another submission of a task whose first job has ended', () => {
    const { cluster, claim, submit, reports } = createBed({ maxNodes: 4 });
    for (const task of [ONE, TWO]) {
      claim(task);
      submit(task);
    }
    const [first] = cluster.jobs;
    if (first !== undefined) cluster.end(first, 'FAILED', 1);
    claim(THREE);
    submit(THREE);

    submit(ONE);

    expect(reports).to.deep.equal([]);
  });

  it('reports a daemon that submits a task that a peer claimed', () => {
    const { claim, park, submit, reports } = createBed({ maxJobs: 2 }, 2);
    claim(ONE, 2);
    park(ONE, 2);
    submit(ONE, 1);
    expect(reports).to.deep.equal(['task 1 is submitted by a daemon that has not claimed it']);
  });

  for (const [what, isReturned, isTracked, expected] of [
    ['accepts a submission after a peer claimed the task if the daemon still tracks the task', false, true, []],
    [
      'reports a submission after a peer claimed the task if the daemon no longer tracks the task',
      false,
      false,
      [NOT_CLAIMED],
    ],
    [
      'reports a submission after a peer returned and claimed the task even if the daemon still tracks the task',
      true,
      true,
      [NOT_CLAIMED],
    ],
  ] as const)
    it(what, () => {
      const { claim, park, returnToQueue, submit, tracked, reports } = createBed({ maxJobs: 2 }, 2);
      claim(ONE, 1);
      park(ONE, 1);
      if (isReturned) returnToQueue(ONE, 2);
      if (isTracked) tracked.add(ONE);
      claim(ONE, 2);
      submit(ONE, 1);
      expect(reports).to.deep.equal(expected);
    });

  it('does not count the job of a task that is exempt from the limits', () => {
    const { uncounted, submit, reports } = createBed({ maxJobs: 2 });
    submit(ONE);
    submit(TWO);
    uncounted.add(ONE);
    submit(THREE);
    expect(reports).to.deep.equal([]);

    uncounted.delete(ONE);
    submit(THREE);
    expect(reports).to.deep.equal(['task 3 is submitted although the cluster has the maximum of 2 jobs: now 3']);
  });

  it("accepts an excess job if a peer parked a task after the daemon's last poll", () => {
    const { claim, park, poll, submit, reports } = createBed({ maxJobs: 1 });
    claim(ONE, 2);
    poll();
    park(ONE, 2);
    submit(ONE);
    claim(TWO);
    submit(TWO);
    expect(reports).to.deep.equal([]);

    poll();
    claim(THREE);
    submit(THREE);
    expect(reports).to.deep.equal(['task 3 is submitted although the cluster has the maximum of 1 jobs: now 3']);
  });

  it('accepts excess nodes if a peer submitted a job after the daemon listed the jobs', () => {
    const { claim, park, poll, submit, reports } = createBed({ maxNodes: 1 }, 2);
    claim(ONE, 2);
    park(ONE, 2);
    poll(1, () => submit(ONE));
    claim(TWO);
    submit(TWO);
    expect(reports).to.deep.equal([]);

    poll();
    claim(THREE);
    submit(THREE);
    expect(reports).to.deep.equal(['task 3 is submitted although the jobs have 4 nodes, and the maximum is 1']);
  });

  /** An sbatch without a response, whose job is not in Slurm yet, and the submission of another task. */
  function submittedInFlight({
    isTracked = false,
    isReceived = false,
  }: {
    readonly isTracked?: boolean;
    readonly isReceived?: boolean;
  }): readonly string[] {
    const { cluster, returned, claim, park, poll, submit, reports } = createBed({ maxJobs: 1, maxNodes: 1 });
    claim(ONE);
    park(ONE);
    cluster.nextFate = 'in flight';
    submit(ONE);
    if (!isTracked) returned.add(ONE);
    const received = (): void => cluster.jobs.forEach((job) => (job.isInFlight = false));
    if (isReceived) received();
    poll();
    received();
    claim(TWO);
    park(TWO);
    submit(TWO);
    return reports;
  }

  it('accepts an excess job if a delayed sbatch arrives after the task returned to the queue', () => {
    expect(submittedInFlight({})).to.deep.equal([]);
  });

  for (const [what, facts] of [
    ['the daemon still tracks the task', { isTracked: true }],
    ['the last poll showed the job', { isReceived: true }],
  ] as const)
    it(`reports an excess job after a delayed sbatch if ${what}`, () => {
      expect(submittedInFlight(facts)).to.include(
        'task 2 is submitted although the cluster has the maximum of 1 jobs: now 2',
      );
    });

  /** A task that the daemon reads while it is over, and that its agent sets in progress again; then the submission of another task. */
  function submittedAfterRevival({ reader = 1, afterMs = 30_000 }): readonly string[] {
    const { clock, uncounted, claim, park, poll, readTasks, submit, reports } = createBed({ maxJobs: 1 }, 2);
    claim(ONE, 2);
    park(ONE, 2);
    submit(ONE);
    poll();
    uncounted.add(ONE);
    readTasks(reader);
    uncounted.delete(ONE);
    clock.pass(afterMs);
    claim(TWO);
    park(TWO);
    submit(TWO);
    return reports;
  }

  it('accepts an excess job if the daemon read 30 s ago that another task had ended', () => {
    expect(submittedAfterRevival({})).to.deep.equal([]);
  });

  for (const [what, facts] of [
    ['the daemon read 60 s ago that another task had ended', { afterMs: 60_000 }],
    ['only a peer read that another task had ended', { reader: 2 }],
  ] as const)
    it(`reports an excess job if ${what}`, () => {
      expect(submittedAfterRevival(facts)).to.deep.equal([
        'task 2 is submitted although the cluster has the maximum of 1 jobs: now 2',
      ]);
    });

  for (const [what, isDeleted, expected] of [
    ['reports a daemon that removes a task from a paused queue', false, ['a daemon claimed a task of a paused queue']],
    ['accepts a daemon that removes a deleted task from a paused queue', true, []],
  ] as const)
    it(what, async () => {
      const { oracle, reports } = createBed({ maxJobs: 1 });
      oracle.togglePause();
      await oracle.readPauses(1);
      const server = createServer(createSimulatedClock(0), createPendingCalls(), () => undefined);
      if (!isDeleted) server.addTask(ONE, 'a task');
      const lines = [{ queue: OWN_QUEUE, task: ONE }];
      const before = server.store.tasks.get(ONE);
      oracle.sawCall(1, { endpoint: 'queues.remove_task', lines, answer: { removed: 1 }, before });
      expect(reports).to.deep.equal(expected);
    });

  /** Two daemons that have met claim two tasks each at the same time. */
  function claimedByTwo(parkedAfterMs: number): readonly string[] {
    const { clock, claim, park, poll, submit, reports } = createBed({ maxJobs: 2 }, 2);
    for (const daemon of [1, 2, 1]) poll(daemon);
    for (const [index, task] of TASKS.entries()) claim(task, 1 + (index % 2));
    clock.pass(parkedAfterMs);
    for (const [index, task] of TASKS.entries()) {
      park(task, 1 + (index % 2));
      submit(task);
    }
    return reports;
  }

  it('accepts one excess job per peer and reports the next excess job', () => {
    expect(claimedByTwo(100)).to.deep.equal(['task 4 is submitted although 2 daemons may have 3 jobs: now 4']);
  });

  it('accepts excess jobs if the daemons park the tasks 3 s after the claim', () => {
    expect(claimedByTwo(3_000)).to.deep.equal([]);
  });
});
