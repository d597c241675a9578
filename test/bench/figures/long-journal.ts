// Measures how soon a restarted daemon tracks 5,000 live jobs, with a journal of 100,000 tasks.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TaskIdShape } from '../../../src/clearml/ids.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import { openJournal } from '../../../src/daemon/journal/journal.ts';
import { formatJournal } from '../../../src/daemon/journal/journal-lines.ts';
import { startDaemon } from '../../daemon/run-daemon.ts';
import type { Figure } from '../figure.ts';
import { createQuietWorld } from '../quiet-world.ts';
import { median } from '../samples.ts';

const LIVE = 5_000;
const TASKS = 100_000;
const ROUNDS = 3;

export const longJournal: Figure = {
  name: 'long-journal',
  async measure({ say }) {
    const world = createQuietWorld(LIVE);
    // An earlier run of the daemon already logged the state of each job.
    await startDaemon(world.deps, { once: true }).ended;
    const text = history([...world.deps.journal.entries.values()]);
    const reading: number[] = [];
    const following: number[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      say(`round ${round} of ${ROUNDS}: ${(text.length / 1e6).toFixed(0)} MB`);
      const folder = await mkdtemp(join(tmpdir(), 'journal-'));
      try {
        await writeFile(join(folder, 'journal.jsonl'), text);
        const began = performance.now();
        const journal = await openJournal(folder, Date.now());
        reading.push((performance.now() - began) / 1000);
        await startDaemon({ ...world.deps, journal }, { once: true }).ended;
        following.push((performance.now() - began) / 1000);
        if (journal.entries.size !== LIVE) throw new Error(`${journal.entries.size} tasks are followed, not ${LIVE}`);
        await journal.close();
      } finally {
        await rm(folder, { recursive: true });
      }
    }
    return [
      { what: `${TASKS} tasks read and rewritten`, value: median(reading), unit: 's' },
      { what: `until all ${LIVE} are followed`, value: median(following), unit: 's', target: { atMost: 5 } },
    ];
  },
};

/** The live tasks, in order among those that were tracked and forgotten: as if the journal was never compacted. */
function history(live: readonly Entry[]): string {
  const [like] = live;
  if (like === undefined) throw new RangeError('no live task');
  const every = TASKS / live.length;
  const lines: string[] = [];
  for (let index = 0; index < TASKS; index += 1) {
    const alive = index % every === 0 ? live[index / every] : undefined;
    const task = TaskIdShape.parse(`f${index.toString(16).padStart(31, '0')}`);
    lines.push(formatJournal({ entry: alive ?? { ...like, task } }));
    if (alive === undefined) lines.push(formatJournal({ forget: task }));
  }
  return lines.join('');
}
