// Which host keys are accepted, the messages for others, and which keys are saved.
import { expect } from 'chai';
import { chmod, mkdir, readdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createHostKeyCheck } from '../../../src/transport/host-keys/check-host-key.ts';
import { fingerprint } from '../../../src/transport/host-keys/compare-host-key.ts';
import { hashedName } from '../../../src/transport/host-keys/parse-known-hosts.ts';
import { makeHostKey, createKnownHostsFixture, formatHostKey } from './host-key-fixtures.ts';

const OLD = makeHostKey('ssh-ed25519', 'old');
const NEW = makeHostKey('ssh-ed25519', 'new');
const ECDSA = makeHostKey('ecdsa-sha2-nistp256', 'another type');

describe('in strict mode, the host key check', () => {
  it('accepts a known key under a plain or a hashed host name in any known_hosts file', async () => {
    const files: readonly (readonly [name: string, text: string])[] = [
      ['known', `login1 ${formatHostKey(OLD)}\n`],
      ['known', `${hashedName('login1', Buffer.from('salt'))} ${formatHostKey(OLD)}\n`],
      ['global', `*.example.org,login1 ${formatHostKey(OLD)}\n`],
      ['known', `login1 ${formatHostKey(ECDSA)}\nlogin1 ${formatHostKey(NEW)}\nlogin1 ${formatHostKey(OLD)}\n`],
    ];
    for (const [name, text] of files) {
      await using here = await createKnownHostsFixture();
      await here.write(name, text);
      expect(await here.say({}, 'login1', 22, OLD), text).to.equal('ok');
    }
  });

  it("accepts a host's key at any port if the key is known for port 22, as ssh does", async () => {
    await using here = await createKnownHostsFixture();
    await here.write('known', `login1 ${formatHostKey(OLD)}\n`);

    expect(await here.say({}, 'login1', 2222, OLD)).to.equal('ok');
    expect(await here.say({}, 'login1', 2222, NEW)).to.contain('[login1]:2222 is unknown');
  });

  it('rejects a key from a known_hosts file that other users can change', async () => {
    await using here = await createKnownHostsFixture();
    const known = await here.write('known', `login1 ${formatHostKey(OLD)}\n`);
    await chmod(here.folder, 0o755);
    await chmod(known, 0o666);

    expect(await here.say({}, 'login1', 22, OLD)).to.equal(
      `The host key of login1 cannot be checked: other users can change ${known}: ${known} can be written by everybody ` +
        '(mode 666). Nothing was sent. Run chmod go-w on it.',
    );
    expect(await here.say({ knownHostsFiles: ['/dev/null'] }, 'login1', 22, OLD)).to.contain('is unknown');
  });

  it('rejects an unknown key, and shows the fingerprint and two ways to proceed', async () => {
    await using here = await createKnownHostsFixture();

    expect(await here.say({}, 'login1', 2222, NEW)).to.equal(
      `The host key of [login1]:2222 is unknown: the host presents the ED25519 key ${fingerprint(NEW)}, and ${here.folder}/known, ${here.folder}/global has no entry for it. ` +
        'Compare the key with the site\'s published one, then connect once with "ssh -p 2222 hpc" and accept the key, or set host_keys to the fingerprint.',
    );
    await expectNothingWritten(here.folder);
  });

  it('rejects a changed key, and shows both fingerprints and the ssh-keygen command', async () => {
    await using here = await createKnownHostsFixture();
    await here.write('known', `# mine\nlogin1 ${formatHostKey(ECDSA)}\nlogin1 ${formatHostKey(OLD)}\n`);

    expect(await here.say({}, 'login1', 22, NEW)).to.equal(
      `The host key of login1 has changed: the host presents the ED25519 key ${fingerprint(NEW)}, but ${here.folder}/known:3 has the ED25519 key ${fingerprint(OLD)}. ` +
        'An attacker may intercept the connection, or the host was reinstalled; nothing was sent. ' +
        `Ask the site. If the new key is right, remove the old key: ssh-keygen -f ${here.folder}/known -R 'login1'`,
    );
  });

  it('rejects a revoked key even if another line or a pinned fingerprint permits the key', async () => {
    await using here = await createKnownHostsFixture();
    await here.write('known', `login1 ${formatHostKey(OLD)}\n`);
    await here.write('global', `@revoked * ${formatHostKey(OLD)}\n`);

    for (const policy of [{}, { fingerprint: fingerprint(OLD) }, { mode: 'accept-new' as const }])
      expect(await here.say(policy, 'login1', 22, OLD))
        .to.contain(`${here.folder}/global:1`)
        .and.to.contain('revoked');
  });

  it('rejects a key that a @cert-authority line covers, and recommends the openssh transport', async () => {
    await using here = await createKnownHostsFixture();
    await here.write('known', `@cert-authority *.example.org ${formatHostKey(OLD)}\n`);

    for (const mode of ['strict', 'accept-new'] as const)
      expect(await here.say({ mode }, 'login1.example.org', 22, OLD)).to.contain('Set "provider: openssh"');
  });

  it('finds the key under the HostKeyAlias of the host, at any port', async () => {
    await using here = await createKnownHostsFixture();
    await here.write('known', `cluster ${formatHostKey(OLD)}\n`);

    expect(await here.say({ alias: 'cluster' }, 'login7', 2222, OLD)).to.equal('ok');
    expect(await here.say({ alias: 'cluster' }, 'login7', 2222, NEW)).to.contain('cluster has changed');
  });

  it('rejects a key if a known_hosts file cannot be read', async () => {
    await using here = await createKnownHostsFixture();
    await mkdir(join(here.folder, 'global'));

    expect(await here.say({ mode: 'accept-new' }, 'login1', 22, NEW)).to.contain('cannot be checked: EISDIR');
  });
});

