// The pace of calls to one cluster: one bucket of tokens for all that we ask of it, because the controller is shared by everybody.
import type { Clock } from '../base/clock.ts';
import type { ClusterFacts, Scheduler } from './scheduler.ts';

/** So many calls a second, after a burst of so many. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export interface RateLimit {
  /** How long until the next submission may begin, in milliseconds; 0 when it may begin now. */
  waitMs(now: number): number;
  /** A submission begins, which has waited until it might. */
  spend(now: number): void;
  /**
   * Another call begins, which waits for nothing. It takes what a submission would, but never the last one, and at most half of
   * what has come in since the call before: however slow the pace, and however many the looks, submissions go on at half of it.
   */
  spendAside(now: number): void;
  /** How long Slurm took for its list of jobs: one that is busy is asked less. */
  heard(tookMs: number): void;
}

/** After a rest, what these seconds would have allowed may begin at once. */
const BURST_SECONDS = 2;
/** Of what the controller allows one user, who may want to ask something himself. */
const SHARE = 0.8;
/** A controller that takes longer for one list is a busy one. */
const PROMPT_MS = 1_000;

/**
 * The rate that an admin has set, or less where the controller itself allows less: a call that is too early is not refused, but
 * waits inside the command, and holds up the ones behind it (slurm.conf(5), rl_enable).
 * @param perSecond more than 0
 */
export function callRate(perSecond: number, limit: ClusterFacts['callLimit']): Rate {
  const wanted = { perSecond, burst: Math.max(1, BURST_SECONDS * perSecond) };
  if (limit === undefined) return wanted;
  return {
    perSecond: Math.min(wanted.perSecond, SHARE * limit.perSecond),
    burst: Math.max(1, Math.min(wanted.burst, SHARE * limit.burst)),
  };
}

export function createRateLimit({ perSecond, burst }: Rate): RateLimit {
  let left = burst;
  let countedAt: number | undefined;
  let slowness = 1;

  function count(now: number): void {
    // A clock that was set back brings nothing.
    const restedMs = Math.max(0, now - (countedAt ?? now));
    left = Math.min(burst, left + ((restedMs / 1000) * perSecond) / slowness);
    countedAt = now;
  }

  return {
    waitMs(now) {
      count(now);
      return left >= 1 ? 0 : Math.ceil(((1 - left) * slowness * 1000) / perSecond);
    },
    spend(now) {
      count(now);
      left -= 1;
    },
    spendAside(now) {
      const before = left;
      count(now);
      left = left >= 1 ? Math.max(1, left - 1) : left - (left - before) / 2;
    },
    heard(tookMs) {
      slowness = Math.max(1, tookMs / PROMPT_MS);
    },
  };
}

/** The same scheduler, whose looks and cancellations take from the pace and never wait for it. Who submits waits, and spends, himself. */
export function withRateLimit(scheduler: Scheduler, pace: RateLimit, clock: Clock): Scheduler {
  const spend = (): void => pace.spendAside(clock.now());
  return {
    facts(signal) {
      spend();
      return scheduler.facts(signal);
    },
    submit: (submission) => scheduler.submit(submission),
    async list(signal) {
      spend();
      const askedAt = clock.now();
      const answer = await scheduler.list(signal);
      pace.heard(clock.now() - askedAt);
      return answer;
    },
    listAllUsers(signal) {
      spend();
      return scheduler.listAllUsers(signal);
    },
    lookUp(names, since, signal) {
      spend();
      return scheduler.lookUp(names, since, signal);
    },
    record(id, options) {
      spend();
      return scheduler.record(id, options);
    },
    cancel(ids, signal) {
      spend();
      return scheduler.cancel(ids, signal);
    },
  };
}
