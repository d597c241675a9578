// Removes a temporary file on a host, or reports where the file remains.
import { expect } from 'chai';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeLeftFile } from '../../src/doctor/probe-node.ts';
import { createLocalTransport } from '../../src/transport/local-transport.ts';

describe("the cleanup after doctor's probe job", () => {
  let folder: string;
  let printed: string;
  const print = (text: string): void => {
    printed += text;
  };
  const hostWith = (path: string) =>
    createLocalTransport({ path, home: folder, user: 'jane', workingDirectory: folder });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'probe-node-'));
    printed = '';
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('removes the output file and prints nothing', async () => {
    await writeFile(join(folder, 'probe.log'), '');

    await removeLeftFile(hostWith('/usr/bin:/bin'), join(folder, 'probe.log'), print);

    expect(await readdir(folder)).to.deep.equal([]);
    expect(printed).to.equal('');
  });

  it('prints nothing if the output file does not exist', async () => {
    await removeLeftFile(hostWith('/usr/bin:/bin'), join(folder, 'probe.log'), print);

    expect(printed).to.equal('');
  });

  it('prints the path of the output file and the error if rm fails', async () => {
    const file = join(folder, 'probe.log');
    await mkdir(file);

    await removeLeftFile(hostWith('/usr/bin:/bin'), file, print);

    expect(printed).to.match(
      /^\S+\/probe\.log could not be removed on this machine: .*Is a directory\. Remove it by hand\.\n$/,
    );
    expect(printed).to.include(file);
  });

  it('prints the path of the output file if the host has no rm', async () => {
    await removeLeftFile(hostWith('/nowhere'), join(folder, 'probe.log'), print);

    expect(printed).to.match(/probe\.log could not be removed on this machine: .*rm.*\. Remove it by hand\.\n$/);
  });
});
