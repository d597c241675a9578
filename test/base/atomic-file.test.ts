// A file that is either the old one or the new one.
import { expect } from 'chai';
import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomic } from '../../src/base/atomic-file.ts';

describe('writeFileAtomic', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'atomic-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('replaces the file and its mode, and leaves nothing else behind', async () => {
    const file = join(folder, 'a');
    await writeFile(file, 'old');
    await chmod(file, 0o644);

    await writeFileAtomic(file, 'new', 0o600);

    expect(await readFile(file, 'utf8')).to.equal('new');
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
    expect(await readdir(folder)).to.deep.equal(['a']);
  });

  it('keeps the old file when the new one can not be written', async () => {
    await writeFile(join(folder, 'a'), 'old');

    let failed = false;
    await writeFileAtomic(join(folder, 'a', 'b'), 'new', 0o600).catch(() => (failed = true));

    expect(failed).to.equal(true);
    expect(await readFile(join(folder, 'a'), 'utf8')).to.equal('old');
  });
});
