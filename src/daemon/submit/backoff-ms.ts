// Backoff with jitter, longer after each failure in a row: between the attempts of one task, and for claiming under backpressure.

const FIRST_MS = 15_000;
const MAX_MS = 300_000;

/** Returns the wait after this many failures in a row, in milliseconds. `jitter` (0 to 1) keeps daemons and tasks from acting in step. */
export function backoffMs(failures: number, jitter: number): number {
  if (failures <= 0) return 0;
  const full = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(failures - 1, 20));
  return Math.round(full * (0.75 + 0.25 * jitter));
}
