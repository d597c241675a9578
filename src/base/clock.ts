// The clock as a parameter, so that tests control it, and waits that a signal ends early.
import { setTimeout as sleep } from 'node:timers/promises';
import { abortWith } from './abort-with.ts';

export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Waits; rejects with the signal's reason as soon as the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    try {
      await sleep(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};

/**
 * Waits `ms` milliseconds or until the signal; returns false if the signal ended the wait. Other errors of the clock are thrown:
 * a loop whose wait fails immediately would never pause.
 */
export function sleepUnlessStopped(clock: Pick<Clock, 'sleep'>, ms: number, stop: AbortSignal): Promise<boolean> {
  return clock.sleep(ms, stop).then(
    () => true,
    (error: unknown) => {
      if (stop.aborted) return false;
      throw error;
    },
  );
}

/** Waits for the work, at most `ms` milliseconds or until the signal. Returns its result, or undefined if it continues. */
export async function waitAtMost<Result>(
  clock: Pick<Clock, 'sleep'>,
  ms: number,
  work: Promise<Result>,
  stop?: AbortSignal,
): Promise<Result | undefined> {
  const over = new AbortController();
  const unlink = abortWith(over, stop === undefined ? [] : [stop]);
  try {
    return await Promise.race([work, sleepUnlessStopped(clock, ms, over.signal).then(() => undefined)]);
  } finally {
    unlink();
    over.abort();
  }
}
