// A wait that a signal may cut short, for whoever goes on either way and looks at the signal then.
import type { Clock } from './clock.ts';

/**
 * Waits `ms` milliseconds, or until the signal; false when the signal ended the wait. What else goes wrong with the clock is
 * thrown: a loop whose wait fails at once would never rest.
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
