// Submissions under way: a few at a time, beside everything else that the daemon does.
import { sleepUnlessStopped } from '../../base/sleep-unless-stopped.ts';
import type { Entry } from '../journal/entry.ts';
import { returnToQueue } from '../reconcile/return-to-queue.ts';
import type { DaemonDeps } from '../deps.ts';
import type { Backoff } from './backoff.ts';

/** The cluster takes nothing for the moment: the task, which is parked, is to return to the front of its queue. */
export interface Backpressure {
  readonly returning: Entry;
  readonly why: string;
}

/** What became of one: `unknown` is a reason to wait as well, `none` means that the cluster was not asked. */
export type SubmitResult = 'accepted' | 'unknown' | 'none' | Backpressure;

export interface SubmissionPool {
  /** Whether another one may begin. */
  hasFreeSlot(): boolean;
  /**
   * Begins it, and returns false where there is no room. Until it has ended nobody else touches the task; what goes wrong is
   * taken up again by a later round.
   */
  start(entry: Entry, way: () => Promise<SubmitResult>): boolean;
  /** Resolves when there is room, and at this time or the signal at the latest. */
  waitForSlot(until: number, signal: AbortSignal): Promise<void>;
  /** Resolves when all have ended. */
  finish(): Promise<void>;
}

/** So many on their way at a time: half of them at sbatch, which takes about as long as all that ClearML is asked. */
const MAX_CONCURRENT = 8;

export function createSubmissionPool(deps: DaemonDeps, backoff: Backoff): SubmissionPool {
  const { clock, rateLimit: pace } = deps;
  /** In the order in which they began. */
  const underWay = new Set<Promise<void>>();

  async function follow(
    entry: Entry,
    way: () => Promise<SubmitResult>,
    younger: () => Promise<unknown>,
  ): Promise<void> {
    try {
      const result = await way();
      if (result === 'accepted') backoff.succeeded();
      else if (result !== 'none') backoff.failed(clock.now());
      if (typeof result === 'string') return;
      // Each goes to the very front: so that they stand in their old order, the one that was first goes last.
      await younger();
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

  function hasRoom(): boolean {
    return underWay.size < MAX_CONCURRENT && pace.waitMs(clock.now()) === 0;
  }

  return {
    hasFreeSlot: hasRoom,
    start(entry, way) {
      if (!hasRoom()) return false;
      pace.spend(clock.now());
      deps.busy.add(entry.task);
      const younger = (): Promise<unknown> => {
        const all = [...underWay];
        return Promise.all(all.slice(all.indexOf(followed) + 1));
      };
      const followed = follow(entry, way, younger).finally(() => underWay.delete(followed));
      underWay.add(followed);
      return true;
    },
    async waitForSlot(until, signal) {
      while (!hasRoom() && !signal.aborted && clock.now() < until) {
        const isCrowded = underWay.size >= MAX_CONCURRENT;
        const leftMs = until - clock.now();
        const enough = new AbortController();
        const stop = (): void => enough.abort();
        signal.addEventListener('abort', stop, { once: true });
        const sleepMs = isCrowded ? leftMs : Math.min(leftMs, pace.waitMs(clock.now()));
        const slept = sleepUnlessStopped(clock, sleepMs, enough.signal);
        await Promise.race(isCrowded ? [...underWay, slept] : [slept]);
        signal.removeEventListener('abort', stop);
        enough.abort();
      }
    },
    async finish() {
      await Promise.all(underWay);
    },
  };
}
