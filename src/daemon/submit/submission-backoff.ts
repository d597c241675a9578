// Backoff with jitter, longer after each failure in a row: between the attempts of one task, and for claiming under backpressure.

const FIRST_MS = 15_000;
const MAX_MS = 300_000;

/** Returns the wait after this many failures in a row, in milliseconds. `jitter` (0 to 1) keeps daemons and tasks from acting in step. */
export function backoffMs(failures: number, jitter: number): number {
  if (failures <= 0) return 0;
  const full = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(failures - 1, 20));
  return Math.round(full * (0.75 + 0.25 * jitter));
}

export interface Backoff {
  /** When tasks may be claimed again, milliseconds since 1970; 0 if they may be claimed now. */
  until(): number;
  /** Whether the last submission failed: one task is then claimed first, to see whether the cluster accepts jobs again. */
  isFailing(): boolean;
  /** Records backpressure. During one backoff only the first failure counts. */
  failed(now: number): void;
  succeeded(): void;
}

export function createBackoff(random: () => number): Backoff {
  let failures = 0;
  let until = 0;

  return {
    until: () => until,
    isFailing: () => failures > 0,
    failed(now) {
      if (now < until) return;
      failures += 1;
      until = now + backoffMs(failures, random());
    },
    succeeded() {
      failures = 0;
      until = 0;
    },
  };
}
