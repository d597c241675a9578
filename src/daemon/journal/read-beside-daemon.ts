// What the journal of a state folder holds, read beside the daemon that writes it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskId } from '../../clearml/ids.ts';
import type { Entry } from './entry.ts';
import { parseJournal } from './journal-lines.ts';
import { unlessMissing } from '../../base/unless-missing.ts';
import { UsageError } from '../../base/usage-error.ts';

/**
 * Nothing is locked, mended or made: a line that is being written counts once it is whole. No file is an empty journal.
 * @throws UsageError for one of a newer version
 */
export async function journalEntries(stateDir: string): Promise<ReadonlyMap<TaskId, Entry>> {
  const file = join(stateDir, 'journal.jsonl');
  const read = parseJournal((await unlessMissing(readFile(file, 'utf8'))) ?? '');
  switch (read.kind) {
    case 'read':
      return read.entries;
    case 'newer':
      throw new UsageError(`${file} was written by a newer clearml-agent-slurm: use that version to read it.`);
    case 'damaged':
      // The daemon sets it aside when it starts, and finds everything again in ClearML and Slurm.
      return new Map();
  }
}
