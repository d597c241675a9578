// The pace of submissions: a few at once, then so many a second, because the controller is shared by everybody on the cluster.

export interface SubmitPace {
  /** How long until the next one may begin, in milliseconds; 0 when it may begin now. */
  waitMs(now: number): number;
  /** One begins. */
  spend(now: number): void;
}

/** After a rest, what these seconds would have allowed may begin at once. */
const BURST_SECONDS = 2;

/** @param perSecond more than 0 */
export function createSubmitPace(perSecond: number): SubmitPace {
  const most = Math.max(1, BURST_SECONDS * perSecond);
  let left = most;
  let countedAt: number | undefined;

  function count(now: number): void {
    // A clock that was set back brings nothing.
    const restedMs = Math.max(0, now - (countedAt ?? now));
    left = Math.min(most, left + (restedMs / 1000) * perSecond);
    countedAt = now;
  }

  return {
    waitMs(now) {
      count(now);
      return left >= 1 ? 0 : Math.ceil(((1 - left) / perSecond) * 1000);
    },
    spend(now) {
      count(now);
      left -= 1;
    },
  };
}
