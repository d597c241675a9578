// After a timeout of sacct, the next calls fail at once for a while: each would wait as long for a database that does not respond.
import { UserHeldError } from '../transport/errors.ts';
import { SlurmUnavailableError } from './errors.ts';

export interface SacctBackoff {
  /** @throws SlurmUnavailableError during the backoff */
  check(user: string | undefined): void;
  timedOut(user: string | undefined): void;
  responded(user: string | undefined): void;
}

const FIRST_MS = 60_000;
const MOST_MS = 600_000;
/** Short, because a few users can cause it. */
const FOR_OTHERS_MS = 10_000;

/**
 * For each Unix user as whom sacct runs, because sudo can hang for one of them. After timeouts for two users in a row, for all whose last
 * call got no response; if another call times out then, for all.
 * @param now milliseconds, never set back
 */
export function createSacctBackoff(now: () => number): SacctBackoff {
  const perUser = new Map<string | undefined, { readonly timeouts: number; readonly until: number }>();
  const healthy = new Set<string | undefined>();
  const sinceResponse = new Set<string | undefined>();
  let untilForOthers = -Infinity;

  return {
    check(user) {
      const isOfOwn = now() < (perUser.get(user)?.until ?? -Infinity);
      if (!isOfOwn && (healthy.has(user) || now() >= untilForOthers)) return;
      const cause = isOfOwn && user !== undefined ? new UserHeldError('sacct', user) : undefined;
      throw new SlurmUnavailableError('accounting is not queried for a while, because sacct timed out', { cause });
    },
    timedOut(user) {
      const timeouts = (perUser.get(user)?.timeouts ?? 0) + 1;
      perUser.set(user, { timeouts, until: now() + delayMs(timeouts) });
      if (now() < untilForOthers) healthy.clear();
      else healthy.delete(user);
      // Only the first timeout of each user: some of them could prevent the queries of all others for ever.
      if (sinceResponse.has(user)) return;
      sinceResponse.add(user);
      if (sinceResponse.size > 1) untilForOthers = now() + FOR_OTHERS_MS;
    },
    responded(user) {
      perUser.delete(user);
      healthy.add(user);
      sinceResponse.clear();
      untilForOthers = -Infinity;
    },
  };
}

function delayMs(timeouts: number): number {
  return Math.min(MOST_MS, FIRST_MS * 2 ** (timeouts - 1));
}
