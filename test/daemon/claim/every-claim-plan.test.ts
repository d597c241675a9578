// Every plan of claims stays within the limits, claims what they admit, and serves each user.
import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Limits } from '../../../src/base/job-limits.ts';
import type { TaskId } from '../../../src/clearml/ids.ts';
import { addJob, NO_JOBS, type JobCounts } from '../../../src/daemon/claim/count-limit-use.ts';
import { holdOfQueue } from '../../../src/daemon/claim/limits-reached.ts';
import { afterClaim, heldTasks, planClaims, type ClaimState } from '../../../src/daemon/claim/plan-claims.ts';
import { PAUSE, stateOf } from './claim-states.ts';

describe('every claim plan', () => {
  const limits = fc.record(
    { maxJobs: fc.nat(12), maxWaitingJobs: fc.nat(12), maxJobsPerUser: fc.nat(4) },
    { requiredKeys: [] },
  );
  const owners = fc.constantFrom('a', 'b', 'c', 'd');
  const given = fc
    .record({
      owners: fc.array(owners, { maxLength: 15 }),
      jobs: fc.array(fc.constantFrom('a', 'b', 'c', 'A', 'B', 'C'), { maxLength: 8 }),
      limits,
      userFairness: fc.boolean(),
      isPaused: fc.boolean(),
    })
    .map(({ owners: its, isPaused, ...more }) => ({ ...more, its, pause: isPaused ? PAUSE : undefined }));
  const states = fc
    .record({ queues: fc.array(given, { minLength: 1, maxLength: 3 }), limits, orderFairness: fc.boolean() })
    .map(({ queues, ...around }) =>
      stateOf(
        Object.fromEntries(
          queues.map(({ its, pause, ...queue }, index) => [
            `q${index}`,
            {
              ...queue,
              tasks: its.map((owner, at) => `${owner}${index}-${at}`),
              ...(pause === undefined || index === 1 ? {} : { pause }),
            },
          ]),
        ),
        around,
      ),
    );

  /** The counts after these claims. */
  function after(state: ClaimState, most = 1_000): { readonly cluster: JobCounts; readonly queues: JobCounts[] } {
    const { claims } = planClaims(state, most);
    const add = (counts: JobCounts, task: string): JobCounts =>
      addJob(counts, { owner: task.charAt(0), isWaiting: true });
    return {
      cluster: claims.reduce((counts, { entry }) => add(counts, entry.task), state.counts),
      queues: state.queues.map(({ queue, counts }) =>
        claims.filter((head) => head.queue === queue).reduce((sum, { entry }) => add(sum, entry.task), counts),
      ),
    };
  }

  function expectWithin(before: JobCounts, now: JobCounts, { maxJobs, maxWaitingJobs, maxJobsPerUser }: Limits): void {
    const most = (limit: number | undefined, was: number): number => Math.max(limit ?? Infinity, was);
    expect(now.jobs).to.be.at.most(most(maxJobs, before.jobs));
    expect(now.waiting).to.be.at.most(most(maxWaitingJobs, before.waiting));
    for (const [owner, jobs] of now.byOwner)
      expect(jobs).to.be.at.most(most(maxJobsPerUser, before.byOwner.get(owner) ?? 0));
  }

  it('stays within max_jobs, max_waiting_jobs and max_jobs_per_user', () => {
    fc.assert(
      fc.property(states, (state) => {
        const { cluster, queues } = after(state);
        expectWithin(state.counts, cluster, state.limits);
        state.queues.forEach(({ queue, counts }, index) => {
          expectWithin(counts, queues[index] ?? NO_JOBS, queue.limits ?? {});
        });
      }),
      { numRuns: 500 },
    );
  });

  it('leaves a task in its queue only if a limit or a pause holds the task, and gives the reason', () => {
    fc.assert(
      fc.property(states, (state) => {
        const { claims } = planClaims(state, 1_000);
        const explained = heldTasks(claims.reduce(afterClaim, state));
        const taken = new Set(claims.map(({ entry }) => entry.task));
        const why = new Map(explained.map((task) => [task.task, task]));
        const now = after(state);
        state.queues.forEach((waiting, index) => {
          const counts = now.queues[index] ?? NO_JOBS;
          const ofQueue = holdOfQueue({ limits: state.limits, counts: now.cluster }, { ...waiting, counts });
          for (const { task } of waiting.entries.filter((entry) => !taken.has(entry.task))) {
            expect(why.has(task), `${task} is left without a reason`).to.equal(true);
            const owner = task.charAt(0);
            const isOwnerFull = [
              [now.cluster, state.limits] as const,
              [counts, waiting.queue.limits ?? {}] as const,
            ].some(([its, of]) => (its.byOwner.get(owner) ?? 0) >= (of.maxJobsPerUser ?? Infinity));
            expect(ofQueue !== undefined || isOwnerFull, `${task} could be claimed`).to.equal(true);
          }
        });
      }),
      { numRuns: 500 },
    );
  });

  it("claims each owner's tasks of a queue in their queue order", () => {
    fc.assert(
      fc.property(states, (state) => {
        const { claims } = planClaims(state, 1_000);
        for (const { queue, entries } of state.queues) {
          for (const owner of ['a', 'b', 'c', 'd']) {
            const order = claims
              .filter((head) => head.queue === queue && head.entry.task.startsWith(owner))
              .map(({ entry }) => entry.task);
            const inQueue = entries.map(({ task }) => task).filter((task) => task.startsWith(owner));
            expect(order).to.deep.equal(inQueue.slice(0, order.length));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('serves the waiting owner with the fewest jobs next if `user_fairness` is set', () => {
    const tasksOf = fc.array(owners, { minLength: 1, maxLength: 40 });
    const jobsOf = fc.array(owners, { maxLength: 20 });
    fc.assert(
      fc.property(tasksOf, jobsOf, (its, jobs) => {
        const state = stateOf({ q: { tasks: its.map((owner, at) => `${owner}${at}`), userFairness: true, jobs } });
        const { claims } = planClaims(state, 1_000);
        const has = new Map(state.counts.byOwner);
        const left = new Map<string, number>();
        for (const owner of its) left.set(owner, (left.get(owner) ?? 0) + 1);
        for (const { entry } of claims) {
          const owner = entry.task.charAt(0);
          for (const [other, tasks] of left)
            if (tasks > 0) expect(has.get(other) ?? 0).to.be.at.least(has.get(owner) ?? 0);
          has.set(owner, (has.get(owner) ?? 0) + 1);
          left.set(owner, (left.get(owner) ?? 0) - 1);
        }
        expect(claims).to.have.length(its.length);
      }),
      { numRuns: 300 },
    );
  });

  it('serves each of four waiting owners at least once in five claims if `user_fairness` is set', () => {
    const rounds = fc.array(fc.array(owners, { maxLength: 3 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(rounds, (arrivals) => {
        let state = stateOf({ q: { tasks: [], userFairness: true } });
        let number = 0;
        const waitedFor = new Map<string, number>();
        for (const arriving of arrivals) {
          state = {
            ...state,
            queues: state.queues.map((waiting) => ({
              ...waiting,
              entries: [
                ...waiting.entries,
                ...arriving.map((owner) => ({ task: `${owner}${(number += 1)}` as TaskId, added: 1 })),
              ],
            })),
          };
          const [head] = planClaims(state, 1).claims;
          if (head === undefined) continue;
          const served = head.entry.task.charAt(0);
          state = {
            ...state,
            queues: state.queues.map((waiting) => ({
              ...waiting,
              entries: waiting.entries.filter(({ task }) => task !== head.entry.task),
              servedAt: new Map(waiting.servedAt).set(served, (number += 1)),
            })),
          };
          const isWaiting = new Set(state.queues[0]?.entries.map(({ task }) => task.charAt(0)));
          for (const owner of ['a', 'b', 'c', 'd']) {
            const waited = isWaiting.has(owner) && owner !== served ? (waitedFor.get(owner) ?? 0) + 1 : 0;
            waitedFor.set(owner, waited);
            expect(waited).to.be.at.most(4);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
