// Decides whether a round is at rest, or never will be, by activity and not by time alone.

/** What one look at the whole round showed. */
export interface RestSample {
  /** The status of all tasks as one text; undefined while a task or a job is active, or if the server did not respond. */
  readonly state: string | undefined;
  /** Whatever shows that something goes on: it only has to differ from the one before. */
  readonly activity: string;
  /** Tasks that a daemon still has something to do for. */
  readonly isTracked: boolean;
  /** How many polls each daemon has finished since the round began. */
  readonly polls: readonly number[];
}

export type Rest =
  { readonly kind: 'under way' } | { readonly kind: 'at rest'; readonly sinceMs: number } | { readonly kind: 'never' };

export interface RestLimits {
  /** Nothing happens for so long: longer than any grace period of the daemons here. */
  readonly stillMs: number;
  /** A round that goes on for so long goes round in circles. */
  readonly longestMs: number;
}

/** Longer than what a daemon waits for before it corrects an end, where it tracks nothing that is written down. */
const QUIET_MS = 8_000;
/** Each daemon has looked so many times, and had nothing to do. */
const QUIET_POLLS = 3;
/** What a daemon still tracks it may be about to do something for, once a grace period is over. */
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
    return now - changedAt > stillMs || now - beganAt > longestMs ? { kind: 'never' } : { kind: 'under way' };
  };
}
