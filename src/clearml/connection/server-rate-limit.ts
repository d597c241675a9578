// Limits a daemon's calls to the ClearML server, which also serves the web pages and the experiments of all users.
import type { Clock } from '../../base/clock.ts';
import { pastTime } from '../../base/past-time.ts';
import { createRateLimit, rateOf } from '../../base/token-bucket.ts';
import type { Logger } from '../../log/logger.ts';

/**
 * Every call counts, and only new claims wait: a heartbeat, a claimed task and the end of an aborted one never do. While the server is
 * slow, or asks for fewer calls (429, 503), new claims wait longer.
 */
export interface ServerRateLimit {
  /** Milliseconds until new work with this many calls may begin; 0 if it may begin now. */
  waitMs(now: number, calls: number): number;
  /** A call of this endpoint starts. */
  started(endpoint: string): void;
  /** A call was answered. @param tookMs if it is one that takes the same time whatever it reads */
  answered(tookMs?: number): void;
  /** The server is busy. @param retryAfterMs when it wants to be asked again, if it says so */
  refused(retryAfterMs: number | undefined): void;
}

/** The calls of a claim are paid in full, if need be by the next claims. All others leave half of the rate to claims. */
const CLAIM_CALLS = ['queues.get_next_task', 'queues.add_task', 'tasks.edit_hyper_params', 'events.add_batch'];

/** A server that takes longer for a short call, such as the pop of a task, is busy. */
const PROMPT_MS = 300;
/** The share of the newest answer in the average. */
const WEIGHT = 0.1;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;
/** A proxy may ask for hours by mistake, and the daemon would claim nothing until then. */
const MAX_ASKED_MS = 10 * 60_000;

interface RateLimitOptions {
  readonly log: Pick<Logger, 'warn'>;
  /** 0 to 1; jitter that keeps daemons from returning at the same moment. */
  readonly random?: () => number;
}

export function createServerRateLimit(
  perSecond: number,
  clock: Clock,
  { log, random = Math.random }: RateLimitOptions,
): ServerRateLimit {
  const limit = createRateLimit(rateOf(perSecond));
  let averageMs = 0;
  let refusals = 0;
  let refusedAt: number | undefined;
  let pausedUntil = 0;
  /** Until when the server asked for no calls. */
  let askedUntil = 0;
  let isLongWaitLogged = false;

  function limitAsked(retryAfterMs: number): number {
    if (retryAfterMs <= MAX_ASKED_MS) return retryAfterMs;
    if (!isLongWaitLogged)
      log.warn('ClearML requests a delay (Retry-After) of more than ten minutes; claiming again after ten minutes', {
        seconds: Math.round(retryAfterMs / 1000),
      });
    isLongWaitLogged = true;
    return MAX_ASKED_MS;
  }

  /** 0 if the clock was set back since the refusal. */
  function pauseLeft(now: number): number {
    return pastTime(refusedAt, now) === undefined ? 0 : Math.max(0, pausedUntil - now);
  }

  return {
    waitMs: (now, calls) => Math.max(pauseLeft(now), limit.waitMs(now, calls)),
    started(endpoint) {
      if (CLAIM_CALLS.includes(endpoint)) limit.spend(clock.now());
      else limit.spendAside(clock.now());
    },
    answered(tookMs) {
      refusals = 0;
      pausedUntil = Math.min(pausedUntil, Math.max(askedUntil, clock.now() + FIRST_PAUSE_MS));
      if (tookMs === undefined) return;
      averageMs += WEIGHT * (tookMs - averageMs);
      limit.slow(averageMs / PROMPT_MS);
    },
    refused(retryAfterMs = 0) {
      const now = clock.now();
      // The refusals of calls that were on their way together count once.
      if (pauseLeft(now) > 0) return;
      refusedAt = now;
      const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(refusals, 10));
      const jitter = 1 + 0.25 * random();
      refusals += 1;
      askedUntil = now + Math.round(limitAsked(retryAfterMs) * jitter);
      pausedUntil = Math.max(askedUntil, now + Math.round(pauseMs * jitter));
    },
  };
}
