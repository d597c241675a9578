// A daemon's journal as a value: its one entry, whose times become long ago or just now.
import type { Entry } from '../../src/daemon/journal/entry.ts';
import type { Stamp } from './world.ts';

/** Entry fields that hold a moment on the daemon's own clock. */
const MOMENTS: readonly (keyof Entry)[] = [
  'stepAt',
  'firstAttemptAt',
  'endSeenAt',
  'absentSince',
  'astraySince',
  'stoppingSince',
  'cancelledAt',
  'cancelledExtrasAt',
];

/** JSON with the fields in order, or empty where nothing is known of the task. */
export type JournalValue = string;

export interface ClockReading {
  /** What is written for every moment of an earlier round. */
  readonly earlier: number;
  /** What is added to the server's stamps. */
  readonly serverOffset: number;
}

export function toValue(entry: Entry | undefined, { serverOffset }: ClockReading): JournalValue {
  if (entry === undefined) return '';
  const fields = Object.entries(entry)
    .filter(([, value]) => value !== undefined)
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

/** The one stamp of the server's that a journal holds. */
export function stampOf(value: JournalValue): Stamp {
  return value === '' ? 0 : ((JSON.parse(value) as Partial<Entry>).queuedAt ?? 0);
}

export function withStamp(value: JournalValue, stamp: Stamp): JournalValue {
  return JSON.stringify({ ...(JSON.parse(value) as object), queuedAt: stamp });
}

/** What was told in the console, and nothing else, makes the difference. */
export function differsInWordsOnly(one: JournalValue, other: JournalValue): boolean {
  if (one === '' || other === '') return false;
  const withoutWords = (value: JournalValue): string => JSON.stringify({ ...(JSON.parse(value) as object), told: {} });
  return withoutWords(one) === withoutWords(other);
}
