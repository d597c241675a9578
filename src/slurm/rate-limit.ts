// Limits the calls to one cluster with one token bucket, because all users share the controller.
import type { Clock } from '../base/clock.ts';
import type { ClusterFacts, Scheduler } from './scheduler.ts';

/** Calls per second, and the size of a burst. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export interface RateLimit {
  /** Milliseconds until the next submission may start; 0 if it may start now. */
  waitMs(now: number): number;
  /** A submission starts, after waiting. */
  spend(now: number): void;
  /**
   * Another call starts, which never waits. It uses a token like a submission, but never the last one, and at most half of the
   * tokens that were added since the call before: submissions always keep half of the rate.
   */
  spendAside(now: number): void;
  /** The duration of squeue: a slow controller gets fewer calls. */
  heard(tookMs: number): void;
}

/** The burst is the rate of this many seconds. */
const BURST_SECONDS = 2;
/** Our share of the controller's limit for one user, who may call Slurm too. */
const SHARE = 0.8;
/** A controller that takes longer for one list is busy. */
const PROMPT_MS = 1_000;

/**
 * The rate of the setting, or less if the controller limits calls: it does not reject a call that is too early, but lets it
 * wait inside the command, which delays the ones behind it (slurm.conf(5), rl_enable).
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
    // A clock that was set back adds no tokens.
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

/** The same scheduler; its polls and cancellations use tokens but never wait. Callers that submit wait and use tokens themselves. */
export function withRateLimit(scheduler: Scheduler, limit: RateLimit, clock: Clock): Scheduler {
  const spend = (): void => limit.spendAside(clock.now());
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
      limit.heard(clock.now() - askedAt);
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
    figures(jobs, signal) {
      spend();
      return scheduler.figures(jobs, signal);
    },
    cancel(jobs, signal) {
      jobs.forEach(spend);
      return scheduler.cancel(jobs, signal);
    },
  };
}
