// Which keys and passwords are offered to a host: none that other users could have put there.
import { expect } from 'chai';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { readCredentials } from '../../../src/transport/ssh2/ssh2-credentials.ts';
import type { SshTarget } from '../../../src/transport/ssh-target.ts';
import { openLocalTransport } from '../../support/local-transport.ts';
import { makeKey } from '../../support/sshd.ts';
import { requireRoot, requireSshd } from '../../support/skip-unless.ts';

describe('the ssh2 transport at a login', () => {
  const here = openLocalTransport();
  let folder: string;
  let key: string;
  before(requireSshd);
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keys-'));
    key = join(folder, 'id_ed25519');
    // ssh2's generator omits a first byte of 0: ssh2 cannot read one key in 150 that it has generated.
    await makeKey(key);
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function offered(wishes: Partial<SshTarget>): Promise<unknown> {
    const target = { user: 'ada', identityFiles: [], ...wishes } as unknown as SshTarget;
    const { offers, unusable } = await readCredentials(target, { parseKey: ssh2.utils.parseKey, here });
    return { offers: offers.map(({ label }) => label), unusable };
  }

  it('offers a key of the user', async () => {
    expect(await offered({ identityFiles: [key] })).to.deep.equal({ offers: [`the key ${key}`], unusable: [] });
  });

  it('does not offer a key that other users can write to', async () => {
    await chmod(folder, 0o755);
    await chmod(key, 0o622);
    const why = `${key} can be written by everybody (mode 622)`;
    expect(await offered({ identityFiles: [key] })).to.deep.equal({
      offers: [],
      unusable: [`the key ${key} is refused because other users can change it: ${why}`],
    });
  });

  describe('(run by root)', () => {
    before(requireRoot);
    it("does not offer the keys of another user's ssh-agent", async () => {
      const socket = join(folder, 'agent');
      const server = createServer().listen(socket);
      await once(server, 'listening');
      expect(await offered({ agentSocket: socket })).to.deep.equal({
        offers: [`the keys of the ssh-agent at ${socket}`],
        unusable: [],
      });
      await chown(socket, 4002, 4002);
      const why = `${socket} belongs to another user (uid 4002)`;
      expect(await offered({ agentSocket: socket })).to.deep.equal({
        offers: [],
        unusable: [`the ssh-agent at ${socket} is refused because another user may own it: ${why}`],
      });
      server.close();
    });
  });

  it('does not offer a password from a directory that other users can write to', async () => {
    await writeFile(join(folder, 'password'), 'secret\n', { mode: 0o600 });
    await chmod(folder, 0o777);
    const why = `other users can change the file: ${folder} can be written by everybody (mode 777)`;
    expect(await offered({ passwordFrom: { file: join(folder, 'password') } })).to.deep.equal({
      offers: [],
      unusable: [`the password is not available: ${why}`],
    });
  });
});
