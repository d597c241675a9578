// The sandbox's own time: the given clock, moved forward on request, so that rules about hours can be seen in a second.
import type { Clock } from '../base/clock.ts';
import type { Store } from './store.ts';

export interface SandboxClock {
  /** Milliseconds since 1970 in the sandbox's own time. */
  now(): number;
  advance(ms: number): void;
  /** Waits in real time, whatever the sandbox's time is; rejects when the sandbox closes. */
  sleep(ms: number): Promise<void>;
}

/** The offset is kept in the store, so that time doesn't jump back over a restart. */
export function createSandboxClock(clock: Clock, store: Store, closing: AbortSignal): SandboxClock {
  return {
    now: () => clock.now() + store.settings().clockOffsetMs,
    advance: (ms) => {
      store.changeSettings({ clockOffsetMs: store.settings().clockOffsetMs + ms });
    },
    sleep: (ms) => clock.sleep(ms, closing),
  };
}
