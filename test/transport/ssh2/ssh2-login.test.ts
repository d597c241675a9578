// The ssh2 transport at login: what it offers, and its messages if the login fails.
import { expect } from 'chai';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LoginRefusedError } from '../../../src/transport/errors.ts';
import { rejection } from '../../support/rejection.ts';
import { startLink } from '../../support/faulty-tcp-link.ts';
import { startAgent } from '../../support/ssh-agent.ts';
import { makeKey, startSshd, targetOf } from '../../support/sshd.ts';
import { shell, useSsh2TestBed } from './ssh2-test-bed.ts';

describe('a login of the ssh2 transport', () => {
  const testBed = useSsh2TestBed();

  let folder: string;

  before(() => ({ folder } = testBed.sshd));

  it('sends nothing to a host with an unknown host key', async () => {
    const logins = testBed.sshd.loginCount();
    const words = await testBed.refusal(
      testBed.target({ hostKeys: { mode: 'strict', knownHostsFiles: [join(folder, 'none')] } }),
    );

    expect(words).to.contain(`The host key of [127.0.0.1]:${String(testBed.sshd.port)} is unknown`);
    expect(testBed.sshd.loginCount()).to.equal(logins);
    expect(testBed.sshd.log()).not.to.contain(`user ${testBed.account.name} ssh2`);
  });

  it('fails if the known_hosts file cannot be read', async () => {
    const hostKeys = { mode: 'strict', knownHostsFiles: [folder] } as const;

    expect(await testBed.refusal(testBed.target({ hostKeys }))).to.contain(
      `The host key of [127.0.0.1]:${String(testBed.sshd.port)} cannot be checked`,
    );
  });

  it('stops if the host key has changed, even in accept-new mode', async () => {
    await using moved = await startSshd();
    const hostKeys = { mode: 'accept-new', knownHostsFiles: [join(folder, 'accepted')] } as const;
    const target = targetOf(moved, testBed.account, { hostKeys });
    await testBed.expectLogin(target);
    await moved.changeHostKey();

    expect(await testBed.refusal(target))
      .to.contain('has changed')
      .and.to.contain(`${join(folder, 'accepted')}:1`);
    expect(moved.loginCount()).to.equal(1);
  });

  it('reports the output of a host that prints a message and runs no command', async () => {
    const printed = 'Password change required but no TTY available.';
    for (const stream of ['>&2', '']) {
      await using expired = await startSshd([`ForceCommand echo "${printed}" ${stream}; exit 1`]);
      await using slow = await startLink(expired.port);
      // Everything that the host sends comes in one piece.
      slow.delay(50);
      for (const port of [expired.port, slow.port]) {
        const host = testBed.open(targetOf(expired, testBed.account, { port }));

        expect((await rejection(host.run(shell('true')))).message).to.match(
          /returned incomplete output of sh: the shell on the host ended with exit code 1: Password change required but no TTY available\.$/,
        );
      }
    }
  });

  it('names the keys that the host rejected', async () => {
    const stranger = join(folder, 'stranger');
    await makeKey(stranger);

    expect(await testBed.refusal(testBed.target({ identityFiles: [stranger] }))).to.equal(
      `cluster refused the login of ${testBed.account.name}; accepted methods: publickey, password, keyboard-interactive. Credentials refused: the key ${stranger}. ` +
        `Add the public key to ~/.ssh/authorized_keys of ${testBed.account.name} on that host.`,
    );
  });

  it('names the tried and the untried keys if the host ends the login', async () => {
    await using strict = await startSshd(['MaxAuthTries 2']);
    const strangers = ['one', 'two', 'three'].map((name) => join(folder, name));
    await Promise.all(strangers.map((file) => makeKey(file)));

    expect(await testBed.refusal(targetOf(strict, testBed.account, { identityFiles: strangers }))).to.equal(
      `cluster refused the login of ${testBed.account.name} after too many attempts (MaxAuthTries in its sshd_config). Credentials refused: ` +
        `the key ${folder}/one, the key ${folder}/two. Not tried: the key ${folder}/three. Set identity_file to the right key.`,
    );
  });

  it('tries each key in turn and skips missing key files', async () => {
    const other = join(folder, 'other');
    await makeKey(other, { type: 'ecdsa' });
    await testBed.expectLogin(
      testBed.target({ identityFiles: [join(folder, 'missing'), other, testBed.account.keyFile] }),
    );
  });

  it('advises the user to load an encrypted key into ssh-agent', async () => {
    const locked = join(folder, 'locked');
    await makeKey(locked, { passphrase: 'secret' });

    expect(await testBed.refusal(testBed.target({ identityFiles: [locked] }))).to.contain(
      `Not tried: the key ${locked} is encrypted: start ssh-agent and run ssh-add ${locked}.`,
    );
  });

  it('succeeds with a key in ssh-agent', async () => {
    await using agent = await startAgent([testBed.account.keyFile]);
    await testBed.expectLogin(testBed.target({ identityFiles: [], agentSocket: agent.socket }));
  });

  it('reports that no ssh-agent is running', async () => {
    const agentSocket = join(folder, 'no-agent');

    expect(await testBed.refusal(testBed.target({ identityFiles: [], agentSocket }))).to.match(
      /Not tried: the keys of the ssh-agent at \S+no-agent: ssh-agent does not respond \(.*\); start it and run ssh-add/,
    );
  });

  it('succeeds with a password from a private file or a program', async () => {
    const file = join(folder, 'password');
    writeFileSync(file, `${testBed.account.password}\n`, { mode: 0o600 });
    await testBed.expectLogin(testBed.target({ identityFiles: [], passwordFrom: { file } }));
    await testBed.expectLogin(testBed.target({ identityFiles: [], passwordFrom: { command: ['cat', file] } }));

    chmodSync(file, 0o644);
    expect(await testBed.refusal(testBed.target({ identityFiles: [], passwordFrom: { file } }))).to.contain(
      `other users can read ${file}: run chmod 600 ${file}`,
    );
  });

  it('does not show a password that the host rejects', async () => {
    const passwordFrom = { command: ['echo', 'a wrong secret'] };
    const words = await testBed.refusal(testBed.target({ identityFiles: [], passwordFrom }));

    expect(words).to.contain('Credentials refused: the password.').and.not.to.contain('secret');
  });

  it('reports that a second factor is required', async () => {
    await using strict = await startSshd([
      'AuthenticationMethods publickey,keyboard-interactive',
      'KbdInteractiveAuthentication yes',
    ]);

    expect(await testBed.refusal(targetOf(strict, testBed.account))).to.contain(
      'cluster accepted the key but requires a second factor (keyboard-interactive)',
    );
  });

  it('succeeds with key and password if both are required', async () => {
    await using strict = await startSshd(['AuthenticationMethods publickey,password']);
    const passwordFrom = { command: ['echo', testBed.account.password] };

    await testBed.expectLogin(targetOf(strict, testBed.account, { passwordFrom }));
  });

  it('is not repeated before the backoff has passed', async () => {
    const host = testBed.open(testBed.target({ identityFiles: [] }), {
      backoff: { firstMs: 1, maxMs: 60_000 },
    });
    const error = await rejection(host.run(shell('true')));

    expect(error).to.be.instanceOf(LoginRefusedError);
    expect((await rejection(host.run(shell('true')))).message).to.match(/ Retrying in \d\d s\.$/);
    expect(host.loginCount()).to.equal(1);
  });
});
