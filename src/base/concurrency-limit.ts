// Limits how many calls run at the same time: Slurm commands, because all users of the cluster share the controller, and work for many tasks.
import { setMaxListeners } from 'node:events';
import { sleepUnlessStopped, type Clock } from './clock.ts';

export interface LimitedCall {
  /** The mapped user that its command runs as; undefined if no mapped user can stop it. */
  readonly user?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ConcurrencyLimit {
  /**
   * Runs the call when a slot is free, in the order of the requests, but those of a user who has the permitted number of calls let others
   * pass. Rejects with the signal's reason if it is aborted before.
   */
  run<Result>(call: () => Promise<Result>, options?: LimitedCall): Promise<Result>;
}

/** Keeps mapped users, who can stop their commands, from using all slots. */
export interface UserLimit {
  /** How many calls one user may have at a time. */
  readonly perUser: number;
  readonly clock: Pick<Clock, 'sleep'>;
}

interface Waiting {
  readonly user: string | undefined;
  readonly proceed: () => void;
}

/** A call of a mapped user that takes longer keeps no other from a slot: it hardly keeps the controller busy. */
const HOLDS_SLOT_MS = 5_000;

/** @param users needed only if calls have a user */
export function createConcurrencyLimit(count: number, users?: UserLimit): ConcurrencyLimit {
  let free = count;
  /** The running calls of each user. */
  const active = new Map<string | undefined, number>();
  const waiting: Waiting[] = [];

  function activeOf(user: string | undefined): number {
    return active.get(user) ?? 0;
  }

  function mayStart({ user }: Waiting): boolean {
    return user === undefined || users === undefined || activeOf(user) < users.perUser;
  }

  function startNext(): void {
    while (free > 0) {
      const at = waiting.findIndex(mayStart);
      const [next] = at < 0 ? [] : waiting.splice(at, 1);
      if (next === undefined) return;
      free -= 1;
      active.set(next.user, activeOf(next.user) + 1);
      next.proceed();
    }
  }

  function acquireSlot({ user, signal }: LimitedCall): Promise<void> {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const request: Waiting = {
        user,
        proceed() {
          signal?.removeEventListener('abort', giveUp);
          resolve();
        },
      };
      function giveUp(): void {
        waiting.splice(waiting.indexOf(request), 1);
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal?.reason }));
      }
      waiting.push(request);
      // The lists of all mapped users listen to it.
      if (signal !== undefined) setMaxListeners(0, signal);
      signal?.addEventListener('abort', giveUp, { once: true });
      startNext();
    });
  }

  return {
    async run(call, options = {}) {
      const { user } = options;
      await acquireSlot(options);
      const ended = user === undefined ? undefined : new AbortController();
      let hasSlot = true;

      function returnSlot(): void {
        if (hasSlot) free += 1;
        hasSlot = false;
        startNext();
      }

      if (ended !== undefined && users !== undefined)
        void sleepUnlessStopped(users.clock, HOLDS_SLOT_MS, ended.signal).then((isLong) => isLong && returnSlot());
      try {
        return await call();
      } finally {
        ended?.abort();
        active.set(user, activeOf(user) - 1);
        returnSlot();
      }
    },
  };
}

/**
 * Calls `work` for each item in order, with at most this many calls at a time. After a failure no new call starts, and the first
 * error is thrown once the running calls have ended.
 */
export async function inParallel<Item>(
  items: Iterable<Item>,
  atOnce: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  let failure: { readonly error: unknown } | undefined;

  async function worker(): Promise<void> {
    for (let next = rest.next(); next.done !== true && failure === undefined; next = rest.next()) {
      try {
        await work(next.value);
      } catch (error) {
        failure ??= { error };
      }
    }
  }

  await Promise.all(Array.from({ length: atOnce }, worker));
  if (failure !== undefined) throw failure.error;
}
