// Backoff: longer after each failure in a row. Between the attempts of one task, and in claiming while the cluster takes no jobs.

const FIRST_MS = 15_000;
const LONGEST_MS = 300_000;

/** How long to wait after this many failures in a row, in milliseconds; `jitter` (0 to 1) keeps daemons and tasks from acting in step. */
export function backoffMs(failures: number, jitter: number): number {
  if (failures <= 0) return 0;
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 20));
  return Math.round(full * (0.75 + 0.25 * jitter));
}

export interface Backoff {
  /** When tasks may be taken again, milliseconds since 1970; 0 when they may be taken now. */
  until(): number;
  /** The cluster took nothing. Of several refusals during one pause only the first counts. */
  failed(now: number): void;
  succeeded(): void;
}

export function createBackoff(random: () => number): Backoff {
  let refusals = 0;
  let until = 0;

  return {
    until: () => until,
    failed(now) {
      if (now < until) return;
      refusals += 1;
      until = now + backoffMs(refusals, random());
    },
    succeeded() {
      refusals = 0;
      until = 0;
    },
  };
}
