// A history in memory, for daemons that run without a state directory.
import { attemptKey, isAccounted, type EndedAttempt } from '../../src/history/ended-attempt.ts';
import type { History } from '../../src/history/write-history.ts';

export interface MemoryHistory extends History {
  /** The latest record of each attempt. */
  readonly attempts: ReadonlyMap<string, EndedAttempt>;
}

export function createMemoryHistory(): MemoryHistory {
  const attempts = new Map<string, EndedAttempt>();
  const unaccounted = new Map<string, EndedAttempt>();
  return {
    attempts,
    unaccounted,
    record(attempt) {
      attempts.set(attemptKey(attempt), attempt);
      if (attempt.job !== undefined && !isAccounted(attempt)) unaccounted.set(attemptKey(attempt), attempt);
      else unaccounted.delete(attemptKey(attempt));
      return Promise.resolve();
    },
    giveUp: (attempt) => void unaccounted.delete(attemptKey(attempt)),
    close: () => Promise.resolve(),
  };
}
