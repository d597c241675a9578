// The backoff of claiming, while the cluster accepts no jobs.
import { backoffMs } from './backoff-ms.ts';
import { createFailureHolds, type FailureHolds } from './failed-submission-holds.ts';
import type { RefusalHolds } from './slurm-refusal-holds.ts';

/**
 * To claim a task and to return it to the front of its queue takes the ClearML server about 0.7 ms for each entry of the queue. While the
 * cluster is full and no job ends, this happens after so many milliseconds for each entry: 0.6 % of the server's time.
 */
const TRY_EVERY_MS_PER_ENTRY = 120;
const MAX_TRY_EVERY_MS = 1_800_000;

export interface Backoff {
  /** Undefined if there is only one queue without a user map: a limit of the queue is then one of all tasks. */
  readonly holds?: RefusalHolds | undefined;
  readonly failures: FailureHolds;
  /** When tasks may be claimed again, milliseconds since 1970; 0 if no submission failed, or if the clock was set back since. */
  until(now: number): number;
  /** Whether the last submission failed: a task is then submitted only while no other submission runs. */
  isFailing(): boolean;
  /**
   * How many tasks may be claimed together. While the cluster is full: as many as jobs have ended since, or one. Then it grows with each
   * accepted job. Without backpressure it is not limited.
   */
  room(): number;
  /** Records a failure. During one backoff only the first failure counts. */
  failed(now: number, options?: FailureOptions): void;
  succeeded(now: number): void;
  /** Records what a poll found. @param waiting the entries of the longest served queue @param ended how many jobs have ended since the last poll */
  polled(found: { readonly waiting: number; readonly ended: number }): void;
}

interface FailureOptions {
  /** A limit is reached, which holds until a job ends. */
  readonly isFull?: boolean;
  /** Of how many users the submissions fail, if their tasks may be the cause: with few of them, the others must not wait long. */
  readonly submitters?: number;
}

interface BackoffOptions {
  /**
   * Whether a limit that one task meets certainly holds for all tasks: only then may the cluster be tried rarely. With several queues or Unix
   * users, one of them alone may have reached its limit.
   */
  readonly isForAll?: boolean;
  readonly holds?: RefusalHolds | undefined;
  readonly hasSeveralQueues?: boolean;
}

export function createBackoff(
  random: () => number,
  { isForAll = false, holds, hasSeveralQueues = false }: BackoffOptions = {},
): Backoff {
  let failed = 0;
  let isFull = false;
  let longest = 0;
  /** Jobs that have ended since the cluster was full, without those that were accepted in their place. */
  let ended = 0;
  /** When a task may be claimed in place of an ended job, and when one may be claimed without that. */
  let due = { afterEnd: 0, anyway: 0 };
  let room = Infinity;
  let failedAt = 0;

  function until(now: number): number {
    if (now < failedAt) return 0;
    return ended > 0 ? due.afterEnd : due.anyway;
  }

  function reset(): void {
    failed = 0;
    isFull = false;
    ended = 0;
    due = { afterEnd: 0, anyway: 0 };
  }

  return {
    holds,
    failures: createFailureHolds(random, { hasSeveralQueues }),
    until,
    isFailing: () => failed > 0,
    room: () => (failed > 0 ? Math.max(1, ended) : room),
    failed(now, options) {
      if (now < until(now)) return;
      failed += 1;
      failedAt = now;
      isFull = isForAll && options?.isFull === true;
      ended = 0;
      room = isFull ? 1 : room;
      const waitMs = backoffMs(Math.min(failed, options?.submitters ?? failed), random());
      const longMs = isFull ? Math.min(MAX_TRY_EVERY_MS, TRY_EVERY_MS_PER_ENTRY * longest) : 0;
      due = { afterEnd: now + waitMs, anyway: now + Math.max(waitMs, longMs) };
    },
    succeeded(now) {
      // A job in place of an ended one does not show that there is room for more, nor does one that was submitted before Slurm said so.
      if (isFull && ended > 0) {
        ended -= 1;
        return;
      }
      if (isFull && now >= failedAt && now < due.anyway) return;
      reset();
      room += 1;
    },
    polled(found) {
      longest = found.waiting;
      if (isFull) ended += found.ended;
    },
  };
}
