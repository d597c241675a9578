// Atomic replacement of files.
import { expect } from 'chai';
import {
  chmod,
  constants,
  mkdir,
  mkdtemp,
  open,
  readFile,
  readdir,
  readlink,
  realpath,
  rm,
  stat,
  writeFile,
  type FileHandle,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { replaceFile } from '../../src/base/atomic-file.ts';
import { rejection } from '../support/rejection.ts';

describe('the atomic replacement of a file', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'atomic-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('changes the content and the mode, and leaves no temporary file', async () => {
    const file = join(folder, 'a');
    await writeFile(file, 'old');
    await chmod(file, 0o644);

    const handle = await replaceFile(file, 'new', 0o600);
    await handle.close();

    expect(await readFile(file, 'utf8')).to.equal('new');
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
    expect(await readdir(folder)).to.deep.equal(['a']);
  });

  it('returns a file handle that still appends after the file is truncated', async () => {
    const file = join(folder, 'a');
    const handle = await replaceFile(file, 'new', 0o600);
    await handle.appendFile(' and more');
    await handle.truncate(3);
    await handle.appendFile('er');
    await handle.close();

    expect(await readFile(file, 'utf8')).to.equal('newer');
  });

  it('returns a file handle with O_DSYNC', async () => {
    const handle = await replaceFile(join(folder, 'a'), 'new', 0o600);
    const [, flags = ''] = /^flags:\s+(\d+)$/m.exec(await readFile(`/proc/self/fdinfo/${handle.fd}`, 'utf8')) ?? [];
    await handle.close();

    expect(Number.parseInt(flags, 8) & constants.O_DSYNC).to.equal(constants.O_DSYNC);
  });

  it('calls fsync on the directory before returning', async () => {
    const probe = await open(folder, 'r');
    const prototype = Object.getPrototypeOf(probe) as FileHandle;
    await probe.close();
    const sync: (this: FileHandle) => Promise<void> = Reflect.get(prototype, 'sync');
    const synced: string[] = [];
    prototype.sync = async function (this: FileHandle): Promise<void> {
      synced.push(await readlink(`/proc/self/fd/${this.fd}`));
      await sync.call(this);
    };
    try {
      await (await replaceFile(join(folder, 'a'), 'new', 0o600)).close();
    } finally {
      prototype.sync = sync;
    }

    expect(synced.at(-1)).to.equal(await realpath(folder));
  });

  it('overwrites the temporary file that a killed process left', async () => {
    const file = join(folder, 'a');
    await writeFile(`${file}.${process.pid}.tmp`, 'a long half');

    const handle = await replaceFile(file, 'new', 0o600);
    await handle.close();

    expect(await readFile(file, 'utf8')).to.equal('new');
  });

  it('does not change the regular file "a" if asked to write "a/b"', async () => {
    await writeFile(join(folder, 'a'), 'old');

    await rejection(replaceFile(join(folder, 'a', 'b'), 'new', 0o600));

    expect(await readFile(join(folder, 'a'), 'utf8')).to.equal('old');
  });

  it('leaves no temporary file if the rename fails', async () => {
    await mkdir(join(folder, 'a', 'b'), { recursive: true });

    await rejection(replaceFile(join(folder, 'a'), 'new', 0o600));

    expect(await readdir(folder)).to.deep.equal(['a']);
  });
});
