// A wait that a signal ends early, for callers that check the signal afterwards.
import type { Clock } from './clock.ts';

/**
 * Waits `ms` milliseconds or until the signal; returns false if the signal ended the wait. Other errors of the clock are thrown:
 * a loop whose wait fails immediately would never pause.
 */
export function sleepUnlessStopped(clock: Clock, ms: number, stop: AbortSignal): Promise<boolean> {
  return clock.sleep(ms, stop).then(
    () => true,
    (error: unknown) => {
      if (stop.aborted) return false;
      throw error;
    },
  );
}
