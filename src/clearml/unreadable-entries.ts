// Skips unreadable elements of a list from the server: one warning names them, and the rest of the list is used.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../log/logger.ts';
import { createOncePer } from '../log/rate-limited-log.ts';

/** One unreadable element, or one unreadable field that an element needs. */
export interface UnreadableEntry {
  /** Its position in the response, e.g. `entry 0 of queue "gpu"`. */
  readonly place: string;
  /** What is wrong with it, e.g. `its task id is ""`. */
  readonly why: string;
}

/** Logs the elements skipped in one response; the same ones only once an hour. */
export type ReportUnreadable = (endpoint: string, leftOut: readonly UnreadableEntry[]) => void;

const AGAIN_AFTER_MS = 3_600_000;
/** Warnings remembered; an older one may be logged again. */
const MAX_REMEMBERED = 1_000;
const SHOWN_LENGTH = 60;

/** One line for each response: an attacker may choose the number of faults in it. */
export function createReportUnreadable(log: Logger, clock: Clock): ReportUnreadable {
  const isNew = createOncePer(AGAIN_AFTER_MS, MAX_REMEMBERED, clock);
  return (endpoint, leftOut) => {
    const [first] = leftOut;
    if (first === undefined) return;
    const { place, why } = first;
    if (!isNew(JSON.stringify([endpoint, place, why]))) return;
    const more = leftOut.length === 1 ? {} : { more: leftOut.length - 1 };
    log.warn('Skipped an unreadable object in a ClearML response; correct the object on the server', {
      endpoint,
      place,
      why,
      ...more,
    });
  };
}

/** A value of a response in a few characters, for a message. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value !== 'string') return JSON.stringify(value);
  if (value.length <= SHOWN_LENGTH) return JSON.stringify(value);
  return `${JSON.stringify(value.slice(0, SHOWN_LENGTH))}… (${value.length} characters)`;
}

/** The field of an object; undefined for any other value. */
export function readField(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
