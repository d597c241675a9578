// How much of each limit is used, and which limits and pauses hold tasks: for the status page, the metrics and `status`. Pure.
import { LIMIT_SETTINGS, LIMIT_UNITS, type Limits } from '../../base/job-limits.ts';
import { groupBy } from '../../base/group-by.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { HoldReason, Holds, LimitUse, QueueHolds } from './hold-reasons.ts';
import type { JobCounts } from './count-limit-use.ts';
import { holdOfOwner, holdOfQueue, needsOwners } from './limits-reached.ts';
import type { ClaimState } from './plan-claims.ts';

/** @param waiting how many tasks wait in a queue of which only the first entries were read */
export function readHolds(state: ClaimState, waiting: (queue: string) => number): Holds {
  return {
    limits: usesOf(state.limits, state.counts),
    queues: state.queues.map((its) => {
      const { queue, counts, entries, hasMore, pause, refusedUntil } = its;
      const tasks = hasMore === true ? Math.max(entries.length, waiting(queue.name)) : entries.length;
      const ofQueue = holdOfQueue(state, its);
      return {
        queue: queue.name,
        limits: usesOf(queue.limits ?? {}, counts),
        pause,
        refusedUntil,
        held: ofQueue === undefined ? heldUsers(state, its) : tasks === 0 ? [] : [{ why: ofQueue, tasks }],
      };
    }),
  };
}

/** How much of each limit these jobs use; only limits that are set, and whose use is known. */
export function usesOf(limits: Limits, counts: JobCounts): LimitUse[] {
  const { jobs, waiting, byOwner, ofUnknownOwner, nodes, gpus, ofUnknownSize } = counts;
  const { maxJobs, maxWaitingJobs, maxJobsPerUser, maxNodes, maxGpus } = limits;
  const hasSizes = jobs === 0 || ofUnknownSize < jobs;
  const uses: LimitUse[] = [];
  if (maxJobs !== undefined) uses.push({ name: 'maxJobs', limit: maxJobs, used: jobs, usersAtLimit: undefined });
  if (maxWaitingJobs !== undefined)
    uses.push({ name: 'maxWaitingJobs', limit: maxWaitingJobs, used: waiting, usersAtLimit: undefined });
  if (maxJobsPerUser !== undefined) {
    const ofUsers = [...byOwner.values()].map((count) => count + ofUnknownOwner);
    const used = ofUsers.reduce((most, count) => Math.max(most, count), ofUnknownOwner);
    const usersAtLimit = ofUsers.filter((count) => count >= maxJobsPerUser).length;
    uses.push({ name: 'maxJobsPerUser', limit: maxJobsPerUser, used, usersAtLimit });
  }
  if (maxNodes !== undefined && hasSizes)
    uses.push({ name: 'maxNodes', limit: maxNodes, used: nodes, usersAtLimit: undefined });
  if (maxGpus !== undefined && hasSizes)
    uses.push({ name: 'maxGpus', limit: maxGpus, used: gpus, usersAtLimit: undefined });
  return uses;
}

/** Such as `38 of 40 jobs (max_jobs)`. */
export function describeUse({ name, limit, used, usersAtLimit }: LimitUse): string {
  const setting = `(${LIMIT_SETTINGS[name]})`;
  if (usersAtLimit === undefined) return `${used} of ${limit} ${LIMIT_UNITS[name]}s ${setting}`;
  return `${limit} ${limit === 1 ? 'job' : 'jobs'} per user, reached by ${usersAtLimit === 1 ? '1 user' : `${usersAtLimit} users`} ${setting}`;
}

/** The tasks whose owners have reached a limit, whose Unix user sudo refuses, or whose earlier job has not ended. */
function heldUsers(state: ClaimState, waiting: ClaimState['queues'][number]): QueueHolds['held'] {
  const hasOwners = needsOwners(waiting.queue, state.limits);
  const reasons = waiting.entries.flatMap(({ task }) => {
    const owner = hasOwners ? state.ownerOf(task) : undefined;
    return reasonOf(state, task) ?? (owner === undefined ? undefined : holdOfOwner(state, waiting, owner)) ?? [];
  });
  return [...groupBy(reasons, (why) => JSON.stringify(why)).values()].flatMap(([why, ...others]) =>
    why === undefined ? [] : { why, tasks: 1 + others.length },
  );
}

/** Without the job of the task, so that all tasks with an earlier job count together. */
function reasonOf({ passed }: ClaimState, task: TaskId): HoldReason | undefined {
  const why = passed.get(task);
  return why?.kind === 'job' ? { kind: 'job' } : why;
}
