// Decides whether a round is at rest, or never will be, by activity and not by time alone.

/** The state of the whole round at one moment. */
export interface RestSample {
  /** The status of all tasks as one text; undefined while a task or a job is active, or if the server did not respond. */
  readonly state: string | undefined;
  /** A text that changes whenever anything happens in the round. */
  readonly activity: string;
  /** Whether a daemon has tasks in its journal. */
  readonly isTracked: boolean;
  /** How many polls each daemon has finished since the round started. */
  readonly polls: readonly number[];
}

export type Rest =
  { readonly kind: 'pending' } | { readonly kind: 'at rest'; readonly sinceMs: number } | { readonly kind: 'never' };

export interface RestLimits {
  /** If nothing happens for this long, the round never comes to rest: it is longer than any grace period of the daemons. */
  readonly stillMs: number;
  /** A round that has not come to rest after this long repeats itself. */
  readonly longestMs: number;
}

/** Longer than a daemon waits before it corrects the end of a task that is not in its journal. */
const QUIET_MS = 8_000;
/** Each daemon must poll this many times without finding anything to do. */
const QUIET_POLLS = 3;
/** Longer, because a daemon may act for a task that it tracks when a grace period is over. */
const TRACKED_QUIET_MS = 30_000;

/** @param beganAt when the last fault was over; times are milliseconds of one clock */
export function createRest(
  beganAt: number,
  { stillMs, longestMs }: RestLimits,
): (now: number, look: RestSample) => Rest {
  let activity = '';
  let changedAt = beganAt;
  let quiet: { readonly since: number; readonly polls: readonly number[] } | undefined;
  let before: string | undefined;

  return (now, look) => {
    const isChanged = look.activity !== activity;
    if (isChanged) changedAt = now;
    activity = look.activity;
    if (isChanged || look.state === undefined || look.state !== before) quiet = undefined;
    before = look.state;
    if (look.state !== undefined) {
      quiet ??= { since: now, polls: look.polls };
      const haveAllPolled = look.polls.every((count, index) => count - (quiet?.polls[index] ?? 0) >= QUIET_POLLS);
      const enoughMs = look.isTracked ? TRACKED_QUIET_MS : QUIET_MS;
      if (haveAllPolled && now - quiet.since >= enoughMs) return { kind: 'at rest', sinceMs: quiet.since - beganAt };
    }
    return now - changedAt > stillMs || now - beganAt > longestMs ? { kind: 'never' } : { kind: 'pending' };
  };
}