describe('in accept-new mode, the host key check', () => {
  it('saves the first key of a host, and then rejects other keys', async () => {
    await using here = await createKnownHostsFixture();
    const policy = { mode: 'accept-new' as const };

    expect(await here.say(policy, 'login1', 2222, NEW)).to.equal('ok');

    expect(await here.read('known')).to.equal(`[login1]:2222 ${formatHostKey(NEW)}\n`);
    expect((await stat(join(here.folder, 'known'))).mode & 0o777).to.equal(0o600);
    expect(await here.say({}, 'login1', 2222, NEW)).to.equal('ok');
    expect(await here.say(policy, 'login1', 2222, OLD)).to.contain('has changed');
    expect(await here.say(policy, 'login1', 2222, ECDSA)).to.contain('has changed');
  });

  it('appends the key on a separate line, with a hashed name if the file has hashed names', async () => {
    await using here = await createKnownHostsFixture();
    const before = `${hashedName('other', Buffer.from('salt'))} ${formatHostKey(OLD)}`;
    await here.write('known', before);

    expect(await here.say({ mode: 'accept-new' }, 'login1', 22, NEW)).to.equal('ok');

    const [first, second = '', rest] = (await here.read('known')).split('\n');
    expect(first).to.equal(before);
    expect(second).to.match(/^\|1\|\S+ ssh-ed25519 \S+$/);
    expect(rest).to.equal('');
    expect(await here.say({}, 'login1', 22, NEW)).to.equal('ok');
  });

  it('accepts only one of two different keys that a host presents at the same time', async () => {
    await using here = await createKnownHostsFixture();
    const policy = { mode: 'accept-new' as const };

    const said = await Promise.all([OLD, NEW].map((key) => here.say(policy, 'login1', 22, key)));

    expect(said[0]).to.equal('ok');
    expect(said[1]).to.contain('has changed');
  });

  it('rejects a new key that cannot be saved', async () => {
    await using here = await createKnownHostsFixture();
    await symlink('/dev/null', join(here.folder, 'known'));

    expect(await here.say({ mode: 'accept-new' }, 'login1', 22, NEW)).to.contain('could not be saved');
  });

  it('saves no key to a file that other users can change, even if the file is empty', async () => {
    await using here = await createKnownHostsFixture();
    const known = await here.write('known', '');
    await chmod(here.folder, 0o755);
    await chmod(known, 0o666);

    for (const mode of ['strict', 'accept-new'] as const)
      expect(await here.say({ mode }, 'login1', 22, NEW)).to.contain(`${known} can be written by everybody (mode 666)`);
    expect(await here.read('known')).to.equal('');
  });

  it('creates no known_hosts file in a directory where another user could create the file first', async () => {
    await using here = await createKnownHostsFixture();
    const open = join(here.folder, 'open');
    await mkdir(open);
    await chmod(here.folder, 0o755);
    await chmod(open, 0o1777);
    await symlink(join(open, 'made'), join(here.folder, 'whole-link'));
    await symlink('sub/../open/made', join(here.folder, 'link'));
    await mkdir(join(here.folder, 'sub'));
    await symlink('../made', join(open, 'link-up'));

    for (const name of ['open/known', 'open/.ssh/known', 'whole-link', 'link']) {
      const files = { knownHostsFiles: [join(here.folder, name)], mode: 'accept-new' as const };
      expect(await here.say(files, 'login1', 22, NEW), name).to.contain(
        `other users can change ${here.folder}/${name}: ${open} can be written by everybody (mode 1777)`,
      );
    }
    expect(await readdir(open)).to.deep.equal(['link-up']);
    const out = { knownHostsFiles: [join(open, 'link-up')], mode: 'accept-new' as const };
    expect(await here.say(out, 'login1', 22, NEW)).to.equal('ok');
    expect(await here.read('made')).to.include('ssh-ed25519');
  });

  it('creates the known_hosts directory with mode 0700', async () => {
    await using here = await createKnownHostsFixture();
    const file = join(here.folder, '.ssh', 'known_hosts');

    expect(await here.say({ mode: 'accept-new', knownHostsFiles: [file] }, 'login1', 22, NEW)).to.equal('ok');

    expect((await stat(join(here.folder, '.ssh'))).mode & 0o777).to.equal(0o700);
  });
});

