// Submissions under way: a few at a time, beside everything else that the daemon does.
import type { Entry } from './entry.ts';
import type { Glue } from './glue.ts';
import type { Pause } from './pause.ts';

/** What became of one: `full` and `down` mean that the cluster takes nothing for the moment, `none` that it was not asked. */
export type SubmitResult = 'accepted' | 'full' | 'down' | 'none';

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

/** So many sbatch at a time: more are not faster (the controller takes one at a time) and starve the polls. */
const AT_ONCE = 4;

export function createWays(glue: Glue, pause: Pause): Ways {
  const underWay = new Set<Promise<void>>();

  async function follow(entry: Entry, way: () => Promise<SubmitResult>): Promise<void> {
    try {
      const result = await way();
      if (result === 'accepted') pause.accepted();
      else if (result !== 'none') pause.refused(glue.clock.now());
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

  return {
    hasRoom: () => underWay.size < AT_ONCE,
    begin(entry, way) {
      if (underWay.size >= AT_ONCE) return false;
      glue.busy.add(entry.task);
      const followed = follow(entry, way).finally(() => underWay.delete(followed));
      underWay.add(followed);
      return true;
    },
    async waitForRoom(until, signal) {
      if (underWay.size < AT_ONCE || signal.aborted) return;
      const enough = new AbortController();
      const stop = (): void => enough.abort();
      signal.addEventListener('abort', stop, { once: true });
      const deadline = glue.clock.sleep(Math.max(0, until - glue.clock.now()), enough.signal).catch(() => undefined);
      await Promise.race([...underWay, deadline]);
      signal.removeEventListener('abort', stop);
      enough.abort();
    },
    async finish() {
      await Promise.all(underWay);
    },
  };
}
