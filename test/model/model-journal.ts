// A daemon's journal in memory: a write that changes more than console messages is a step of the search.
import type { Entry } from '../../src/daemon/journal/entry.ts';
import type { Journal } from '../../src/daemon/journal/journal.ts';
import type { JournalLine } from '../../src/daemon/journal/journal-lines.ts';
import { differsInTextsOnly, fromValue, toValue, type ClockReading, type JournalValue } from './journal-value.ts';
import type { Ask } from './outside-calls.ts';
import type { Program } from './program.ts';
import { TASK_ID } from './world.ts';

export interface ModelJournal {
  readonly journal: Journal;
  /** The content on disk. */
  value(): JournalValue;
}

export function openModelJournal(
  program: Program,
  ask: Ask,
  before: JournalValue,
  reading: ClockReading,
): ModelJournal {
  const entries = new Map<Entry['task'], Entry>();
  const first = fromValue(before, reading);
  const text = first === undefined ? '' : program.formatJournal({ entry: first });
  const disk = program.parseJournal(text);
  if (disk.kind === 'read') for (const [task, entry] of disk.entries) entries.set(task, entry);
  const value = (): JournalValue => toValue(entries.get(TASK_ID), reading);

  async function append(line: JournalLine): Promise<void> {
    const next = 'entry' in line ? toValue(line.entry, reading) : '';
    if (!differsInTextsOnly(next, value()) && 'lost' in (await ask({ to: 'journal', value: next }))) {
      throw new Error('no space left on device');
    }
    program.applyLine(entries, line);
  }

  const journal: Journal = {
    entries,
    setAside: undefined,
    write: (entry) => append({ entry }),
    forget: (task) => (entries.has(task) ? append({ forget: task }) : Promise.resolve()),
    throwIfLost: () => undefined,
    close: () => Promise.resolve(),
  };
  return { journal, value };
}
