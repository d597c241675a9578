// Tests that half a line, which is all that a full disk holds, never damages the next one.
// The disk is an injected error: a real full disk needs root, and no mutant is detected by a test in another process.
import { expect } from 'chai';
import { mkdtemp, open, readFile, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskId } from '../../../src/clearml/ids.ts';
import { adviseOn, openJournal, type Journal } from '../../../src/daemon/journal/journal.ts';
import { rejection } from '../../support/rejection.ts';
import { entryOf, NOW } from '../decide/observations.ts';

const FIRST = entryOf({ task: '1'.repeat(32) as TaskId });
const SECOND = entryOf({ task: '2'.repeat(32) as TaskId });
const FULL = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
const HALF = 20;

describe('after a failed write, the journal', () => {
  let folder: string;
  let file: string;
  let journal: Journal;
  let handles: FileHandle;
  let real: Pick<FileHandle, 'appendFile' | 'truncate'>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'journal-'));
    file = join(folder, 'journal.jsonl');
    journal = await openJournal(folder, NOW);
    await journal.write(FIRST);
    const probe = await open(file);
    handles = Object.getPrototypeOf(probe) as FileHandle;
    await probe.close();
    // oxlint-disable-next-line typescript/unbound-method -- they are called with the handle as `this`
    real = { appendFile: handles.appendFile, truncate: handles.truncate };
  });

  afterEach(async () => {
    repair();
    await journal.close();
    await rm(folder, { recursive: true });
  });

  function fill(): void {
    handles.appendFile = async function (this: FileHandle, text) {
      await real.appendFile.call(this, String(text).slice(0, HALF));
      throw FULL;
    };
  }

  function repair(): void {
    Object.assign(handles, real);
  }

  async function tasksAfterRestart(): Promise<string[]> {
    await journal.close();
    journal = await openJournal(folder, NOW);
    expect(journal.setAside).to.equal(undefined);
    return [...journal.entries.keys()];
  }

  it('ends with its last complete line, and reports ENOSPC', async () => {
    const before = await readFile(file, 'utf8');
    fill();
    expect(await rejection(journal.write(SECOND))).to.equal(FULL);
    expect(await readFile(file, 'utf8')).to.equal(before);
    expect(journal.entries.has(SECOND.task)).to.equal(false);
  });

  it('accepts the failed entry and later entries once the disk has space again', async () => {
    fill();
    await rejection(journal.write(SECOND));
    repair();
    await journal.write(SECOND);
    await journal.write({ ...FIRST, step: 'submitting' });
    expect(await tasksAfterRestart()).to.have.members([FIRST.task, SECOND.task]);
    expect(journal.entries.get(FIRST.task)?.step).to.equal('submitting');
  });

  it('truncates an incomplete line before the next write if the first truncation failed', async () => {
    fill();
    handles.truncate = () => Promise.reject(new Error('EIO: i/o error, ftruncate'));
    expect(await rejection(journal.write(SECOND))).to.equal(FULL);
    expect(await readFile(file, 'utf8')).to.match(/\n.{20}$/);
    expect(await rejection(journal.write(SECOND))).to.include({ message: 'EIO: i/o error, ftruncate' });
    repair();
    await journal.write(SECOND);
    expect(await tasksAfterRestart()).to.have.members([FIRST.task, SECOND.task]);
  });

  it('does not truncate complete lines before later writes', async () => {
    fill();
    await rejection(journal.write(SECOND));
    repair();
    handles.truncate = () => Promise.reject(new Error('nothing is to be truncated'));
    await journal.write(SECOND);
    await journal.write({ ...SECOND, step: 'submitting' });
    repair();
    expect(await tasksAfterRestart()).to.have.members([FIRST.task, SECOND.task]);
  });

  for (const [code, advice] of [
    ['ENOSPC', 'Free some disk space there, or set agent.slurm.state_dir to a directory that you own.'],
    ['EDQUOT', 'Free some disk space there, or set agent.slurm.state_dir to a directory that you own.'],
    ['EACCES', 'Set agent.slurm.state_dir to a directory that you own.'],
  ] as const) {
    it(`advises after ${code}: "${advice}"`, () => {
      expect(adviseOn(Object.assign(new Error(code), { code }))).to.equal(advice);
    });
  }
});
