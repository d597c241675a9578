// The provider ssh2 when something is wrong: who is let in and who isn't, several hops, and links that break.
import { expect } from 'chai';
import fc from 'fast-check';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandTimedOut, HostLost, HostUnreachable, LoginRefused } from '../../src/host/errors.ts';
import { createHostKeys } from '../../src/host/host-key-check.ts';
import type { Host, HostCommand } from '../../src/host/host.ts';
import { createLocalHost } from '../../src/host/local.ts';
import type { SshHost } from '../../src/host/remote-host.ts';
import { createSsh2Host, type Ssh2HostOptions } from '../../src/host/ssh2.ts';
import type { SshTarget } from '../../src/host/ssh-target.ts';
import { freePorts } from '../support/loopback-port.ts';
import { rejection } from '../support/rejection.ts';
import { requireRoot, requireShells, requireSshd } from '../support/requires.ts';
import { startAgent } from '../support/ssh-agent.ts';
import {
  addAccount,
  makeKey,
  removeAccount,
  startSshd,
  targetOf,
  type TestAccount,
  type TestSshd,
} from '../support/sshd.ts';
import { startLink } from '../support/tcp-link.ts';
import { waitUntil } from '../support/wait-until.ts';
import { NOISE } from './ssh-noise.ts';

const QUICK = { firstMs: 1, mostMs: 20 };

