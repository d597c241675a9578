// A journal at the limit of tracked tasks.
import type { TaskId } from '../../src/clearml/ids.ts';
import { MAX_TRACKED, type Entry } from '../../src/daemon/journal/entry.ts';
import type { Journal } from '../../src/daemon/journal/journal.ts';
import { entryOf } from './decide/observations.ts';

export function fullJournal(journal: Journal): Journal {
  const entry = entryOf();
  const entries = new Map<TaskId, Entry>();
  for (let number = 0; number < MAX_TRACKED; number += 1)
    entries.set(`a${String(number).padStart(31, '0')}` as TaskId, entry);
  return { ...journal, entries };
}
