// The openssh transport after a failure: the shared connection has ended, never existed, or opens no session.
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConnectionLostError, HostUnreachableError } from '../../../src/transport/errors.ts';
import type { Transport } from '../../../src/transport/transport.ts';
import { createOpensshTransport } from '../../../src/transport/openssh/openssh-transport.ts';
import type { SshTransport } from '../../../src/transport/remote-transport.ts';
import { rejection } from '../../support/rejection.ts';
import { openLocalTransport } from '../../support/local-transport.ts';
import { prepareUserSsh, type UserSsh } from '../../support/ssh-master.ts';
import { startSshd, targetOf, useSshd } from '../../support/sshd.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { shell } from '../ssh2/ssh2-test-bed.ts';

describe('the openssh transport', () => {
  const used = useSshd();
  let ssh: UserSsh;
  const hosts: Transport[] = [];

  beforeEach(() => {
    ssh = prepareUserSsh(targetOf(used.sshd, used.account));
  });

  afterEach(async () => {
    await Promise.all(hosts.splice(0).map((host) => host.close()));
    await ssh[Symbol.asyncDispose]();
  });

  function open({ mayLogIn = false, config = ssh.config, path = '/usr/bin:/bin' } = {}): SshTransport {
    const host = createOpensshTransport({
      destination: { host: 'cluster', options: ['-F', config] },
      context: {},
      here: openLocalTransport(path),
      ...(mayLogIn ? { ownLogin: { controlPath: join(ssh.folder, 'own') } } : {}),
    });
    hosts.push(host);
    return host;
  }

  const GONE =
    'The SSH connection to cluster has ended, and a new one may need your second factor. ' +
    'Run: ssh -fNM cluster   The daemon finds the new connection within 30 s; jobs are not affected.';

  it('prints the ssh command that opens a connection, and never logs in itself', async () => {
    const logins = used.sshd.loginCount();
    const host = open();
    const error = await rejection(host.run(shell('touch ran')));

    expect(error).to.be.instanceOf(HostUnreachableError);
    expect(error.message).to.equal(GONE);
    expect(used.sshd.loginCount()).to.equal(logins);
    expect(existsSync(join(used.account.home, 'ran'))).to.equal(false);

    await ssh.openMaster();
    expect(await host.run(shell('id -un'))).to.include({ stdout: `${used.account.name}\n` });
    await ssh.closeMaster();
    expect(await rejection(host.run(shell('touch ran')))).to.have.property('message', GONE);
    await ssh.openMaster();
    expect(await host.run(shell('id -un'))).to.include({ exitCode: 0 });
    expect(used.sshd.loginCount()).to.equal(logins + 2);
    expect(host.loginCount()).to.equal(0);
    expect(existsSync(join(used.account.home, 'ran'))).to.equal(false);
  });

  it('uses a connection that the user opened with a second factor, and never logs in itself', async () => {
    await using strict = await startSshd(['AuthenticationMethods publickey,keyboard-interactive', 'UsePAM yes']);
    await using user = prepareUserSsh(targetOf(strict, used.account));
    const host = open({ config: user.config });
    await user.openMaster(used.account.password);
    expect(await host.run(shell('id -un'))).to.include({ stdout: `${used.account.name}\n` });
    expect(strict.log()).to.match(/Accepted keyboard-interactive/);

    await user.closeMaster();
    const before = strict.log();
    for (let time = 0; time < 3; time += 1)
      expect(await rejection(host.run(shell('touch ran')))).to.have.property('message', GONE);
    expect(strict.log().slice(before.length)).not.to.match(/Connection from|Accepted|Failed/);

    await user.openMaster(used.account.password);
    expect(await host.run(shell('id -un'))).to.include({ stdout: `${used.account.name}\n` });
    expect(host.loginCount()).to.equal(0);
  });

  it('reports the outcome of a running command as unknown if the connection ends', async () => {
    await ssh.openMaster();
    const host = open();
    const running = rejection(host.run(shell('touch begun; sleep 60')));
    await waitUntil('the command to run', () => existsSync(join(used.account.home, 'begun')));
    await ssh.closeMaster();

    expect(await running).to.be.instanceOf(ConnectionLostError);
  });

  it('advises the user to set a ControlPath if the configuration has none', async () => {
    const config = join(ssh.folder, 'bare');
    writeFileSync(config, 'Host cluster\nHostName 127.0.0.1\n');

    expect((await rejection(open({ config }).run(shell('true')))).message).to.contain(
      'Put "ControlPath ~/.ssh/%C" under "Host cluster" in ~/.ssh/config, then run: ssh -fNM cluster',
    );
  });

  it('names the file if ssh cannot read its configuration', async () => {
    const config = join(ssh.folder, 'bad');
    writeFileSync(config, 'Host cluster\nNoSuchOption yes\n');

    expect((await rejection(open({ config }).run(shell('true')))).message)
      .to.contain(`ssh cannot read its configuration for cluster: ${config}`)
      .and.to.contain('Correct it so that ssh -G cluster works.');
  });

  it('opens one connection for all commands if a login is permitted', async () => {
    const logins = used.sshd.loginCount();
    const host = open({ mayLogIn: true });
    await Promise.all([1, 2, 3].map(() => host.run(shell('true'))));

    expect(used.sshd.loginCount()).to.equal(logins + 1);
    expect(host.loginCount()).to.equal(1);
    await host.close();
    expect(existsSync(join(ssh.folder, 'own'))).to.equal(false);
  });

  it('opens only one connection after a killed ssh has left its socket', async () => {
    const socket = join(ssh.folder, 'own');
    await leaveSocket(socket);
    const logins = used.sshd.loginCount();
    const host = open({ mayLogIn: true });

    for (let time = 0; time < 2; time += 1) expect(await host.run(shell('true'))).to.include({ exitCode: 0 });

    expect(used.sshd.loginCount()).to.equal(logins + 1);
    await host.close();
    expect(existsSync(socket)).to.equal(false);
  });

  it('closes only after its ssh connection has ended', async () => {
    const bin = join(ssh.folder, 'bin');
    mkdirSync(bin);
    const late =
      '#!/bin/sh\ncase "$*" in *"-O exit"*) (sleep 0.5; exec /usr/bin/ssh "$@") >/dev/null 2>&1 & exit ;; esac\n';
    writeFileSync(join(bin, 'ssh'), `${late}exec /usr/bin/ssh "$@"\n`, { mode: 0o755 });
    const host = open({ mayLogIn: true, path: `${bin}:/usr/bin:/bin` });
    await host.run(shell('true'));
    expect(existsSync(join(ssh.folder, 'own'))).to.equal(true);

    await host.close();

    expect(existsSync(join(ssh.folder, 'own'))).to.equal(false);
  });

  it('does not log in if other users can change the known_hosts file', async () => {
    const known = join(ssh.folder, 'known');
    copyFileSync(used.sshd.knownHosts(), known);
    chmodSync(ssh.folder, 0o755);
    chmodSync(known, 0o666);
    await using user = prepareUserSsh({
      ...targetOf(used.sshd, used.account),
      hostKeys: { mode: 'strict', knownHostsFiles: [known] },
    });
    const error = await rejection(open({ mayLogIn: true, config: user.config }).run(shell('touch ran')));

    expect(error.message).to.include(`other users can change ${known}`).and.to.include('Run chmod go-w');
    expect(existsSync(join(used.account.home, 'ran'))).to.equal(false);
  });

  it('uses a connection that the user opened, even if a login is permitted', async () => {
    await ssh.openMaster();
    const host = open({ mayLogIn: true });
    await host.run(shell('true'));

    expect(host.loginCount()).to.equal(0);
  });

  it('reports "Permission denied" if the login needs a password prompt', async () => {
    await using strict = await startSshd(['AuthenticationMethods publickey,password']);
    await using user = prepareUserSsh(targetOf(strict, used.account));
    const error = await rejection(open({ mayLogIn: true, config: user.config }).run(shell('true')));

    expect(error).to.be.instanceOf(HostUnreachableError);
    expect(error.message)
      .to.contain('Permission denied')
      .and.to.contain('To open a connection yourself, run: ssh -fNM cluster');
    expect(strict.loginCount()).to.equal(0);
  });

  it('reports that the login node rejects another session on the connection', async () => {
    await using full = await startSshd(['MaxSessions 0']);
    await using user = prepareUserSsh(targetOf(full, used.account));
    await user.openMaster();

    expect((await rejection(open({ config: user.config }).run(shell('true')))).message).to.contain(
      'cluster refuses another session on the connection (MaxSessions',
    );
  });

  it('reports the output of a ForceCommand that replaces the command', async () => {
    await using node = await startSshd(['ForceCommand echo "This account is" ; echo "not available." >&2; exit 1']);
    await using user = prepareUserSsh(targetOf(node, used.account));
    await user.openMaster();

    expect((await rejection(open({ config: user.config }).run(shell('true')))).message).to.match(
      /returned incomplete output of sh: ssh ended with exit code 1: not available\. This account is$/,
    );
  });

  it('reports that the ssh client is missing', async () => {
    const here = openLocalTransport('/nowhere');
    const host = createOpensshTransport({ destination: { host: 'cluster', options: [] }, context: {}, here });

    expect((await rejection(host.run(shell('true')))).message).to.contain("Install OpenSSH's client here");
  });
});

/** Leaves the socket of a process that was killed. */
async function leaveSocket(path: string): Promise<void> {
  const listen = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  await once(spawn(process.execPath, ['-e', listen]), 'exit');
}
