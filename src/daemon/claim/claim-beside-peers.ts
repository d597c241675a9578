// Decides when a daemon that has peers claims one task at a time, so that together they exceed a limit by at most one job of each peer.
import type { Clock } from '../../base/clock.ts';
import type { Snapshot } from '../poll/poll.ts';
import { MAX_TOGETHER } from '../submit/submission-pool.ts';
import { jobsOfOwner } from './count-limit-use.ts';
import { countsSizes } from './limits-reached.ts';
import type { ClaimState, Head } from './plan-claims.ts';

/** The limits are near while they permit at most so many further jobs. */
const FEW_JOBS = 2 * MAX_TOGETHER;

/** Less than a job takes from parking to its gate, where it leaves the scheduler queue. */
const MAX_GAP_MS = 1_000;

/** Whether a limit that applies to this task permits only a few further jobs. Limits of nodes and GPUs count as near. */
export function isNearLimit(state: ClaimState, { queue, entry }: Head): boolean {
  const owner = state.ownerOf(entry.task);
  const ofQueue = state.queues.find((waiting) => waiting.queue === queue)?.counts;
  return [
    { limits: state.limits, counts: state.counts },
    { limits: queue.limits ?? {}, counts: ofQueue },
  ].some(({ limits, counts }) => {
    if (counts === undefined) return false;
    const { maxJobs, maxWaitingJobs, maxJobsPerUser } = limits;
    const left = [
      maxJobs === undefined ? Infinity : maxJobs - counts.jobs,
      maxWaitingJobs === undefined ? Infinity : maxWaitingJobs - counts.waiting,
      maxJobsPerUser === undefined || owner === undefined ? Infinity : maxJobsPerUser - jobsOfOwner(counts, owner),
    ];
    return countsSizes(limits) || Math.min(...left) <= FEW_JOBS;
  });
}

/** Whether the daemon has seen each task that peers had parked before they claimed the next. */
export interface PeerWatch {
  /** Starts with what a poll saw: a task in the scheduler queue, or its job. */
  polled(snapshot: Pick<Snapshot, 'listedAt'>): void;
  /** Notes a reading of the scheduler queue. @param from when it began */
  read(from: number): void;
  claimed(): void;
  /**
   * Whether another task may be claimed near a limit. If readings were too far apart, a peer's job may have started between them, which
   * only a poll shows: then one task after each poll.
   */
  mayClaim(): boolean;
}

export function createPeerWatch(clock: Pick<Clock, 'now'>): PeerWatch {
  let seenAt = -Infinity;
  let isWithoutGap = true;
  let hasClaimed = false;
  return {
    polled({ listedAt }) {
      seenAt = listedAt;
      isWithoutGap = true;
      hasClaimed = false;
    },
    read(from) {
      const now = clock.now();
      isWithoutGap &&= now >= seenAt && now - seenAt <= MAX_GAP_MS;
      seenAt = from;
    },
    claimed() {
      hasClaimed = true;
    },
    mayClaim: () => isWithoutGap || !hasClaimed,
  };
}
