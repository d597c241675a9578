// A process that writes to the journal in a directory until the disk is full, and prints how many entries were confirmed.
import { openJournal } from '../../src/daemon/journal/journal.ts';
import { taskNumber } from './step-fixture.ts';
import { entryOf } from './decide/observations.ts';

const [, , folder = ''] = process.argv;
const journal = await openJournal(folder, 0);
let kept = 0;
try {
  for (;;) {
    await journal.write(entryOf({ task: taskNumber(kept + 1) }));
    kept += 1;
  }
} catch {
  // An entry that could not be written is not in memory either; those that were written stay.
  if (journal.entries.size !== kept) throw new Error(`the journal knows ${journal.entries.size} tasks, not ${kept}`);
  process.stdout.write(String(kept));
}
