// What a daemon does so that it and its peers together exceed a limit by at most one job of each peer.
import type { Clock } from '../../base/clock.ts';
import type { Snapshot } from '../poll/poll.ts';
import { LOAD_FACTOR } from '../poll/poll-interval.ts';
import { MAX_TOGETHER } from '../submit/submission-pool.ts';
import { jobsOfOwner, type JobCounts } from './count-limit-use.ts';
import type { ClaimState, Head } from './plan-claims.ts';
import type { Limits } from '../../base/job-limits.ts';

/** A limit is near while it permits at most so many further jobs, nodes or GPUs. */
const FEW = 2 * MAX_TOGETHER;

/** A job may have many nodes or GPUs, so their limits are near while this part of them is left. */
const NEAR_PART = 0.5;

/** Less than a job takes from parking to its gate, where it leaves the scheduler queue. */
const MAX_GAP_MS = 1_000;

/** The first of these tasks, as long as each limit that applies to them permits many further jobs. */
export function headsFarFromLimits(state: ClaimState, heads: readonly Head[]): readonly Head[] {
  const near = heads.findIndex((head) => isNearLimit(state, head));
  return near === -1 ? heads : heads.slice(0, near);
}

function isNearLimit(state: ClaimState, { queue, entry }: Head): boolean {
  const owner = state.ownerOf(entry.task);
  const ofQueue = state.queues.find((waiting) => waiting.queue === queue)?.counts;
  return (
    isNear(state.limits, state.counts, owner) || (ofQueue !== undefined && isNear(queue.limits ?? {}, ofQueue, owner))
  );
}

function isNear(limits: Limits, counts: JobCounts, owner: string | undefined): boolean {
  const { maxJobs, maxWaitingJobs, maxJobsPerUser, maxNodes, maxGpus } = limits;
  return (
    leftOf(maxJobs, counts.jobs) <= FEW ||
    leftOf(maxWaitingJobs, counts.waiting) <= FEW ||
    (owner !== undefined && leftOf(maxJobsPerUser, jobsOfOwner(counts, owner)) <= FEW) ||
    leftOf(maxNodes, counts.nodes) <= Math.max(FEW, NEAR_PART * (maxNodes ?? 0)) ||
    leftOf(maxGpus, counts.gpus) <= Math.max(FEW, NEAR_PART * (maxGpus ?? 0))
  );
}

function leftOf(limit: number | undefined, count: number): number {
  return limit === undefined ? Infinity : limit - count;
}

/** Whether the daemon may have missed a job of a peer: one that left the scheduler queue between two readings of it. */
export interface PeerWatch {
  /** Notes that Slurm has listed the jobs whose tasks have left the scheduler queue. */
  listed(list: Pick<Snapshot, 'listedAt' | 'slurmMs'>): void;
  /** Notes a reading of the scheduler queue. @param from when it began */
  read(from: number): void;
  /** Whether a job may have been missed, and Slurm may list the jobs again without more load than polls may cause. */
  mustListAgain(): boolean;
}

export function createPeerWatch(clock: Pick<Clock, 'now'>): PeerWatch {
  let seenAt = -Infinity;
  let mayListAt = -Infinity;
  let isWithoutGap = true;
  return {
    listed({ listedAt, slurmMs }) {
      seenAt = listedAt + slurmMs;
      mayListAt = seenAt + Math.max(MAX_GAP_MS, LOAD_FACTOR * slurmMs);
      isWithoutGap = true;
    },
    read(from) {
      const now = clock.now();
      isWithoutGap &&= now >= seenAt && now - seenAt <= MAX_GAP_MS;
      seenAt = from;
    },
    mustListAgain: () => !isWithoutGap && clock.now() >= mayListAt,
  };
}
