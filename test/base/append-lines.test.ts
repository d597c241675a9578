// Tests that a file of lines holds each line whole, in order, and outlives a disk that is full for a while.
import { readdirSync, readlinkSync } from 'node:fs';
import {
  appendFile,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createLineFile, type LineFile } from '../../src/base/append-lines.ts';

describe('the writer of an append-only file', () => {
  let folder: string;
  let path: string;
  let events: string[];
  let file: LineFile;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lines-'));
    path = join(folder, 'lines');
    events = [];
    file = createLineFile({
      path,
      prepare: () => Promise.resolve(),
      isSynced: true,
      onFailure: (error) => void events.push(String((error as NodeJS.ErrnoException).code)),
      onRecovery: (lost) => void events.push(`written again, lost ${lost}`),
    });
  });

  afterEach(async () => {
    await file.close();
    await rm(folder, { recursive: true });
  });

  it('writes the lines of 500 simultaneous calls in the order of the calls', async () => {
    const lines = Array.from({ length: 500 }, (_, index) => `line ${index}`);
    await Promise.all(lines.map((line) => file.append(line)));
    expect(await readFile(path, 'utf8')).to.equal(lines.map((line) => `${line}\n`).join(''));
  });

  it('creates the file with mode 600', async () => {
    await file.append('a');
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
  });

  it('creates a new file after another program renames the file', async () => {
    await file.append('a');
    await rename(path, `${path}.1`);
    await file.append('b');
    expect(await readFile(path, 'utf8')).to.equal('b\n');
  });

  it('creates a new file after another program deletes the file', async () => {
    await file.append('a');
    await rm(path);
    await file.append('b');
    expect(await readFile(path, 'utf8')).to.equal('b\n');
  });

  it('appends to the new file after another program replaces the file', async () => {
    await file.append('a');
    await writeFile(`${path}.new`, 'other\n');
    await rename(`${path}.new`, path);
    await file.append('b');
    expect(await readFile(path, 'utf8')).to.equal('other\nb\n');
  });

  it('continues at the beginning of the file after logrotate truncates the file', async () => {
    await file.append('a');
    await truncate(path);
    await file.append('b');
    expect(await readFile(path, 'utf8')).to.equal('b\n');
  });

  it('writes a newline first if the file ends with an incomplete line', async () => {
    await writeFile(path, 'half');
    await file.append('a');
    await appendFile(path, 'other half');
    await file.append('b');
    expect(await readFile(path, 'utf8')).to.equal('half\na\nother half\nb\n');
  });

  it('fails with ELOOP if another program replaces the file by a symbolic link', async () => {
    await file.append('a');
    await rename(path, `${path}.1`);
    await symlink(`${path}.1`, path);
    await file.append('b');
    expect(await readFile(`${path}.1`, 'utf8')).to.equal('a\n');
    expect(events).to.deep.equal(['ELOOP']);
  });

  it('closes the file descriptor on close()', async () => {
    await file.append('a');
    const isOpen = (): boolean =>
      readdirSync('/proc/self/fd').some((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`) === path;
        } catch {
          return false;
        }
      });
    expect(isOpen()).to.equal(true);
    await file.close();
    expect(isOpen()).to.equal(false);
  });

  it('buffers lines in memory while writes fail, then writes all lines in order', async () => {
    await mkdir(path);
    await file.append('a');
    await file.append('b');
    await rmdir(path);
    await file.append('c');
    await file.append('d');
    expect(await readFile(path, 'utf8')).to.equal('a\nb\nc\nd\n');
    expect(events).to.deep.equal(['EISDIR', 'written again, lost 0']);
  });

  it('buffers at most 16 MB of lines, and reports the number of dropped lines', async () => {
    await mkdir(path);
    // A line of one million bytes with its end, so that sixteen fit.
    const lines = Array.from({ length: 18 }, (_, index) => `${index} `.padEnd(999_999, 'x'));
    await Promise.all(lines.map((line) => file.append(line)));
    await rmdir(path);
    await file.close();
    expect((await readFile(path, 'utf8')).slice(0, 3)).to.equal('2 x');
    expect(events).to.deep.equal(['EISDIR', 'written again, lost 2']);
  });

  it('fails with ELOOP if the path is a symbolic link', async () => {
    await symlink(join(folder, 'elsewhere'), path);
    await file.append('a');
    expect(events).to.deep.equal(['ELOOP']);
  });
});
