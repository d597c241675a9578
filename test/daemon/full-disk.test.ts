// Tests the journal on a full disk: it knows exactly what was written, and continues when there is space again.
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { formatJournal } from '../../src/daemon/journal/journal-lines.ts';
import { adviseOn, JournalError, openJournal } from '../../src/daemon/journal/journal.ts';
import type { Entry } from '../../src/daemon/journal/entry.ts';
import { rejection } from '../support/rejection.ts';
import { requireRoot } from '../support/skip-unless.ts';
import { taskNumber } from './step-fixture.ts';
import { entryOf, NOW } from './decide/observations.ts';

const execute = promisify(execFile);
const isNotFull = (): boolean => true;
const isFull = (): boolean => false;

function ofTask(number: number): Entry {
  return entryOf({ task: taskNumber(number) });
}

describe('the daemon', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'journal-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  for (const [code, advice] of [
    ['ENOSPC', 'Free some disk space there, or set agent.slurm.state_dir to a directory that you own.'],
    ['EDQUOT', 'Free some disk space there, or set agent.slurm.state_dir to a directory that you own.'],
    ['EACCES', 'Set agent.slurm.state_dir to a directory that you own.'],
  ] as const) {
    it(`advises "${advice}" if a journal write fails with ${code} (D-06)`, () => {
      expect(adviseOn(Object.assign(new Error('failure'), { code }))).to.equal(advice);
    });
  }

  it('leaves only complete lines in the journal when a write reaches the file size limit (D-06)', async () => {
    const full = 'ulimit -f 8; exec "$0" --import tsx test/daemon/writes-until-full.ts "$1"';
    const { stdout } = await execute('bash', ['-c', full, process.execPath, folder]);
    const kept = Number(stdout);
    expect(kept).to.be.above(5);

    const again = await openJournal(folder, NOW);
    expect(again.setAside).to.equal(undefined);
    expect(again.entries.size).to.equal(kept);
    await again.write(ofTask(9_999));
    await again.close();
    const last = await openJournal(folder, NOW);
    expect(last.entries.size).to.equal(kept + 1);
    await last.close();
  });

  describe('with its journal on a full file system of 64 KB', () => {
    let disk: string;

    before(requireRoot);

    beforeEach(async () => {
      disk = join(folder, 'disk');
      await mkdir(disk);
      await execute('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'journal-test', disk]);
    });

    afterEach(() => execute('umount', [disk]));

    /** Fills the disk. */
    async function fill(): Promise<void> {
      for (const size of [4096, 1]) {
        const piece = 'x'.repeat(size);
        while (await appendFile(join(disk, 'filler'), piece).then(isNotFull, isFull));
      }
    }

    it('keeps all complete journal entries, and writes further entries once space is free (D-06)', async () => {
      const journal = await openJournal(disk, NOW);
      for (let index = 0; index < 5; index += 1) await journal.write(ofTask(index));
      await fill();
      let kept = 5;
      for (; await journal.write(ofTask(kept)).then(isNotFull, isFull); kept += 1);
      expect(await rejection(journal.write(ofTask(99)))).to.have.property('code', 'ENOSPC');
      expect(journal.entries.size).to.equal(kept);

      await rm(join(disk, 'filler'));
      await journal.write(ofTask(100));
      await journal.close();

      const again = await openJournal(disk, NOW);
      expect(again.setAside).to.equal(undefined);
      expect(again.entries.size).to.equal(kept + 1);
      await again.close();
    });

    it('writes nothing more until it can truncate an incomplete line of the journal (D-06)', async () => {
      const file = join(disk, 'journal.jsonl');
      const journal = await openJournal(disk, NOW);
      await journal.write(ofTask(0));
      await execute('chattr', ['+a', file]); // it may grow, and nothing else
      await fill();
      let kept = 1;
      for (; await journal.write(ofTask(kept)).then(isNotFull, isFull); kept += 1);
      expect(await readFile(file, 'utf8'), 'half a line').to.match(/[^\n]$/);
      await rm(join(disk, 'filler'));
      expect(await rejection(journal.write(ofTask(99)))).to.have.property('code', 'EPERM');

      await execute('chattr', ['-a', file]);
      await journal.write(ofTask(100));
      await journal.close();

      const again = await openJournal(disk, NOW);
      expect(again.setAside).to.equal(undefined);
      expect([...again.entries.keys()].slice(kept)).to.deep.equal([taskNumber(100)]);
      await again.close();
    });

    it('refuses to open the journal, and advises the user to free some disk space (D-06)', async () => {
      const journal = await openJournal(disk, NOW);
      await journal.write(ofTask(1));
      await journal.close();
      await fill();

      const error = await rejection(openJournal(disk, NOW));

      expect(error).to.be.instanceOf(JournalError);
      expect(error.message).to.match(
        /no space left on device.*Free some disk space there, or set agent\.slurm\.state_dir/,
      );
      expect(await readFile(join(disk, 'journal.jsonl'), 'utf8')).to.equal(formatJournal({ entry: ofTask(1) }));
    });
  });
});
