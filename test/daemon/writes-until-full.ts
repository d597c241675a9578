// A process that writes to the journal in this folder until the disk takes no more, and prints how many tasks it was told are kept.
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
  // What could not be written is not known either, and what was is not forgotten for it.
  if (journal.entries.size !== kept) throw new Error(`the journal knows ${journal.entries.size} tasks, not ${kept}`);
  process.stdout.write(String(kept));
}
