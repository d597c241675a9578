// Tests what becomes of a journal whose file or directory is deleted, moved or taken by another daemon while a daemon uses it.
import { expect } from 'chai';
import { existsSync, fstatSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskId } from '../../../src/clearml/ids.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import { formatJournal } from '../../../src/daemon/journal/journal-lines.ts';
import { openJournal } from '../../../src/daemon/journal/journal.ts';
import { acquireLock, StateDirectoryLostError } from '../../../src/daemon/journal/lock.ts';
import { rejection } from '../../support/rejection.ts';
import { entryOf, NOW } from '../decide/observations.ts';

function taskNumber(index: number): Entry {
  return entryOf({ task: index.toString(16).padStart(32, '0') as TaskId });
}

/** As a network file system does for a file that another host has deleted. */
async function makeDeletedFilesStale(): Promise<Disposable> {
  const handle = await open('/dev/null');
  const prototype = Object.getPrototypeOf(handle) as Record<string, (...args: unknown[]) => Promise<unknown>>;
  await handle.close();
  const names = ['stat', 'appendFile', 'truncate', 'close'];
  const originals = names.map((name) => [name, prototype[name]] as const);
  for (const [name, original] of originals) {
    prototype[name] = async function (this: FileHandle, ...args) {
      const isDeleted = this.fd !== -1 && fstatSync(this.fd).nlink === 0;
      // Closed all the same, as by the kernel.
      const result = !isDeleted || name === 'close' ? await original?.apply(this, args) : undefined;
      if (isDeleted) throw Object.assign(new Error(`ESTALE: stale file handle, ${name}`), { code: 'ESTALE' });
      return result;
    };
  }
  return {
    [Symbol.dispose]() {
      for (const [name, original] of originals) if (original !== undefined) prototype[name] = original;
    },
  };
}

describe('at its start, the daemon', () => {
  it('does not recreate a state directory that is deleted before the journal is opened (D-17)', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'journal-'));
    const lock = await acquireLock(folder, hostname(), NOW);
    await rm(folder, { recursive: true });
    expect(await rejection(openJournal(folder, NOW))).to.be.instanceOf(StateDirectoryLostError);
    expect(existsSync(folder)).to.equal(false);
    await lock.release();
  });
});

describe('a running daemon', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'journal-'));
    file = join(folder, 'journal.jsonl');
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('rewrites the whole journal after the journal file was deleted (D-17)', async () => {
    const journal = await openJournal(folder, NOW);
    await journal.write(taskNumber(1));
    await rm(file);
    await journal.write(taskNumber(2));
    await journal.close();

    const again = await openJournal(folder, NOW);
    expect([...again.entries.values()]).to.deep.equal([taskNumber(1), taskNumber(2)]);
    await again.close();
  });

  it('rewrites the whole journal after another host deleted the journal file (D-17)', async () => {
    const journal = await openJournal(folder, NOW);
    await journal.write(taskNumber(1));
    using _stale = await makeDeletedFilesStale();
    await rm(file);
    await journal.write(taskNumber(2));
    await journal.write(taskNumber(3));
    await journal.close();

    const again = await openJournal(folder, NOW);
    expect([...again.entries.values()]).to.deep.equal([1, 2, 3].map(taskNumber));
    await again.close();
  });

  it('never overwrites the journal of another daemon that has opened the same state directory (D-17)', async () => {
    const journal = await openJournal(folder, NOW);
    await journal.write(taskNumber(1));
    journal.throwIfLost();
    const successor = await openJournal(folder, NOW);
    await successor.write(taskNumber(2));

    const error = await rejection(journal.write(taskNumber(3)));
    expect(error).to.be.instanceOf(StateDirectoryLostError);
    expect(error.message).to.include(`Another process replaced the journal ${file}`);
    expect(() => {
      journal.throwIfLost();
    }).to.throw(StateDirectoryLostError);
    expect([...journal.entries.values()]).to.deep.equal([taskNumber(1)]);
    await successor.write(taskNumber(4));
    await journal.close();
    await successor.close();

    const again = await openJournal(folder, NOW);
    expect([...again.entries.values()]).to.deep.equal([1, 2, 4].map(taskNumber));
    await again.close();
  });

  it('does not write to a state directory that was deleted and recreated by another daemon (D-17)', async () => {
    const journal = await openJournal(folder, NOW);
    await journal.write(taskNumber(1));
    await rm(folder, { recursive: true });
    await mkdir(folder, { mode: 0o700 });
    const successor = await openJournal(folder, NOW);
    await successor.write(taskNumber(2));

    expect(await rejection(journal.write(taskNumber(3)))).to.be.instanceOf(StateDirectoryLostError);
    expect(await readFile(file, 'utf8')).to.equal(formatJournal({ entry: taskNumber(2) }));
    await journal.close();
    await successor.close();
  });

  it('writes to the journal again after the state directory was renamed and renamed back (D-17)', async () => {
    const journal = await openJournal(folder, NOW);
    await journal.write(taskNumber(1));
    await rename(folder, `${folder}.moved`);
    expect(await rejection(journal.write(taskNumber(2)))).to.have.property('code', 'ENOENT');
    await rename(`${folder}.moved`, folder);
    await journal.write(taskNumber(3));
    await journal.close();

    const again = await openJournal(folder, NOW);
    expect([...again.entries.values()]).to.deep.equal([1, 3].map(taskNumber));
    await again.close();
  });

  it('does not recreate a deleted state directory when it writes to the journal (D-17)', async () => {
    const journal = await openJournal(folder, NOW);
    await rm(folder, { recursive: true });

    expect(await rejection(journal.write(taskNumber(1)))).to.have.property('code', 'ENOENT');
    expect([...journal.entries.values()]).to.deep.equal([]);
    await journal.close();
    expect(await rejection(stat(folder))).to.have.property('code', 'ENOENT');
  });
});
