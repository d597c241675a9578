// The openssh transport and sockets of other users: it sends nothing over a socket that another user owns or could replace.
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HostUnreachableError, LoginRefusedError } from '../../src/transport/errors.ts';
import { createOpensshTransport } from '../../src/transport/openssh/openssh-transport.ts';
import type { SshTransport } from '../../src/transport/remote-transport.ts';
import { rejection } from '../support/rejection.ts';
import { openLocalTransport } from '../support/local-transport.ts';
import { prepareUserSsh, type UserSsh } from '../support/ssh-master.ts';
import { targetOf, useSshd } from '../support/sshd.ts';
import { waitUntil } from '../support/wait-until.ts';
import { shell } from './ssh2/ssh2-test-bed.ts';

/** The user id of another Unix user. */
const MALLORY = 4002;

describe('the openssh transport with a socket in a directory like /tmp', () => {
  const used = useSshd();
  let ssh: UserSsh;
  /** As /tmp. */
  let open: string;
  let socket: string;
  let host: SshTransport;

  beforeEach(() => {
    open = mkdtempSync('/tmp/open-');
    chmodSync(open, 0o1777);
    socket = join(open, 'mux');
    ssh = prepareUserSsh(targetOf(used.sshd, used.account));
  });

  afterEach(async () => {
    await host.close();
    await ssh[Symbol.asyncDispose]();
    rmSync(open, { recursive: true });
  });

  function connect(ownPath?: string): SshTransport {
    host = createOpensshTransport({
      destination: { host: 'cluster', options: ['-F', ssh.config] },
      context: {},
      here: openLocalTransport(),
      ...(ownPath === undefined ? {} : { ownLogin: { controlPath: ownPath } }),
    });
    return host;
  }

  const MEND = 'Put "ControlPath ~/.ssh/%C" under "Host cluster" in ~/.ssh/config, then run: ssh -fNM cluster';

  it("does not use another user's socket for a command", async () => {
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

  it("does not log in through another user's socket", async () => {
    writeFileSync(ssh.config, '');
    await using other = await listenAsMallory(socket);
    const error = await rejection(connect(socket).run(shell('true')));

    expect(other.visits()).to.equal(0);
    expect(error.message).to.include(`${socket} belongs to another user (uid ${MALLORY})`);
  });

  it("rejects the user's own socket if other users can replace it", async () => {
    writeFileSync(ssh.config, configAt(socket));
    await ssh.openMaster();
    const error = await rejection(connect().run(shell('touch ran')));

    expect(error.message).to.include(`${open} can be written by everybody (mode 1777)`).and.to.include(MEND);
    expect(existsSync(join(used.account.home, 'ran'))).to.equal(false);
  });

  it('checks the socket before every command', async () => {
    chmodSync(open, 0o755);
    writeFileSync(ssh.config, configAt(socket));
    await ssh.openMaster();
    connect();
    expect(await host.run(shell('id -un'))).to.include({ stdout: `${used.account.name}\n` });

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
    expect(await host.run(shell('id -un'))).to.include({ stdout: `${used.account.name}\n` });
    expect(existsSync(join(used.account.home, 'ran'))).to.equal(false);
  });

  function configAt(path: string): string {
    const { host: name, port, user, identityFiles, hostKeys } = targetOf(used.sshd, used.account);
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

interface ForeignSocket {
  /** How many connections were made to it. */
  visits(): number;
  /** Ends the listener; the socket file stays. */
  [Symbol.asyncDispose](): Promise<void>;
}

const LISTEN = `
const [path, log] = process.argv.slice(1);
const { appendFileSync, chmodSync, writeFileSync } = require('node:fs');
writeFileSync(log, '');
const server = require('node:net').createServer((visitor) => {
  appendFileSync(log, 'x');
  visitor.destroy();
});
server.listen(path, () => {
  chmodSync(path, 0o777);
  writeFileSync(log + '.ready', '');
});`;

/** Starts a listener of the other user. @param path in a directory that all users can write to, where a file counts the visits */
async function listenAsMallory(path: string): Promise<ForeignSocket> {
  const log = `${path}.visits`;
  const become = [`--reuid=${MALLORY}`, `--regid=${MALLORY}`, '--clear-groups', '--'];
  const child = spawn('setpriv', [...become, process.execPath, '-e', LISTEN, path, log], { stdio: 'inherit' });
  const ended = once(child, 'exit');
  await waitUntil('the other user to listen', () => existsSync(`${log}.ready`));
  return {
    visits: () => readFileSync(log, 'utf8').length,
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}
