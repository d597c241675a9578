// Decides which limit or pause holds the tasks of a queue or of an owner. Pure.
import type { Limits } from '../../base/job-limits.ts';
import type { ServedQueue } from '../deps.ts';
import type { Pause } from '../pause/pauses-file.ts';
import { jobsOfOwner, type JobCounts } from './count-limit-use.ts';
import type { HoldReason } from './hold-reasons.ts';

/** The limits of a cluster, and what counts against them. */
interface ClusterUse {
  readonly limits: Limits;
  readonly counts: JobCounts;
}

interface QueueUse {
  readonly queue: ServedQueue;
  readonly counts: JobCounts;
  readonly pause?: Pause | undefined;
}

/** Whether the queue distinguishes the owners of its tasks. */
export function needsOwners({ userFairness, limits }: ServedQueue, ofCluster: Limits): boolean {
  return userFairness === true || limits?.maxJobsPerUser !== undefined || ofCluster.maxJobsPerUser !== undefined;
}

/** Whether a limit counts nodes or GPUs. */
export function countsSizes({ maxNodes, maxGpus }: Limits = {}): boolean {
  return maxNodes !== undefined || maxGpus !== undefined;
}

/** Whether the size of a job must be known before another task is claimed. Too short to be shown as a hold. */
export function awaitsSize({ limits, counts }: ClusterUse, { queue, counts: ofQueue }: QueueUse): boolean {
  return (countsSizes(limits) && counts.ofUnknownSize > 0) || (countsSizes(queue.limits) && ofQueue.ofUnknownSize > 0);
}

/** The limit or pause that holds all tasks of the queue. */
export function holdOfQueue(
  { limits, counts }: ClusterUse,
  { queue, counts: ofQueue, pause }: QueueUse,
): HoldReason | undefined {
  if (pause !== undefined) return { kind: 'pause', pause };
  return reached('cluster', limits, counts) ?? reached('queue', queue.limits ?? {}, ofQueue);
}

function reached(of: 'cluster' | 'queue', limits: Limits, counts: JobCounts): HoldReason | undefined {
  for (const [name, count] of [
    ['maxJobs', counts.jobs],
    ['maxWaitingJobs', counts.waiting],
    ['maxNodes', counts.nodes],
    ['maxGpus', counts.gpus],
  ] as const) {
    const limit = limits[name];
    if (limit !== undefined && count >= limit) return { kind: 'limit', of, name, limit };
  }
  return undefined;
}

/** The limit that holds the tasks of this owner. */
export function holdOfOwner(cluster: ClusterUse, { queue, counts }: QueueUse, owner: string): HoldReason | undefined {
  for (const [of, limits, its] of [
    ['cluster', cluster.limits, cluster.counts],
    ['queue', queue.limits ?? {}, counts],
  ] as const) {
    const limit = limits.maxJobsPerUser;
    if (limit !== undefined && jobsOfOwner(its, owner) >= limit)
      return { kind: 'limit', of, name: 'maxJobsPerUser', limit };
  }
  return undefined;
}
