// Measures synced journal writes per second, compared with the disk's rate of synced writes.
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QueueIdShape, TaskIdShape } from '../../../src/clearml/ids.ts';
import { Entry } from '../../../src/daemon/journal/entry.ts';
import { openJournal, type Journal } from '../../../src/daemon/journal/journal.ts';
import { formatJournal } from '../../../src/daemon/journal/journal-lines.ts';
import type { Figure, Result } from '../figure.ts';
import { median, middleHalf, ratios } from '../samples.ts';

const ROUNDS = 7;
const WRITES = 200;
/** As many as a daemon writes at a time. */
const AT_ONCE = 8;

const ENTRY = Entry.parse({
  task: TaskIdShape.parse('1'.repeat(32)),
  queue: QueueIdShape.parse('f'.repeat(32)),
  queueName: 'gpu',
  step: 'following',
  stepAt: 1_767_268_800_000,
  attempt: 'lq2x0a9c7f3k',
  attempts: 1,
  firstAttemptAt: 1_767_268_800_000,
  jobId: '1234567',
});

/** Writers that arrive during a sync share the next one, so several at once are faster than the disk. */
export const journalAppends: Figure = {
  name: 'journal-appends',
  async measure() {
    const folder = await mkdtemp(join(tmpdir(), 'journal-'));
    const journal = await openJournal(folder, Date.now());
    const [disk, alone, together]: [number[], number[], number[]] = [[], [], []];
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        // In turn, so that other load of the disk affects all of them.
        disk.push(await syncedWrites(join(folder, 'plain')));
        alone.push(await appends(journal, 1));
        together.push(await appends(journal, AT_ONCE));
      }
    } finally {
      await journal.close();
      await rm(folder, { recursive: true });
    }
    const row = (what: string, rates: readonly number[], atLeast: number): Result => ({
      what,
      value: median(rates),
      unit: '/s',
      anchor: { what: 'the same text, written and synced', value: median(disk) },
      spread: middleHalf(ratios(rates, disk)),
      target: { atLeast },
    });
    return [row('one after the other', alone, 0.5), row(`${AT_ONCE} at once`, together, 0.5)];
  },
};

/** Plain writes a second, each followed by fdatasync(2). */
async function syncedWrites(file: string): Promise<number> {
  const text = formatJournal({ entry: ENTRY });
  const handle = await open(file, 'a');
  try {
    const began = performance.now();
    for (let write = 0; write < WRITES; write += 1) {
      await handle.write(text);
      await handle.datasync();
    }
    return (1000 * WRITES) / (performance.now() - began);
  } finally {
    await handle.close();
  }
}

async function appends(journal: Journal, atOnce: number): Promise<number> {
  const began = performance.now();
  const writer = async (): Promise<void> => {
    for (let write = 0; write < WRITES / atOnce; write += 1) await journal.write(ENTRY);
  };
  await Promise.all(Array.from({ length: atOnce }, writer));
  return (1000 * WRITES) / (performance.now() - began);
}
