// A token bucket that limits the calls to a server that many users share.

/** Calls per second, and the size of a burst. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export interface RateLimit {
  /** Milliseconds until this many tokens are there, one by default and a burst at most; 0 if they are there now. */
  waitMs(now: number, count?: number): number;
  /** A call starts, after waiting. */
  spend(now: number): void;
  /**
   * Another call starts, which never waits. It uses a token too, but never the last one, and at most half of the tokens that were
   * added since the call before: the calls that wait always keep half of the rate.
   */
  spendAside(now: number): void;
  /** How many times slower than usual the server is: it gets fewer calls. */
  slow(factor: number): void;
}

/** The burst is the rate of this many seconds. */
const BURST_SECONDS = 2;

/** A burst is at least one call. @param perSecond more than 0 */
export function rateOf(perSecond: number): Rate {
  return { perSecond, burst: Math.max(1, BURST_SECONDS * perSecond) };
}

export function createRateLimit({ perSecond, burst }: Rate): RateLimit {
  let left = burst;
  let countedAt: number | undefined;
  let slowness = 1;

  function refill(now: number): void {
    // A clock that was set back adds no tokens.
    const restedMs = Math.max(0, now - (countedAt ?? now));
    left = Math.min(burst, left + ((restedMs / 1000) * perSecond) / slowness);
    countedAt = now;
  }

  return {
    waitMs(now, count = 1) {
      refill(now);
      const wanted = Math.min(count, burst);
      return left >= wanted ? 0 : Math.ceil(((wanted - left) * slowness * 1000) / perSecond);
    },
    spend(now) {
      refill(now);
      left -= 1;
    },
    spendAside(now) {
      const before = left;
      refill(now);
      left = left >= 1 ? Math.max(1, left - 1) : left - (left - before) / 2;
    },
    slow(factor) {
      slowness = Math.max(1, factor);
    },
  };
}
