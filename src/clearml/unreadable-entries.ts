// What cannot be read in a list of the server is left out: one warning names it, and the rest of the list is used.
import type { Clock } from '../base/clock.ts';
import { createBoundedMap } from '../base/bounded-map.ts';
import type { Logger } from '../log/logger.ts';

/** One element, or one field that an element cannot do without. */
export interface UnreadableEntry {
  /** Where it is in the answer, e.g. `entry 0 of queue "gpu"`. */
  readonly place: string;
  /** What is wrong with it, e.g. `its task id is ""`. */
  readonly why: string;
}

/** Logs what one answer made its reader leave out; the same again only after an hour. */
export type ReportUnreadable = (endpoint: string, leftOut: readonly UnreadableEntry[]) => void;

const AGAIN_AFTER_MS = 3_600_000;
/** What is older is forgotten, and may be told again. */
const MOST_REMEMBERED = 1_000;
const SHOWN_LENGTH = 60;

/** One line an answer, however much is wrong with it: its number of faults is the server's, or an attacker's, to choose. */
export function createReportUnreadable(log: Logger, clock: Clock): ReportUnreadable {
  const toldAt = createBoundedMap<number>(MOST_REMEMBERED);
  return (endpoint, leftOut) => {
    const [first] = leftOut;
    if (first === undefined) return;
    const { place, why } = first;
    const key = JSON.stringify([endpoint, place, why]);
    const now = clock.now();
    if (now - (toldAt.get(key) ?? -Infinity) < AGAIN_AFTER_MS) return;
    toldAt.set(key, now);
    const more = leftOut.length === 1 ? {} : { more: leftOut.length - 1 };
    log.warn("Left out of ClearML's answer, as it can't be read; correct it there", { endpoint, place, why, ...more });
  };
}

/** A value of an answer in a few characters, for a message. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value !== 'string') return JSON.stringify(value);
  if (value.length <= SHOWN_LENGTH) return JSON.stringify(value);
  return `${JSON.stringify(value.slice(0, SHOWN_LENGTH))}… (${value.length} characters)`;
}

/** The field of an object, and undefined of anything else. */
export function readField(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
