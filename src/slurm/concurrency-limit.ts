// At most so many Slurm commands at once: the controller is shared by everybody on the cluster.

export interface ConcurrencyLimit {
  /** Runs the call when a slot is free, in the order asked. Rejects with the signal's reason when it is aborted before that. */
  run<Result>(call: () => Promise<Result>, signal?: AbortSignal): Promise<Result>;
}

export function createConcurrencyLimit(count: number): ConcurrencyLimit {
  let free = count;
  const waiting: (() => void)[] = [];

  function takeSlot(signal: AbortSignal | undefined): Promise<void> {
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
      await takeSlot(signal);
      try {
        return await call();
      } finally {
        // Handed on directly, so that nobody who asks later comes before one who waits.
        const next = waiting.shift();
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}
