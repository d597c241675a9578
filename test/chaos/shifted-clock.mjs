// Preloaded into a daemon of a chaos run: its wall clock is off by as many milliseconds as a file says, from one moment to the next.
import { readFileSync } from 'node:fs';

const RealDate = Date;
const file = process.env['CHAOS_CLOCK'] ?? '';
/** Timers and the monotonic clock stay as they are, as when an administrator or NTP sets the clock. */
const REREAD_MS = 20;
let readAt = -Infinity;
let offsetMs = 0;

function now() {
  if (performance.now() - readAt > REREAD_MS) {
    readAt = performance.now();
    try {
      offsetMs = Number(readFileSync(file, 'utf8')) || 0;
    } catch {
      offsetMs = 0;
    }
  }
  return RealDate.now() + offsetMs;
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, asked) => Reflect.construct(target, given.length === 0 ? [now()] : given, asked),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});
