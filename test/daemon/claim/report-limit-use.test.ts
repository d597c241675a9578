// How much of each limit is used, and how many tasks each limit or pause holds.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { describeUse, readHolds } from '../../../src/daemon/claim/report-limit-use.ts';
import { stateOf } from './claim-states.ts';

const none = (): number => 0;

describe('the limit report of a cluster', () => {
  it('shows the use of each limit of the cluster and of each queue', () => {
    const limits = { maxJobs: 3, maxWaitingJobs: 5, maxJobsPerUser: 2 };
    const state = stateOf(
      { q: { tasks: [], limits, jobs: ['A', 'a', 'b'] }, r: { tasks: [], jobs: ['C'] } },
      { limits: { maxJobs: 10 } },
    );

    const { limits: ofCluster, queues } = readHolds(state, none);

    expect(ofCluster.map(describeUse)).to.deep.equal(['4 of 10 jobs (max_jobs)']);
    expect(queues.map((queue) => queue.limits.map(describeUse))).to.deep.equal([
      [
        '3 of 3 jobs (max_jobs)',
        '2 of 5 waiting jobs (max_waiting_jobs)',
        '2 jobs per user, reached by 1 user (max_jobs_per_user)',
      ],
      [],
    ]);
  });

  it('shows the nodes and GPUs in use as soon as the daemon knows the sizes of the jobs', () => {
    const state = stateOf({ q: { tasks: [], jobs: ['A'] } }, { limits: { maxNodes: 4, maxGpus: 8 } });
    const counts = { ...state.counts, nodes: 2, gpus: 6, ofUnknownSize: 0 };

    expect(readHolds({ ...state, counts }, none).limits.map(describeUse)).to.deep.equal([
      '2 of 4 nodes (max_nodes)',
      '6 of 8 GPUs (max_gpus)',
    ]);
    expect(readHolds(state, none).limits).to.deep.equal([]);
  });

  it('counts all 700 tasks of a queue at its limit as held, even unread tasks', () => {
    const given = { tasks: ['a1', 'a2'], limits: { maxJobs: 1 }, jobs: ['A'] };

    expect(readHolds(stateOf({ q: given }), none).queues[0]?.held.map(({ tasks }) => tasks)).to.deep.equal([2]);
    const long = stateOf({ q: { ...given, hasMore: true } });
    expect(readHolds(long, () => 700).queues[0]?.held.map(({ tasks }) => tasks)).to.deep.equal([700]);
  });

  it('counts only the tasks of users at max_jobs_per_user as held by this limit', () => {
    const state = stateOf({
      q: { tasks: ['a1', 'b1', 'a2'], limits: { maxJobsPerUser: 1 }, jobs: ['A'], userFairness: true },
    });

    const [queue] = readHolds(state, none).queues;

    expect(queue?.held).to.deep.equal([
      { why: { kind: 'limit', of: 'queue', name: 'maxJobsPerUser', limit: 1 }, tasks: 2 },
    ]);
  });

  it("counts the tasks of a Unix user as held if sudo refuses this user's commands", () => {
    const given = stateOf({ q: { tasks: ['a1', 'b1', 'a2'] } });
    const passed = new Map(
      (['a1', 'a2'] as TaskId[]).map((task) => [task, { kind: 'sudo', unixUser: 'alice' } as const]),
    );

    const [queue] = readHolds({ ...given, passed }, none).queues;

    expect(queue?.held).to.deep.equal([{ why: { kind: 'sudo', unixUser: 'alice' }, tasks: 2 }]);
  });

  it('shows one total for two tasks whose earlier jobs have not ended', () => {
    const given = stateOf({ q: { tasks: ['a1', 'b1', 'a2'] } });
    const passed = new Map(
      (['a1', 'a2'] as TaskId[]).map((task, index) => [
        task,
        { kind: 'job', job: String(index) as JobId, state: 'COMPLETING' } as const,
      ]),
    );

    const [queue] = readHolds({ ...given, passed }, none).queues;

    expect(queue?.held).to.deep.equal([{ why: { kind: 'job' }, tasks: 2 }]);
  });

  it('shows the pause of an empty queue', () => {
    const pause = { queue: 'q', since: 0, until: null, reason: '' };

    const [queue] = readHolds(stateOf({ q: { tasks: [], pause } }), none).queues;

    expect(queue).to.deep.include({ queue: 'q', pause, held: [] });
  });
});
