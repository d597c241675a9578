// A clock that only the simulation advances.
import type { Clock } from '../../src/base/clock.ts';

interface Sleeper {
  readonly owner: number;
  readonly wakeAt: number;
  readonly wake: () => void;
}

export interface SimulatedClock {
  now(): number;
  /** The clock for the daemon with this incarnation. */
  of(owner: number): Clock;
  /** When the next sleeper wakes. */
  nextWakeAt(): number | undefined;
  /** Advances the time and wakes the sleepers that are due. */
  pass(ms: number): void;
  /** Removes the sleepers of a dead daemon: they never wake. */
  drop(owner: number): void;
}

export function createSimulatedClock(startAt: number): SimulatedClock {
  let nowAt = startAt;
  const sleepers = new Set<Sleeper>();

  function sleepUntil(owner: number, wakeAt: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { owner, wakeAt, wake };
      function wake(): void {
        sleepers.delete(sleeper);
        signal?.removeEventListener('abort', giveUp);
        resolve();
      }
      function giveUp(): void {
        sleepers.delete(sleeper);
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      }
      sleepers.add(sleeper);
      signal?.addEventListener('abort', giveUp, { once: true });
      if (signal?.aborted === true) giveUp();
    });
  }

  return {
    now: () => nowAt,
    of: (owner) => ({
      now: () => nowAt,
      sleep: (ms, signal) => sleepUntil(owner, nowAt + ms, signal),
    }),
    nextWakeAt: () => [...sleepers].map(({ wakeAt }) => wakeAt).sort((a, b) => a - b)[0],
    pass(ms) {
      nowAt += ms;
      for (const sleeper of [...sleepers]) if (sleeper.wakeAt <= nowAt) sleeper.wake();
    },
    drop(owner) {
      for (const sleeper of sleepers) if (sleeper.owner === owner) sleepers.delete(sleeper);
    },
  };
}
