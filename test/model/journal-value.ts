// A daemon's journal as a value: its one entry, whose times are long ago or just now.
import type { Entry } from '../../src/daemon/journal/entry.ts';
import type { Stamp } from './world.ts';

/** Entry fields that hold a moment on the daemon's own clock. */
const MOMENTS: readonly (keyof Entry)[] = [
  'stepAt',
  'parkedAt',
  'firstAttemptAt',
  'endSeenAt',
  'absentSince',
  'astraySince',
  'stoppingSince',
  'cancelledAt',
  'firstCancelledAt',
  'cancelledExtrasAt',
];

/** JSON with sorted fields, or empty without an entry. */
export type JournalValue = string;

export interface ClockReading {
  /** The time written for every moment of an earlier pass. */
  readonly earlier: number;
  /** The offset added to the server's stamps. */
  readonly serverOffset: number;
}

export function toValue(entry: Entry | undefined, { serverOffset }: ClockReading): JournalValue {
  if (entry === undefined) return '';
  const fields = Object.entries(entry)
    // No decision reads the origin: it is for the history.
    .filter(([key, value]) => value !== undefined && key !== 'origin')
    .map(([key, value]): [string, unknown] => {
      if (MOMENTS.includes(key as keyof Entry)) return [key, 0];
      return [key, key === 'queuedAt' ? Number(value) - serverOffset : value];
    });
  return JSON.stringify(Object.fromEntries(fields.sort(([one], [other]) => (one < other ? -1 : 1))));
}

export function fromValue(value: JournalValue, { earlier, serverOffset }: ClockReading): Entry | undefined {
  if (value === '') return undefined;
  const entry = JSON.parse(value) as Record<string, unknown>;
  for (const key of MOMENTS) if (entry[key] !== undefined) entry[key] = earlier;
  if (typeof entry['queuedAt'] === 'number') entry['queuedAt'] += serverOffset;
  return entry as Entry;
}

/** The only stamp of the server in a journal. */
export function stampOf(value: JournalValue): Stamp {
  return value === '' ? 0 : ((JSON.parse(value) as Partial<Entry>).queuedAt ?? 0);
}

export function withStamp(value: JournalValue, stamp: Stamp): JournalValue {
  return JSON.stringify({ ...(JSON.parse(value) as object), queuedAt: stamp });
}

/** Whether only the console messages differ. */
export function differsInTextsOnly(one: JournalValue, other: JournalValue): boolean {
  if (one === '' || other === '') return false;
  const withoutTexts = (value: JournalValue): string => JSON.stringify({ ...(JSON.parse(value) as object), told: {} });
  return withoutTexts(one) === withoutTexts(other);
}
