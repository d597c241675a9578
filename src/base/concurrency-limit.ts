// Limits how many calls run at the same time: Slurm commands, because all users of the cluster share the controller, and work for many tasks.

export interface ConcurrencyLimit {
  /** Runs the call when a slot is free, in the order of the requests. Rejects with the signal's reason if it is aborted before. */
  run<Result>(call: () => Promise<Result>, signal?: AbortSignal): Promise<Result>;
}

export function createConcurrencyLimit(count: number): ConcurrencyLimit {
  let free = count;
  const waiting: (() => void)[] = [];

  function acquireSlot(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (free > 0) {
      free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      function proceed(): void {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      }
      function giveUp(): void {
        waiting.splice(waiting.indexOf(proceed), 1);
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal?.reason }));
      }
      waiting.push(proceed);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  return {
    async run(call, signal) {
      await acquireSlot(signal);
      try {
        return await call();
      } finally {
        // Passed on directly, so that a later call never overtakes a waiting one.
        const next = waiting.shift();
        if (next === undefined) free += 1;
        else next();
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