describe('with a pinned fingerprint, the host key check', () => {
  it('accepts only the pinned key, whatever the files contain', async () => {
    await using here = await createKnownHostsFixture();
    await here.write('known', `login1 ${formatHostKey(OLD)}\n`);
    const policy = { fingerprint: fingerprint(NEW) };

    expect(await here.say(policy, 'login1', 22, NEW)).to.equal('ok');
    expect(await here.say(policy, 'login1', 22, OLD))
      .to.contain(fingerprint(OLD))
      .and.to.contain(`host_keys is ${fingerprint(NEW)}`);
  });
});

describe('an ssh2 login', () => {
  it('prefers the key types that are known for the host, and ignores revoked keys', async () => {
    await using here = await createKnownHostsFixture();
    const file = await here.write('known', `login1 ${formatHostKey(ECDSA)}\n@revoked login1 ${formatHostKey(OLD)}\n`);
    const keys = createHostKeyCheck({ name: 'hpc', hostKeys: { mode: 'strict', knownHostsFiles: [file] } });

    expect(await keys.knownTypes('login1', 22)).to.deep.equal(['ecdsa-sha2-nistp256']);
    expect(await keys.knownTypes('login1', 2222)).to.deep.equal(['ecdsa-sha2-nistp256']);
    expect(await keys.knownTypes('login2', 22)).to.deep.equal([]);
  });
});

async function expectNothingWritten(folder: string): Promise<void> {
  expect(await stat(join(folder, 'known')).catch(() => undefined)).to.equal(undefined);
}
