// How soon a host may be logged in to again: sites ban those who come back too often, and a person who mends something waits.

export interface LoginBackoff {
  /** At least so long between two logins. */
  readonly firstMs: number;
  /** At most so long, after doubling with each login that failed or did not last. */
  readonly mostMs: number;
}

export const defaultLoginBackoff: LoginBackoff = { firstMs: 5_000, mostMs: 300_000 };

/** A connection that lasted so long was a good one: the next login is not held back for it. */
export const LASTING_MS = 60_000;

/**
 * The least time between the last login and the next.
 * @param inVain how many logins in a row failed or did not last
 * @param random from 0 to 1: up to a quarter is taken off, so that many daemons don't come back at once
 */
export function loginDelayMs({ firstMs, mostMs }: LoginBackoff, inVain: number, random: number): number {
  return Math.min(mostMs, firstMs * 2 ** inVain) * (1 - random / 4);
}
