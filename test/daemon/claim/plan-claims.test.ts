// Which waiting tasks are claimed under limits, fairness and pauses, and why the others wait.
import { expect } from 'chai';
import { addJob, NO_JOBS } from '../../../src/daemon/claim/count-limit-use.ts';
import { afterClaim, heldTasks, planClaims, type ClaimState } from '../../../src/daemon/claim/plan-claims.ts';
import { PAUSE, stateOf } from './claim-states.ts';

function claimed(state: ClaimState, most = 50): string[] {
  return planClaims(state, most).claims.map(({ entry }) => entry.task);
}

function held(state: ClaimState, most = 50): string[] {
  const { claims } = planClaims(state, most);
  return heldTasks(claims.reduce(afterClaim, state)).map(({ task, why, before, isOfOwner }) => {
    const reason = why.kind !== 'limit' ? why.kind : `${why.of}.${why.name}=${why.limit}`;
    return `${task}: ${reason}, ${before}${isOfOwner ? ' of its owner' : ''}`;
  });
}

describe('the claim plan', () => {
  it('claims all tasks of the first queue, in order, before the tasks of the second queue', () => {
    const state = stateOf({ q: { tasks: ['a1', 'b1'] }, r: { tasks: ['c1'] } });

    expect(claimed(state)).to.deep.equal(['a1', 'b1', 'c1']);
    expect(claimed(state, 2)).to.deep.equal(['a1', 'b1']);
  });

  it('alternates between the queues if `order_fairness` is set', () => {
    const tasks = { q: { tasks: ['a1', 'a2', 'a3'] }, r: { tasks: ['b1', 'b2'] } };

    expect(claimed(stateOf(tasks, { orderFairness: true }))).to.deep.equal(['a1', 'b1', 'a2', 'b2', 'a3']);
  });

  it('starts with the non-empty queue that follows the last served queue if `order_fairness` is set', () => {
    const state = stateOf({ q: { tasks: ['a1'] }, r: { tasks: [] }, s: { tasks: ['c1'] } }, { orderFairness: true });
    const [q, , r] = state.queues;

    expect(claimed({ ...state, lastServed: q?.queue }, 1)).to.deep.equal(['c1']);
    expect(claimed({ ...state, lastServed: r?.queue }, 1)).to.deep.equal(['a1']);
  });

  it('makes one claim, not two, for a task that is in two queues', () => {
    const state = stateOf({ q: { tasks: ['a1'] }, r: { tasks: ['a1', 'b1'] } }, { limits: { maxJobs: 2 } });

    expect(claimed(state)).to.deep.equal(['a1', 'b1']);
  });

  it('continues with the next queue when a queue reaches max_jobs', () => {
    const state = stateOf({
      q: { tasks: ['a1', 'a2', 'a3'], limits: { maxJobs: 3 }, jobs: ['A', 'a'] },
      r: { tasks: ['b1'] },
    });

    expect(claimed(state)).to.deep.equal(['a1', 'b1']);
    expect(held(state)).to.deep.equal(['a2: queue.maxJobs=3, 0', 'a3: queue.maxJobs=3, 1']);
  });

  it('claims only one task of a queue with max_gpus at a time, because the size of the next job is unknown', () => {
    const state = stateOf({ q: { tasks: ['a1', 'a2'], limits: { maxGpus: 8 } }, r: { tasks: ['b1', 'b2'] } });

    expect(claimed(state)).to.deep.equal(['a1', 'b1', 'b2']);
    expect(held(state)).to.deep.equal([]);
  });

  it('stops when the cluster reaches max_jobs, even if the next queue has no limit', () => {
    const state = stateOf({ q: { tasks: ['a1'] }, r: { tasks: ['b1'], jobs: ['A'] } }, { limits: { maxJobs: 2 } });

    expect(claimed(state)).to.deep.equal(['a1']);
    expect(held(state)).to.deep.equal(['b1: cluster.maxJobs=2, 0']);
  });

  it('counts only pending jobs toward max_waiting_jobs', () => {
    const limits = { maxWaitingJobs: 2 };

    expect(claimed(stateOf({ q: { tasks: ['a1', 'a2', 'a3'], limits, jobs: ['A', 'A', 'A'] } }))).to.have.length(2);
    expect(claimed(stateOf({ q: { tasks: ['a1', 'a2', 'a3'], limits, jobs: ['a', 'A', 'A'] } }))).to.have.length(1);
  });

  it('skips the tasks of an owner who has reached max_jobs_per_user', () => {
    const state = stateOf({ q: { tasks: ['a1', 'a2', 'b1', 'a3'], limits: { maxJobsPerUser: 1 } } });

    expect(claimed(state)).to.deep.equal(['a1', 'b1']);
    expect(held(state)).to.deep.equal([
      'a2: queue.maxJobsPerUser=1, 0 of its owner',
      'a3: queue.maxJobsPerUser=1, 1 of its owner',
    ]);
  });

  it("counts an owner's jobs in all queues toward the cluster's max_jobs_per_user", () => {
    const queues = { q: { tasks: ['a1', 'b1'] }, r: { tasks: ['c1'], jobs: ['A'] } };

    expect(claimed(stateOf(queues, { limits: { maxJobsPerUser: 1 } }))).to.deep.equal(['b1', 'c1']);
  });

  it('records that a claimed task was not the first in its queue', () => {
    const { claims } = planClaims(
      stateOf({ q: { tasks: ['a1', 'b1'], limits: { maxJobsPerUser: 1 }, jobs: ['a'] } }),
      1,
    );

    expect(claims.map(({ entry }) => entry)).to.deep.equal([{ task: 'b1', added: 1, isBehind: true }]);
  });

  it('starts with the owner of the fewest jobs, and then alternates, if `user_fairness` is set', () => {
    const tasks = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1'];

    expect(claimed(stateOf({ q: { tasks, userFairness: true } }))).to.deep.equal(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
    expect(claimed(stateOf({ q: { tasks, userFairness: true, jobs: ['A', 'A', 'b'] } }))).to.deep.equal([
      'c1',
      'b1',
      'a1',
      'b2',
      'a2',
      'a3',
    ]);
  });

  it('makes the second claim for an owner whose task is behind 1,000 tasks if `user_fairness` is set', () => {
    const tasks = [
      ...Array.from({ length: 1_000 }, (_, index) => `a${index}`),
      ...Array.from({ length: 10 }, (_, index) => `b${index}`),
    ];

    expect(claimed(stateOf({ q: { tasks, userFairness: true, jobs: [] } }), 2)).to.deep.equal(['a0', 'b0']);
  });

  it('alternates between two owners of very short jobs if `user_fairness` is set', () => {
    let state = stateOf({ q: { tasks: ['a1', 'a2', 'a3', 'b1', 'b2'], userFairness: true } });
    const order: string[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      const [head] = planClaims(state, 1).claims;
      if (head === undefined) break;
      order.push(head.entry.task);
      const owner = head.entry.task.charAt(0);
      state = {
        ...state,
        queues: state.queues.map((waiting) => ({
          ...waiting,
          entries: waiting.entries.filter(({ task }) => task !== head.entry.task),
          servedAt: new Map(waiting.servedAt).set(owner, turn + 1),
        })),
      };
    }

    expect(order).to.deep.equal(['a1', 'b1', 'a2', 'b2']);
  });

  it('claims no task of a paused queue, and continues with the other queue', () => {
    const state = stateOf({ q: { tasks: ['a1', 'a2'], pause: PAUSE }, r: { tasks: ['b1'] } });

    expect(claimed(state)).to.deep.equal(['b1']);
    expect(held(state)).to.deep.equal(['a1: pause, 0', 'a2: pause, 1']);
  });

  it('leaves a task of unknown owner for a later pass if `user_fairness` is set', () => {
    const state = stateOf({ q: { tasks: ['a1', 'b1'], userFairness: true } }, { unknown: ['a1'] });

    expect(claimed(state)).to.deep.equal(['b1']);
  });

  it('counts a job of unknown owner toward the max_jobs_per_user of every owner', () => {
    const state = stateOf({ q: { tasks: ['a1', 'b1'], limits: { maxJobsPerUser: 1 } } });
    const [waiting] = state.queues;
    const counts = addJob(NO_JOBS, { owner: undefined, isWaiting: false });

    expect(claimed({ ...state, queues: waiting === undefined ? [] : [{ ...waiting, counts }] })).to.deep.equal([]);
  });

  it("skips a task that still has to wait, and claims another owner's task, if `user_fairness` is set", () => {
    const tasks = ['a1', 'b1', 'a2'];

    expect(claimed(stateOf({ q: { tasks }, r: { tasks: ['c1'] } }, { skip: ['a1'] }))).to.deep.equal(['c1']);
    expect(claimed(stateOf({ q: { tasks, userFairness: true } }, { skip: ['a1'] }))).to.deep.equal(['b1']);
  });

  it('claims from the next queue only after all entries of the first queue have been read', () => {
    const more = { tasks: ['a1'], hasMore: true };
    const queues = { q: more, r: { tasks: ['b1'] } };

    expect(planClaims(stateOf(queues), 50)).to.deep.include({ needsMore: true });
    expect(claimed(stateOf(queues))).to.deep.equal(['a1']);
    expect(planClaims(stateOf({ ...queues, q: { ...more, pause: PAUSE } }), 50)).to.deep.include({ needsMore: false });
    expect(claimed(stateOf(queues, { passed: ['a1'] }))).to.deep.equal([]);
  });

  it('explains the wait of the first 50 tasks of a queue, but of no later task', () => {
    const tasks = Array.from({ length: 60 }, (_, index) => `a${index}`);

    expect(held(stateOf({ q: { tasks, limits: { maxJobs: 0 } } }))).to.have.length(50);
  });
});
