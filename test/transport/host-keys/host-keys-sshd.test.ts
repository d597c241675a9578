// Host keys between a real sshd and the transport ssh2, which sends nothing to a host with an untrusted key.
import { expect } from 'chai';
import { join } from 'node:path';
import { HostUnreachableError } from '../../../src/transport/errors.ts';
import { createHostKeyCheck } from '../../../src/transport/host-keys/check-host-key.ts';
import { createSsh2Transport, type Ssh2TransportOptions } from '../../../src/transport/ssh2/ssh2-transport.ts';
import type { HostKeyPolicy, SshTarget } from '../../../src/transport/ssh-target.ts';
import { openLocalTransport } from '../../support/local-transport.ts';
import { requireRoot, requireSshd } from '../../support/skip-unless.ts';
import { addAccount, removeAccount, startSshd, targetOf, type TestAccount, type TestSshd } from '../../support/sshd.ts';
import { createKnownHostsFixture, type KnownHostsFixture } from './host-key-fixtures.ts';
import { TIMEOUT_MS } from '../../support/wait-until.ts';

describe('the ssh2 transport with a real sshd', () => {
  before(requireRoot);
  before(requireSshd);

  let account: TestAccount;
  let sshd: TestSshd;
  let keys: KnownHostsFixture;

  before(async () => {
    account = await addAccount();
  });
  after(() => removeAccount(account));
  beforeEach(async () => {
    sshd = await startSshd();
    keys = await createKnownHostsFixture();
  });
  afterEach(async () => {
    await sshd[Symbol.asyncDispose]();
    await keys[Symbol.asyncDispose]();
  });

  /** The output of one command over a new connection, or the error message. */
  async function greet(policy: Partial<HostKeyPolicy>, more: Partial<SshTarget> = {}): Promise<string> {
    const knownHostsFiles = [join(keys.folder, 'known')];
    const target = targetOf(sshd, account, { hostKeys: { mode: 'strict', knownHostsFiles, ...policy }, ...more });
    const host = createSsh2Transport(optionsFor(target));
    try {
      const { stdout } = await host.run({ program: 'echo', args: ['hello'], timeoutMs: TIMEOUT_MS });
      return stdout.trim();
    } catch (error) {
      expect(error).to.be.instanceOf(HostUnreachableError);
      return String(error);
    } finally {
      await host.close();
    }
  }

  /** From its log: nobody got as far as to say who they are. An earlier session may end meanwhile. */
  function expectNoLogin(server: TestSshd, since = ''): void {
    expect(server.log().slice(since.length)).not.to.match(
      /Accepted|Failed|userauth|(?<!Close session: )user cas-|publickey/,
    );
  }

  it('sends no user name and no key to a host with an unknown host key', async () => {
    expect(await greet({})).to.contain(`The host key of [127.0.0.1]:${sshd.port} is unknown`);
    expectNoLogin(sshd);
  });

  it('logs in to a host with a known host key', async () => {
    expect(await greet({ knownHostsFiles: [sshd.knownHosts()] })).to.equal('hello');
    expect(sshd.loginCount()).to.be.greaterThan(0);
  });

  it('saves the host key in accept-new mode, and later rejects another key', async () => {
    expect(await greet({ mode: 'accept-new' })).to.equal('hello');
    expect(await greet({})).to.equal('hello');
    expect(await keys.read('known')).to.match(new RegExp(`^\\[127\\.0\\.0\\.1\\]:${sshd.port} ssh-ed25519 \\S+\\n$`));

    await sshd.changeHostKey();
    const before = sshd.log();

    const message = await greet({ mode: 'accept-new' });
    expect(message).to.contain('has changed').and.to.contain(`${keys.folder}/known:1`);
    expectNoLogin(sshd, before);
  });

  it('does not log in through a jump host whose key has changed', async () => {
    await using inner = await startSshd();
    const jump = targetOf(sshd, account, { name: 'gate' });
    const hostKeys: HostKeyPolicy = { mode: 'strict', knownHostsFiles: [inner.knownHosts()] };
    const way = { port: inner.port, hostKeys, jumps: [jump] };
    expect(await greet({}, way)).to.equal('hello');
    const logins = inner.loginCount();
    await sshd.changeHostKey();
    const before = sshd.log();

    expect(await greet({}, way)).to.contain('has changed');

    expectNoLogin(sshd, before);
    expect(inner.loginCount()).to.equal(logins);
  });
});

function optionsFor(target: SshTarget): Ssh2TransportOptions {
  return {
    target,
    context: {},
    hostKeysOf: createHostKeyCheck,
    here: openLocalTransport(),
  };
}
