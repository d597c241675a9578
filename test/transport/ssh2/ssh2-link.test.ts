// The transport ssh2 with several hops, any login shell, and broken links.
import { expect } from 'chai';
import fc from 'fast-check';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import {
  CommandNotFoundError,
  CommandTimeoutError,
  ConnectionLostError,
  HostUnreachableError,
} from '../../../src/transport/errors.ts';
import { freePorts } from '../../support/loopback-port.ts';
import { rejection } from '../../support/rejection.ts';
import { requireShells } from '../../support/skip-unless.ts';
import { addAccount, removeAccount, startSshd, targetOf } from '../../support/sshd.ts';
import { startLink } from '../../support/faulty-tcp-link.ts';
import { TIMEOUT_MS, waitUntil } from '../../support/wait-until.ts';
import { runPastDeadline } from '../growing-deadline.ts';
import { holdIntervals } from '../held-intervals.ts';
import { NOISE } from '../ssh-noise.ts';
import { shell, useSsh2TestBed } from './ssh2-test-bed.ts';

describe('the ssh2 transport', () => {
  before(requireShells);
  const testBed = useSsh2TestBed();

  describe('during the login', () => {
    it('reports a port on which nothing listens, and a host name that does not resolve', async () => {
      const [port = 0] = await freePorts(1);

      expect(await testBed.refusal({ ...testBed.target(), port })).to.contain(
        `nothing listens on port ${String(port)}`,
      );
      expect(await testBed.refusal({ ...testBed.target(), host: 'no.such.host.invalid' })).to.contain(
        'the name no.such.host.invalid does not resolve',
      );
    });

    it('reports a host that does not respond', async () => {
      await using link = await startLink(testBed.sshd.port);
      link.stall();

      expect(await testBed.refusal(testBed.target({ port: link.port }), { loginTimeoutMs: 300 })).to.contain(
        'cluster did not respond to an SSH connection within 0.3 s',
      );
    });

    it('does not connect if the password command takes longer than the login timeout', async () => {
      const logins = testBed.sshd.loginCount();
      const passwordFrom = { command: ['sh', '-c', 'sleep 2; echo secret'] };

      expect(await testBed.refusal(testBed.target({ passwordFrom }), { loginTimeoutMs: 500 })).to.contain(
        'cluster did not respond to an SSH connection within 0.5 s',
      );
      expect(testBed.sshd.loginCount()).to.equal(logins);
    });

    it('connects through two jump hosts and checks the host key of each', async () => {
      await using first = await startSshd();
      await using second = await startSshd();
      const jumps = [
        targetOf(first, testBed.account, { name: 'gate' }),
        targetOf(second, testBed.account, { name: 'login' }),
      ];
      await testBed.expectLogin(testBed.target({ jumps }));
      const logins = [first, second, testBed.sshd].map((one) => one.loginCount());
      expect(logins.slice(0, 2)).to.deep.equal([1, 1]);

      await second.changeHostKey();
      expect(await testBed.refusal(testBed.target({ jumps }))).to.contain('has changed');
      expect([second, testBed.sshd].map((one) => one.loginCount())).to.deep.equal(logins.slice(1));
    });

    it('reports a jump host that does not forward connections', async () => {
      await using gate = await startSshd(['AllowTcpForwarding no']);
      const jumps = [targetOf(gate, testBed.account, { name: 'gate' })];

      expect(await testBed.refusal(testBed.target({ jumps }))).to.contain(
        'gate does not forward connections to cluster',
      );
    });

    it('reports a host that permits no session (MaxSessions 0)', async () => {
      await using full = await startSshd(['MaxSessions 0']);

      expect(await testBed.refusal(targetOf(full, testBed.account))).to.contain(
        'cluster refuses another session on the connection',
      );
    });
  });

  for (const loginShell of ['tcsh', 'fish', 'dash']) {
    it(`works if the login shell is ${loginShell}`, async () => {
      const files = { '.tcshrc': NOISE, '.config/fish/config.fish': NOISE, '.profile': NOISE };
      const other = await addAccount({ shell: `/usr/bin/${loginShell}`, files });
      try {
        const hostile = "it's $HOME `id` \\n !! \r\n";
        const command = shell('cat; printf "%s" "$1"; exit 3', { stdin: hostile });
        const result = await testBed
          .open(targetOf(testBed.sshd, other))
          .run({ ...command, args: [...command.args, 'sh', hostile] });

        expect(result).to.include({ exitCode: 3, stdout: hostile + hostile, stderr: '' });
      } finally {
        await removeAccount(other);
      }
    });
  }

  it('finds a moved program after PATH has changed on the host, without a new login', async () => {
    const files = { '.bashrc': 'PATH=~/old:$PATH' };
    const other = await addAccount({ shell: '/usr/bin/bash', files });
    try {
      const host = testBed.open(targetOf(testBed.sshd, other));
      const logins = testBed.sshd.loginCount();
      const squeue = { program: 'site-squeue', args: [], timeoutMs: TIMEOUT_MS };
      await host.run(
        shell("mkdir -p old new; printf '#!/bin/sh\necho ok\n' > old/site-squeue; chmod +x old/site-squeue"),
      );
      expect((await host.run(squeue)).stdout).to.equal('ok\n');

      await host.run(shell("mv old/site-squeue new; echo 'PATH=~/new:$PATH' > .bashrc"));

      expect(await rejection(host.run(squeue))).to.be.instanceOf(CommandNotFoundError);
      expect((await host.run(squeue)).stdout).to.equal('ok\n');
      expect(testBed.sshd.loginCount()).to.equal(logins + 1);
    } finally {
      await removeAccount(other);
    }
  });

  it('needs one network round trip for a command in an open shell', async () => {
    await using link = await startLink(testBed.sshd.port);
    const host = testBed.open(testBed.target({ port: link.port }));
    await host.run(shell('true'));
    let oneWayMs = 250;
    let tookMs = Infinity;
    // The longer the delay, the less the time counts that the programs take on a busy machine.
    for (let tries = 0; tries < 6 && tookMs >= 4 * oneWayMs; tries += 1) {
      oneWayMs *= 2;
      link.delay(oneWayMs);
      const began = performance.now();
      await host.run(shell('cat', { stdin: 'x'.repeat(5_000) }));
      tookMs = performance.now() - began;
    }

    // A timer of Node may fire a millisecond early.
    expect(tookMs).to.be.within(2 * oneWayMs - 10, 4 * oneWayMs - 1);
  });

  it('keeps the connection open for other commands if a command is aborted', async () => {
    const host = testBed.open(testBed.target(), { closeTimeoutMs: 100 });
    const stop = new AbortController();
    const aborted = rejection(host.run(shell('touch aborted; exec sleep 20', { signal: stop.signal })));
    await waitUntil('the command to run', () => existsSync(join(testBed.account.home, 'aborted')));
    const other = host.run(shell('sleep 2; echo fine'));
    stop.abort(new Error('the daemon stops'));

    expect(await aborted).to.have.property('message', 'the daemon stops');
    expect(await other).to.include({ stdout: 'fine\n' });
    expect(host.loginCount()).to.equal(1);
  });

  it('replaces the connection if a program outlives its deadline on the host', async () => {
    const hosts: ReturnType<typeof testBed.open>[] = [];
    const { error } = await runPastDeadline(
      async (timeoutMs) => {
        const host = testBed.open(testBed.target(), { closeTimeoutMs: 100 });
        hosts.push(host);
        await host.run(shell('true'));
        // The process group of timeout(1) does not contain it, and it keeps the shell's pipe open.
        const program = `setsid sleep 600 & touch outlives-${String(hosts.length)}; wait`;
        return rejection(host.run(shell(program, { timeoutMs })));
      },
      () => existsSync(join(testBed.account.home, `outlives-${String(hosts.length)}`)),
    );
    const host = hosts.at(-1) ?? expect.fail('just opened');

    expect(error).to.be.instanceOf(CommandTimeoutError);
    await waitUntil('a new connection', async () => {
      await host.run(shell('true')).catch(() => undefined);
      return host.loginCount() === 2;
    });
  });

  describe('with a broken network link', () => {
    it('reports an unknown outcome only for commands already sent', async () => {
      await using link = await startLink(testBed.sshd.port);
      const host = testBed.open(testBed.target({ port: link.port }), { maxChannels: 1 });
      const running = rejection(host.run(shell('touch begun; sleep 60')));
      await waitUntil('the command to run', () => existsSync(join(testBed.account.home, 'begun')));
      const notSent = rejection(host.run(shell('touch ran')));
      link.cut();

      expect(await running).to.be.instanceOf(ConnectionLostError);
      expect(await notSent).to.be.instanceOf(HostUnreachableError);
      const answers = await Promise.all(Array.from({ length: 10 }, () => host.run(shell('echo fine'))));
      expect(answers.map(({ stdout }) => stdout)).to.deep.equal(Array(10).fill('fine\n'));
      expect(host.loginCount()).to.equal(2);
      expect(existsSync(join(testBed.account.home, 'ran'))).to.equal(false);
    });

    it('uses keepalive messages to detect that the link drops all packets', async () => {
      await using link = await startLink(testBed.sshd.port);
      // The test says when a keepalive is due: on a busy machine, sshd may not answer the first ones in time.
      const intervals = holdIntervals();
      const host = testBed.open(testBed.target({ port: link.port }));
      try {
        await host.run(shell('true'));
        const running = rejection(host.run(shell('touch kept; sleep 600')));
        await waitUntil('the command to run', () => existsSync(join(testBed.account.home, 'kept')));
        link.stall();
        const lost = await waitUntil('the connection to be given up', () => {
          intervals.passOnce();
          return Promise.race([running, turn(undefined)]);
        });

        expect(lost).to.be.instanceOf(ConnectionLostError);
      } finally {
        intervals.release();
      }
      link.mend();
      expect(await host.run(shell('echo fine'))).to.include({ stdout: 'fine\n' });
    });

    it('ends a command at its deadline', async () => {
      await using link = await startLink(testBed.sshd.port);
      const host = testBed.open(testBed.target({ port: link.port }));
      await host.run(shell('true'));
      link.stall();

      expect(await rejection(host.run(shell('true', { timeoutMs: 200 })))).to.be.instanceOf(CommandTimeoutError);
    });

    it('runs a command at most once, wherever the link breaks', async () => {
      await using link = await startLink(testBed.sshd.port);
      const host = testBed.open(testBed.target({ port: link.port }), { maxChannels: 1 });
      let tries = 0;
      await fc.assert(
        fc.asyncProperty(fc.oneof(fc.nat(12_000), fc.nat(2_500)), async (bytes) => {
          // A file for each: what was cut off may write late.
          tries += 1;
          const done = join(testBed.account.home, `done-${tries}`);
          link.cutAfter(bytes);
          const script = shell(`cat >> done-${tries}; echo 4711`, { stdin: 'x'.repeat(1_000) });
          const outcome = await host.run(script).catch((error: unknown) => error);
          const formatHostKey = existsSync(done) ? readFileSync(done, 'utf8').length : 0;
          link.mend();

          if (outcome instanceof HostUnreachableError) expect(formatHostKey).to.equal(0);
          else if (outcome instanceof ConnectionLostError) expect([0, 1_000]).to.include(formatHostKey);
          else
            expect({ outcome, formatHostKey })
              .to.deep.include({ formatHostKey: 1_000 })
              .and.nested.include({ 'outcome.stdout': '4711\n' });
        }),
        { numRuns: 60 },
      );
    });
  });
});
