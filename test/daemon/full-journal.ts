// A journal that holds as many tasks as are followed at a time.
import type { TaskId } from '../../src/clearml/ids.ts';
import { MOST_FOLLOWED, type Entry } from '../../src/daemon/journal/entry.ts';
import type { Journal } from '../../src/daemon/journal/journal.ts';
import { entryOf } from './sightings.ts';

export function fullJournal(journal: Journal): Journal {
  const entry = entryOf();
  const entries = new Map<TaskId, Entry>();
  for (let number = 0; number < MOST_FOLLOWED; number += 1)
    entries.set(`a${String(number).padStart(31, '0')}` as TaskId, entry);
  return { ...journal, entries };
}
