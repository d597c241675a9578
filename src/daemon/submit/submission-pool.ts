// Submissions under way: a few at a time, beside everything else that the daemon does.
import { sleepUnlessStopped } from '../../base/sleep-unless-stopped.ts';
import type { Entry } from '../journal/entry.ts';
import { giveBack } from '../reconcile/return-to-queue.ts';
import type { Glue } from '../deps.ts';
import type { Backoff } from './backoff.ts';

/** The cluster takes nothing for the moment: the task, which is parked, is to return to the front of its queue. */
export interface Refused {
  readonly refused: Entry;
  readonly why: string;
}

/** What became of one: `unknown` is a reason to wait as well, `none` means that the cluster was not asked. */
export type SubmitResult = 'accepted' | 'unknown' | 'none' | Refused;

export interface Ways {
  /** Whether another one may begin. */
  hasRoom(): boolean;
  /**
   * Begins it, and returns false where there is no room. Until it has ended nobody else touches the task; what goes wrong is
   * taken up again by a later round.
   */
  begin(entry: Entry, way: () => Promise<SubmitResult>): boolean;
  /** Resolves when there is room, and at this time or the signal at the latest. */
  waitForRoom(until: number, signal: AbortSignal): Promise<void>;
  /** Resolves when all have ended. */
  finish(): Promise<void>;
}

/** So many on their way at a time: half of them at sbatch, which takes about as long as all that ClearML is asked. */
const AT_ONCE = 8;

export function createWays(glue: Glue, pause: Backoff): Ways {
  const { clock, pace } = glue;
  /** In the order in which they began. */
  const underWay = new Set<Promise<void>>();

  async function follow(
    entry: Entry,
    way: () => Promise<SubmitResult>,
    younger: () => Promise<unknown>,
  ): Promise<void> {
    try {
      const result = await way();
      if (result === 'accepted') pause.accepted();
      else if (result !== 'none') pause.refused(clock.now());
      if (typeof result === 'string') return;
      // Each goes to the very front: so that they stand in their old order, the one that was first goes last.
      await younger();
      await giveBack(glue, result.refused, { isParked: true, why: result.why });
    } catch (error) {
      glue.log.warn('The task did not get to Slurm yet; it goes on from where it is', {
        task: entry.task,
        queue: entry.queueName,
        err: error,
      });
    } finally {
      glue.busy.delete(entry.task);
    }
  }

  function hasRoom(): boolean {
    return underWay.size < AT_ONCE && pace.waitMs(clock.now()) === 0;
  }

  return {
    hasRoom,
    begin(entry, way) {
      if (!hasRoom()) return false;
      pace.spend(clock.now());
      glue.busy.add(entry.task);
      const younger = (): Promise<unknown> => {
        const all = [...underWay];
        return Promise.all(all.slice(all.indexOf(followed) + 1));
      };
      const followed = follow(entry, way, younger).finally(() => underWay.delete(followed));
      underWay.add(followed);
      return true;
    },
    async waitForRoom(until, signal) {
      while (!hasRoom() && !signal.aborted && clock.now() < until) {
        const isCrowded = underWay.size >= AT_ONCE;
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
