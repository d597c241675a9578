// The clock of the sandbox, which tests can advance, to check rules about hours in a second.
import { setMaxListeners } from 'node:events';
import type { Clock } from '../../base/clock.ts';
import type { Store } from './store.ts';

export interface SandboxClock {
  /** Milliseconds since 1970 in sandbox time. */
  now(): number;
  advance(ms: number): void;
  /** Waits in real time; rejects when the sandbox closes. */
  sleep(ms: number): Promise<void>;
}

/** The offset is stored, so that time does not jump back after a restart. */
export function createSandboxClock(clock: Clock, store: Store, closing: AbortSignal): SandboxClock {
  // Each call that waits listens to it, and Node warns of more than ten listeners.
  setMaxListeners(0, closing);
  return {
    now: () => clock.now() + store.settings().clockOffsetMs,
    advance: (ms) => {
      store.changeSettings({ clockOffsetMs: store.settings().clockOffsetMs + ms });
    },
    sleep: (ms) => clock.sleep(ms, closing),
  };
}
