// Backoff between logins: sites ban users who log in too often, but a user who fixed a problem should not wait long.

export interface LoginBackoff {
  /** The least time between two logins. */
  readonly firstMs: number;
  /** The maximum, reached by doubling for each login that failed or did not last. */
  readonly maxMs: number;
}

export const defaultLoginBackoff: LoginBackoff = { firstMs: 5_000, maxMs: 300_000 };

/** A connection that lasted this long resets the backoff. */
export const LASTING_MS = 60_000;

/**
 * The delay between the last login and the next.
 * @param failures logins in a row that failed or did not last
 * @param random 0 to 1: jitter shortens the delay by up to a quarter
 */
export function loginDelayMs({ firstMs, maxMs }: LoginBackoff, failures: number, random: number): number {
  return Math.min(maxMs, firstMs * 2 ** failures) * (1 - random / 4);
}
