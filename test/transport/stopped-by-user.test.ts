// Commands as another Unix user that do not end, stopped by that user (SIGSTOP) or ignoring signals, over SSH: they keep no session.
import { expect } from 'chai';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CommandTimeoutError } from '../../src/transport/errors.ts';
import { createHostKeyCheck } from '../../src/transport/host-keys/check-host-key.ts';
import type { SshTransport } from '../../src/transport/remote-transport.ts';
import { createOpensshTransport } from '../../src/transport/openssh/openssh-transport.ts';
import { createSsh2Transport } from '../../src/transport/ssh2/ssh2-transport.ts';
import { openLocalTransport } from '../support/local-transport.ts';
import { rejection } from '../support/rejection.ts';
import { requireRoot, requireSshd, requireSudo } from '../support/skip-unless.ts';
import { prepareUserSsh, type UserSsh } from '../support/ssh-master.ts';
import { startSshd, targetOf, type TestSshd } from '../support/sshd.ts';
import { addUser, installSudoers, removeSudoers, removeUser, type TestUser } from '../support/users-with-sudo.ts';
import { TIMEOUT_MS, waitUntil } from '../support/wait-until.ts';

describe('over SSH', () => {
  let sshd: TestSshd;
  let daemon: TestUser;
  let alice: TestUser;
  let ssh: UserSsh;
  let marks: string;

  before(requireRoot);
  before(requireSshd);
  before(requireSudo);
  before(async () => {
    sshd = await startSshd(['MaxSessions 10']);
    daemon = await addUser();
    alice = await addUser();
    marks = join(alice.home, 'marks');
    await installSudoers(`${daemon.name} ALL=(${alice.name}) NOPASSWD: /bin/sh\n`);
    ssh = prepareUserSsh(targetOf(sshd, daemon));
    await ssh.openMaster();
  });
  after(async () => {
    await ssh[Symbol.asyncDispose]();
    removeSudoers();
    await removeUser(alice);
    await removeUser(daemon);
    await sshd[Symbol.asyncDispose]();
  });

  const open: Readonly<Record<string, () => SshTransport>> = {
    ssh2: () =>
      createSsh2Transport({
        target: targetOf(sshd, daemon),
        context: {},
        hostKeysOf: createHostKeyCheck,
        here: openLocalTransport(),
        closeTimeoutMs: 10_000,
      }),
    openssh: () =>
      createOpensshTransport({
        destination: { host: 'cluster', options: ['-F', ssh.config] },
        context: {},
        here: openLocalTransport(),
      }),
  };

  /** How many of these commands have started. */
  function count(): number {
    return existsSync(marks) ? readFileSync(marks, 'utf8').split('\n').length - 1 : 0;
  }

  /** Hangs until its deadline. */
  function stopped(host: SshTransport, timeoutMs: number): Promise<Error> {
    const args = ['-c', `echo stopped >> ${marks}; kill -STOP $$`];
    return rejection(host.run({ program: '/bin/sh', args, timeoutMs, runAs: alice.name }));
  }

  /** Neither sudo nor the user of the login can end it. */
  function ignoring(host: SshTransport, timeoutMs: number): Promise<Error> {
    const script = `trap '' HUP INT TERM; echo ignoring >> ${marks}; exec > /dev/null; while :; do sleep 1; done`;
    // The last process keeps the output open.
    const args = ['-c', `sh -c "$1" & trap '' HUP INT TERM; wait; sleep 600`, 'sh', script];
    return rejection(host.run({ program: '/bin/sh', args, timeoutMs, runAs: alice.name, stdin: 'x'.repeat(100_000) }));
  }

  /** How many processes of the user of the login are shells. */
  async function shellsOfLogin(): Promise<number> {
    const { output } = await daemon.run('ps', '-u', daemon.name, '-o', 'comm=');
    return output.split('\n').filter((name) => /^(?:ba|da)?sh$/.test(name)).length;
  }

  for (const [provider, openHost] of Object.entries(open)) {
    describe(`with ${provider}, hanging commands of another Unix user`, () => {
      let host: SshTransport;

      before(() => {
        rmSync(marks, { force: true });
        host = openHost();
      });
      after(() => host.close());

      it('do not delay commands of the login user', async () => {
        await host.run({ program: 'true', args: [], timeoutMs: TIMEOUT_MS });
        const stuck = Array.from({ length: 8 }, () => stopped(host, 8_000));
        await waitUntil('the commands of the user to run', () => count() >= 6);
        const startedAt = performance.now();
        await host.run({ program: 'true', args: [], timeoutMs: TIMEOUT_MS });
        expect(performance.now() - startedAt).to.be.lessThan(3_000);
        await Promise.all(stuck);
      });

      it('end at their deadline, and the connection stays usable', async () => {
        const logins = sshd.loginCount();
        for (let n = 0; n < 2; n += 1) {
          const errors = await Promise.all(Array.from({ length: 4 }, () => stopped(host, 3_000)));
          for (const error of errors) expect(error).to.be.instanceOf(CommandTimeoutError);
        }
        const args = ['-c', 'id -un'];
        const shown = await host.run({ program: '/bin/sh', args, timeoutMs: TIMEOUT_MS, runAs: alice.name });
        expect(shown.stdout.trim()).to.equal(alice.name);
        await host.run({ program: 'true', args: [], timeoutMs: TIMEOUT_MS });
        expect(sshd.loginCount()).to.equal(logins);
      });

      it('release their sessions even if they ignore signals', async () => {
        await host.run({ program: 'true', args: [], timeoutMs: TIMEOUT_MS });
        const [logins, shells] = [sshd.loginCount(), await shellsOfLogin()];

        const errors = await Promise.all(Array.from({ length: 4 }, () => ignoring(host, 3_000)));

        for (const error of errors) expect(error).to.be.instanceOf(CommandTimeoutError);
        await waitUntil('the shells of these commands to end', async () => (await shellsOfLogin()) <= shells);
        await host.run({ program: 'true', args: [], timeoutMs: TIMEOUT_MS });
        expect(sshd.loginCount()).to.equal(logins);
      });
    });
  }
});
