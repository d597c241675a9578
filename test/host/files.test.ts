// Reading a file that grows, part by part.
import { expect } from 'chai';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFrom } from '../../src/host/files.ts';
import { createLocalHost } from '../../src/host/local.ts';

describe('a file read from some byte on', () => {
  const host = createLocalHost({
    path: process.env['PATH'] ?? '/usr/bin:/bin',
    home: '/',
    user: 'root',
    workingDirectory: '/',
    variables: {},
  });
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'files-'));
    file = join(folder, 'a file');
    await writeFile(file, 'héllo\n');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('comes in parts that join without a gap', async () => {
    const first = await readFrom(host, file, 0);
    expect(first).to.deep.equal({ text: 'héllo\n', end: 7 });

    expect(await readFrom(host, file, 7)).to.deep.equal({ text: '', end: 7 });
    await appendFile(file, 'more');
    expect(await readFrom(host, file, 7)).to.deep.equal({ text: 'more', end: 11 });
  });

  it('is counted from its end below zero, and read whole when it is shorter', async () => {
    expect(await readFrom(host, file, -3)).to.deep.equal({ text: 'lo\n', end: 7 });
    expect(await readFrom(host, file, -100)).to.deep.equal({ text: 'héllo\n', end: 7 });
  });

  it('is read from its beginning when it has begun anew', async () => {
    expect(await readFrom(host, file, 5000)).to.deep.equal({ text: 'héllo\n', end: 7 });
  });

  it('that is not there has no parts', async () => {
    expect(await readFrom(host, join(folder, 'none'), 0)).to.equal(undefined);
  });
});