describe('a host by ssh2, when something is wrong', () => {
  before(requireRoot);
  before(requireSshd);
  before(requireShells);

  let here: Host;
  let sshd: TestSshd;
  let account: TestAccount;
  const hosts: Host[] = [];

  before(async () => {
    here = createLocalHost({ path: '/usr/bin:/bin', home: '/', user: 'root', workingDirectory: '/' });
    sshd = await startSshd();
    account = await addAccount();
  });

  afterEach(async () => {
    await Promise.all(hosts.splice(0).map((host) => host.close()));
  });

  after(async () => {
    await removeAccount(account);
    await sshd[Symbol.asyncDispose]();
  });

  function open(target: SshTarget = targetOf(sshd, account), more: Partial<Ssh2HostOptions> = {}): SshHost {
    const host = createSsh2Host({ target, here, surroundings: {}, hostKeysOf: createHostKeys, pace: QUICK, ...more });
    hosts.push(host);
    return host;
  }

  function shell(script: string, more: Partial<HostCommand> = {}): HostCommand {
    return { program: 'sh', args: ['-c', script], timeoutMs: 20_000, ...more };
  }

  async function refusal(target: SshTarget, more: Partial<Ssh2HostOptions> = {}): Promise<string> {
    const error = await rejection(open(target, more).run(shell('touch ran')));
    expect(error).to.be.instanceOf(HostUnreachable);
    expect(existsSync(join(account.home, 'ran'))).to.equal(false);
    return error.message;
  }

  async function isLetIn(target: SshTarget): Promise<void> {
    expect(await open(target).run(shell('id -un'))).to.include({ stdout: `${account.name}\n` });
  }

  describe('who is let in', () => {
    let folder: string;

    before(() => {
      ({ folder } = sshd);
    });

    it('is nobody to a host whose key is not known, and nothing is sent there', async () => {
      const logins = sshd.loginCount();
      const words = await refusal(
        targetOf(sshd, account, { hostKeys: { mode: 'strict', knownHostsFiles: [join(folder, 'none')] } }),
      );

      expect(words).to.contain(`The host key of [127.0.0.1]:${String(sshd.port)} is not known`);
      expect(sshd.loginCount()).to.equal(logins);
      expect(sshd.log()).not.to.contain(`user ${account.name} ssh2`);
    });

    it('is nobody while the file of known hosts can not be read', async () => {
      const hostKeys = { mode: 'strict', knownHostsFiles: [folder] } as const;

      expect(await refusal(targetOf(sshd, account, { hostKeys }))).to.contain(
        `The host key of [127.0.0.1]:${String(sshd.port)} can't be checked`,
      );
    });

    it('is nobody to a host whose key is another one than the first time, also where new keys are accepted', async () => {
      await using moved = await startSshd();
      const hostKeys = { mode: 'accept-new', knownHostsFiles: [join(folder, 'accepted')] } as const;
      const target = targetOf(moved, account, { hostKeys });
      await isLetIn(target);
      await moved.changeHostKey();

      expect(await refusal(target))
        .to.contain('has changed')
        .and.to.contain(`${join(folder, 'accepted')}:1`);
      expect(moved.loginCount()).to.equal(1);
    });

    it('is told which keys were refused', async () => {
      const stranger = join(folder, 'stranger');
      await makeKey(stranger);

      expect(await refusal(targetOf(sshd, account, { identityFiles: [stranger] }))).to.equal(
        `cluster did not let ${account.name} in; it takes publickey, password, keyboard-interactive. It refused the key ${stranger}. ` +
          `Put the public key into ~/.ssh/authorized_keys of ${account.name} there.`,
      );
    });

    it('is told that too many keys were tried, and which', async () => {
      await using strict = await startSshd(['MaxAuthTries 2']);
      const strangers = ['one', 'two', 'three'].map((name) => join(folder, name));
      await Promise.all(strangers.map((file) => makeKey(file)));

      expect(await refusal(targetOf(strict, account, { identityFiles: strangers }))).to.equal(
        `cluster did not let ${account.name} in and took no more tries (MaxAuthTries in its sshd_config). It refused ` +
          `the key ${folder}/one, the key ${folder}/two. Not tried any more: the key ${folder}/three. Name the right key with identity_file.`,
      );
    });

    it('is tried with one key after the other, without those that are not there', async () => {
      const other = join(folder, 'other');
      await makeKey(other, { type: 'ecdsa' });
      await isLetIn(targetOf(sshd, account, { identityFiles: [join(folder, 'missing'), other, account.keyFile] }));
    });

    it('is asked to use an agent for a key that is encrypted', async () => {
      const locked = join(folder, 'locked');
      await makeKey(locked, { passphrase: 'secret' });

      expect(await refusal(targetOf(sshd, account, { identityFiles: [locked] }))).to.contain(
        `Not tried: the key ${locked} is encrypted: start an agent and run ssh-add ${locked}.`,
      );
    });

    it('is whoever has a key in the agent', async () => {
      await using agent = await startAgent([account.keyFile]);
      await isLetIn(targetOf(sshd, account, { identityFiles: [], agentSocket: agent.socket }));
    });

    it('is told that no agent is running', async () => {
      const agentSocket = join(folder, 'no-agent');

      expect(await refusal(targetOf(sshd, account, { identityFiles: [], agentSocket }))).to.match(
        /Not tried: the keys of the agent at \S+no-agent: it gives no answer \(.*\); start one and run ssh-add/,
      );
    });

    it('is whoever has the password, from a file that nobody else can read or from a program', async () => {
      const file = join(folder, 'password');
      writeFileSync(file, `${account.password}\n`, { mode: 0o600 });
      await isLetIn(targetOf(sshd, account, { identityFiles: [], passwordFrom: { file } }));
      await isLetIn(targetOf(sshd, account, { identityFiles: [], passwordFrom: { command: ['cat', file] } }));

      chmodSync(file, 0o644);
      expect(await refusal(targetOf(sshd, account, { identityFiles: [], passwordFrom: { file } }))).to.contain(
        `others can read ${file}: run chmod 600 ${file}`,
      );
    });

    it('does not show the password when it is wrong', async () => {
      const passwordFrom = { command: ['echo', 'a wrong secret'] };
      const words = await refusal(targetOf(sshd, account, { identityFiles: [], passwordFrom }));

      expect(words).to.contain('It refused the password.').and.not.to.contain('secret');
    });

    it('is told that a second factor is asked for', async () => {
      await using strict = await startSshd([
        'AuthenticationMethods publickey,keyboard-interactive',
        'KbdInteractiveAuthentication yes',
      ]);

      expect(await refusal(targetOf(strict, account))).to.contain(
        'cluster took the key and asks for a second factor (keyboard-interactive)',
      );
    });

    it('is whoever has both, where a key and a password are asked for', async () => {
      await using strict = await startSshd(['AuthenticationMethods publickey,password']);
      const passwordFrom = { command: ['echo', account.password] };

      await isLetIn(targetOf(strict, account, { passwordFrom }));
    });

    it('is not asked for again soon', async () => {
      const host = open(targetOf(sshd, account, { identityFiles: [] }), { pace: { firstMs: 1, mostMs: 60_000 } });
      const error = await rejection(host.run(shell('true')));

      expect(error).to.be.instanceOf(LoginRefused);
      expect((await rejection(host.run(shell('true')))).message).to.match(/ The next try is in \d\d s\.$/);
      expect(host.loginCount()).to.equal(1);
    });
  });

  describe('the way there', () => {
    it('may lead to nobody', async () => {
      const [port = 0] = await freePorts(1);

      expect(await refusal({ ...targetOf(sshd, account), port })).to.contain(`nothing listens on port ${String(port)}`);
      expect(await refusal({ ...targetOf(sshd, account), host: 'no.such.host.invalid' })).to.contain(
        'no address is known for the name no.such.host.invalid',
      );
    });

    it('may lead to somebody who never answers', async () => {
      await using link = await startLink(sshd.port);
      link.stall();

      expect(await refusal(targetOf(sshd, account, { port: link.port }), { loginTimeoutMs: 300 })).to.contain(
        'cluster gave no answer to an SSH connection within 0.3 s',
      );
    });

    it('leads over two other hosts, each of which must be known', async () => {
      await using first = await startSshd();
      await using second = await startSshd();
      const jumps = [targetOf(first, account, { name: 'gate' }), targetOf(second, account, { name: 'login' })];
      await isLetIn(targetOf(sshd, account, { jumps }));
      const logins = [first, second, sshd].map((one) => one.loginCount());
      expect(logins.slice(0, 2)).to.deep.equal([1, 1]);

      await second.changeHostKey();
      expect(await refusal(targetOf(sshd, account, { jumps }))).to.contain('has changed');
      expect([second, sshd].map((one) => one.loginCount())).to.deep.equal(logins.slice(1));
    });

    it('ends at a host that forwards nothing', async () => {
      await using gate = await startSshd(['AllowTcpForwarding no']);
      const jumps = [targetOf(gate, account, { name: 'gate' })];

      expect(await refusal(targetOf(sshd, account, { jumps }))).to.contain('gate does not connect us to cluster');
    });

    it('ends at a host that opens no session', async () => {
      await using full = await startSshd(['MaxSessions 0']);

      expect(await refusal(targetOf(full, account))).to.contain('cluster opens no session on our connection');
    });
  });

  for (const loginShell of ['tcsh', 'fish', 'dash']) {
    it(`goes through ${loginShell} as the login shell`, async () => {
      const files = { '.tcshrc': NOISE, '.config/fish/config.fish': NOISE, '.profile': NOISE };
      const other = await addAccount({ shell: `/usr/bin/${loginShell}`, files });
      try {
        const hostile = "it's $HOME `id` \\n !! \r\n";
        const command = shell('cat; printf "%s" "$1"; exit 3', { stdin: hostile });
        const result = await open(targetOf(sshd, other)).run({ ...command, args: [...command.args, 'sh', hostile] });

        expect(result).to.include({ exitCode: 3, stdout: hostile + hostile, stderr: '' });
      } finally {
        await removeAccount(other);
      }
    });
  }

  describe('a link that breaks', () => {
    it('leaves what was under way unknown and what was not sent not run, and is made anew once for all', async () => {
      await using link = await startLink(sshd.port);
      const host = open(targetOf(sshd, account, { port: link.port }), { maxChannels: 1 });
      const underWay = rejection(host.run(shell('touch begun; sleep 3')));
      await waitUntil('the command to run', () => existsSync(join(account.home, 'begun')), { withinMs: 10_000 });
      const notSent = rejection(host.run(shell('touch ran')));
      link.cut();

      expect(await underWay).to.be.instanceOf(HostLost);
      expect(await notSent).to.be.instanceOf(HostUnreachable);
      const answers = await Promise.all(Array.from({ length: 10 }, () => host.run(shell('echo fine'))));
      expect(answers.map(({ stdout }) => stdout)).to.deep.equal(Array(10).fill('fine\n'));
      expect(host.loginCount()).to.equal(2);
      expect(existsSync(join(account.home, 'ran'))).to.equal(false);
    });

    it('is found out by keepalive when nothing comes through and nobody says so', async () => {
      await using link = await startLink(sshd.port);
      const host = open(targetOf(sshd, account, { port: link.port }), { keepalive: { intervalMs: 100, count: 3 } });
      await host.run(shell('true'));
      const underWay = rejection(host.run(shell('sleep 3')));
      link.stall();

      expect(await underWay).to.be.instanceOf(HostLost);
      link.mend();
      expect(await host.run(shell('echo fine'))).to.include({ stdout: 'fine\n' });
    });

    it('never outlasts a command’s deadline', async () => {
      await using link = await startLink(sshd.port);
      const host = open(targetOf(sshd, account, { port: link.port }));
      await host.run(shell('true'));
      link.stall();

      expect(await rejection(host.run(shell('true', { timeoutMs: 200 })))).to.be.instanceOf(CommandTimedOut);
    });

    it('at any byte leaves a command done once and known, done at most once and unknown, or not done at all', async () => {
      await using link = await startLink(sshd.port);
      const host = open(targetOf(sshd, account, { port: link.port }), { maxChannels: 1 });
      let tries = 0;
      await fc.assert(
        fc.asyncProperty(fc.oneof(fc.nat(12_000), fc.nat(2_500)), async (bytes) => {
          // A file for each: what was cut off may write late.
          tries += 1;
          const done = join(account.home, `done-${tries}`);
          link.cutAfter(bytes);
          const script = shell(`cat >> done-${tries}; echo 4711`, { stdin: 'x'.repeat(1_000) });
          const outcome = await host.run(script).catch((error: unknown) => error);
          const written = existsSync(done) ? readFileSync(done, 'utf8').length : 0;
          link.mend();

          if (outcome instanceof HostUnreachable) expect(written).to.equal(0);
          else if (outcome instanceof HostLost) expect([0, 1_000]).to.include(written);
          else
            expect({ outcome, written })
              .to.deep.include({ written: 1_000 })
              .and.nested.include({ 'outcome.stdout': '4711\n' });
        }),
        { numRuns: 60 },
      );
    });
  });
});
