// The provider openssh and the sockets of others: nothing is sent over one at which another user listens, or could be the next to listen.
import { expect } from 'chai';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HostUnreachableError, LoginRefusedError } from '../../src/transport/errors.ts';
import { createLocalTransport } from '../../src/transport/local.ts';
import { createOpensshTransport } from '../../src/transport/openssh.ts';
import type { SshTransport } from '../../src/transport/remote-transport.ts';
import { listenAsMallory, MALLORY } from '../support/others-socket.ts';
import { rejection } from '../support/rejection.ts';
import { requireRoot, requireSshd } from '../support/requires.ts';
import { prepareUserSsh, type UserSsh } from '../support/ssh-master.ts';
import { addAccount, removeAccount, startSshd, targetOf, type TestAccount, type TestSshd } from '../support/sshd.ts';
import { shell } from './ssh2-test-bed.ts';

describe('a shared connection in a folder of everybody', () => {
  before(requireRoot);
  before(requireSshd);

  let sshd: TestSshd;
  let account: TestAccount;
  let ssh: UserSsh;
  /** As /tmp. */
  let open: string;
  let socket: string;
  let host: SshTransport;

  before(async () => {
    sshd = await startSshd();
    account = await addAccount();
  });

  beforeEach(() => {
    open = mkdtempSync('/tmp/open-');
    chmodSync(open, 0o1777);
    socket = join(open, 'mux');
    ssh = prepareUserSsh(targetOf(sshd, account));
  });

  afterEach(async () => {
    await host.close();
    await ssh[Symbol.asyncDispose]();
    rmSync(open, { recursive: true });
  });

  after(async () => {
    await removeAccount(account);
    await sshd[Symbol.asyncDispose]();
  });

  function connect(ownPath?: string): SshTransport {
    host = createOpensshTransport({
      destination: { host: 'cluster', options: ['-F', ssh.config] },
      context: {},
      here: createLocalTransport({ path: '/usr/bin:/bin', home: '/', user: 'root', workingDirectory: '/' }),
      ...(ownPath === undefined ? {} : { ownLogin: { controlPath: ownPath } }),
    });
    return host;
  }

  const MEND = 'Put "ControlPath ~/.ssh/%C" under "Host cluster" in ~/.ssh/config, then run: ssh -fNM cluster';

  it('is not used where another user listens, who sees nothing of us', async () => {
    writeFileSync(ssh.config, `ControlPath ${socket}\n`);
    await using other = await listenAsMallory(socket);
    const error = await rejection(connect().run(shell('true')));

    expect(other.visits()).to.equal(0);
    expect(error).to.be.instanceOf(HostUnreachableError).and.to.be.instanceOf(LoginRefusedError);
    expect(error.message)
      .to.include('SSH connection to cluster')
      .and.to.include(`${socket} belongs to another user (uid ${MALLORY})`)
      .and.to.include(MEND);
  });

  it('is not used for a connection of our own either', async () => {
    writeFileSync(ssh.config, '');
    await using other = await listenAsMallory(socket);
    const error = await rejection(connect(socket).run(shell('true')));

    expect(other.visits()).to.equal(0);
    expect(error.message).to.include(`${socket} belongs to another user (uid ${MALLORY})`);
  });

  it('is not used where others could be the next to listen, be it ours now', async () => {
    writeFileSync(ssh.config, configAt(socket));
    await ssh.openMaster();
    const error = await rejection(connect().run(shell('touch ran')));

    expect(error.message).to.include(`${open} can be written by everybody (mode 1777)`).and.to.include(MEND);
    expect(existsSync(join(account.home, 'ran'))).to.equal(false);
  });

  it('is looked at before every command, and used again when it is ours again', async () => {
    chmodSync(open, 0o755);
    writeFileSync(ssh.config, configAt(socket));
    await ssh.openMaster();
    connect();
    expect(await host.run(shell('id -un'))).to.include({ stdout: `${account.name}\n` });

    // Another user with access replaces the socket of the closed connection.
    await ssh.closeMaster();
    chmodSync(open, 0o1777);
    {
      await using other = await listenAsMallory(socket);
      chmodSync(open, 0o755);
      const error = await rejection(host.run(shell('touch ran')));
      expect(error.message).to.include(`${socket} belongs to another user`);
      expect(other.visits()).to.equal(0);
    }
    rmSync(socket);
    await ssh.openMaster();
    expect(await host.run(shell('id -un'))).to.include({ stdout: `${account.name}\n` });
    expect(existsSync(join(account.home, 'ran'))).to.equal(false);
  });

  function configAt(path: string): string {
    const { host: name, port, user, identityFiles, hostKeys } = targetOf(sshd, account);
    return [
      'Host cluster',
      `HostName ${name}`,
      `Port ${String(port)}`,
      `User ${user}`,
      ...identityFiles.map((file) => `IdentityFile ${file}`),
      ...hostKeys.knownHostsFiles.map((file) => `UserKnownHostsFile ${file}`),
      `ControlPath ${path}`,
      '',
    ].join('\n');
  }
});
