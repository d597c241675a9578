// Times that this program noted earlier, after which something is due. If the clock was set back since, they are in the future.

/**
 * The time, or undefined if it is in the future: what is to happen some time after it would wait until the clock has caught up. Only for
 * times of this machine's clock: another clock may be ahead.
 */
export function pastTime(at: number | undefined, now: number): number | undefined {
  return at === undefined || at > now ? undefined : at;
}

/** Milliseconds since the time; Infinity if it is unknown or in the future, so that a wait since then is over. */
export function elapsedMs(since: number | undefined, now: number): number {
  return now - (pastTime(since, now) ?? -Infinity);
}

/** Whether it has begun and is not over. One that is to begin in the future is over: the clock was set back. */
export function isOngoing(
  period: { readonly since: number; readonly until: number } | undefined,
  now: number,
): boolean {
  return period !== undefined && period.since <= now && now < period.until;
}
