// The submission pool: a few tasks at a time are parked and submitted while the reconcile loop continues.
import { abortWith } from '../../base/abort-with.ts';
import { sleepUnlessStopped } from '../../base/sleep-unless-stopped.ts';
import type { DaemonDeps } from '../deps.ts';
import type { Entry } from '../journal/entry.ts';
import { returnToQueue } from '../reconcile/return-to-queue.ts';
import type { Backoff } from './backoff.ts';

/** The cluster accepts no more jobs now: the parked task returns to the front of its queue. */
export interface Backpressure {
  readonly returning: Entry;
  readonly why: string;
}

/** `unknown` starts the backoff, as backpressure does; `none` means that no job was submitted for another reason. */
export type SubmitResult = 'accepted' | 'unknown' | 'none' | Backpressure;

export interface SubmissionPool {
  hasFreeSlot(): boolean;
  /**
   * Starts a submission, or returns false if there is no free slot. No other code touches the task until the submission ends; an
   * error is logged, and a later pass resumes the task.
   */
  start(entry: Entry, submission: () => Promise<SubmitResult>): boolean;
  /** Resolves when a slot is free, at the latest at `until` (milliseconds since 1970) or when the signal aborts. */
  waitForSlot(until: number, signal: AbortSignal): Promise<void>;
  /** Resolves when all submissions have ended. */
  finish(): Promise<void>;
}

/** At any time about half of them wait for sbatch, which takes about as long as a submission's requests to ClearML. */
const MAX_CONCURRENT = 8;

export function createSubmissionPool(deps: DaemonDeps, backoff: Backoff): SubmissionPool {
  const { clock, rateLimit } = deps;
  /** In start order. */
  const running = new Set<Promise<void>>();

  async function run(
    entry: Entry,
    submission: () => Promise<SubmitResult>,
    waitForLater: () => Promise<unknown>,
  ): Promise<void> {
    try {
      const result = await submission();
      if (result === 'accepted') backoff.succeeded();
      else if (result !== 'none') backoff.failed(clock.now());
      if (typeof result === 'string') return;
      // Each task returns to the very front of its queue, so the order is kept only if the oldest returns last.
      await waitForLater();
      await returnToQueue(deps, result.returning, { isParked: true, why: result.why });
    } catch (error) {
      deps.log.warn('Submission interrupted; resuming in the next pass', {
        task: entry.task,
        queue: entry.queueName,
        err: error,
      });
    } finally {
      deps.busy.delete(entry.task);
    }
  }

  function hasFreeSlot(): boolean {
    return running.size < MAX_CONCURRENT && rateLimit.waitMs(clock.now()) === 0;
  }

  return {
    hasFreeSlot,
    start(entry, submission) {
      if (!hasFreeSlot()) return false;
      rateLimit.spend(clock.now());
      deps.busy.add(entry.task);
      const waitForLater = (): Promise<unknown> => {
        const all = [...running];
        return Promise.all(all.slice(all.indexOf(started) + 1));
      };
      const started = run(entry, submission, waitForLater).finally(() => running.delete(started));
      running.add(started);
      return true;
    },
    async waitForSlot(until, signal) {
      while (!hasFreeSlot() && !signal.aborted && clock.now() < until) {
        const isFull = running.size >= MAX_CONCURRENT;
        const leftMs = until - clock.now();
        const wake = new AbortController();
        const unlink = abortWith(wake, [signal]);
        const sleepMs = isFull ? leftMs : Math.min(leftMs, rateLimit.waitMs(clock.now()));
        const slept = sleepUnlessStopped(clock, sleepMs, wake.signal);
        await Promise.race(isFull ? [...running, slept] : [slept]);
        unlink();
        wake.abort();
      }
    },
    async finish() {
      await Promise.all(running);
    },
  };
}
