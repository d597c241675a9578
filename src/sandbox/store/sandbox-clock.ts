// The clock of the sandbox, which tests can advance, to check rules about hours in a second; and times in the format of the server.
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

/** Milliseconds since 1970 as e.g. `2025-01-01T10:00:00.123000+00:00`. Microseconds are omitted if zero. */
export function formatInstant(atMs: number): string {
  const iso = new Date(atMs).toISOString();
  const millis = iso.slice(20, 23);
  return `${iso.slice(0, 19)}${millis === '000' ? '' : `.${millis}000`}+00:00`;
}

/** Milliseconds since 1970, or undefined if the text is not a time. A text without a zone is UTC, as on the server. */
export function parseInstant(text: string): number | undefined {
  const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/i.test(text);
  const at = Date.parse(hasZone || !text.includes('T') ? text : `${text}Z`);
  return Number.isNaN(at) ? undefined : at;
}
