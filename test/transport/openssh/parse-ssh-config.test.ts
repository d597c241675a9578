// The address of a host and how to log in there, as the real ssh reads its configuration and our settings change it.
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expandTokens, parseJump, parseSshConfig } from '../../../src/transport/openssh/parse-ssh-config.ts';
import { findSshTarget, SshConfigError, type SshOptions } from '../../../src/transport/ssh2/find-ssh2-target.ts';
import type { SshTarget } from '../../../src/transport/ssh-target.ts';
import { rejection } from '../../support/rejection.ts';
import { requireSshd } from '../../support/skip-unless.ts';

const execute = promisify(execFile);

const UNSET = {
  user: undefined,
  port: undefined,
  identityFiles: undefined,
  jumps: undefined,
  hostKeys: undefined,
  passwordFrom: undefined,
};

const PIN = `SHA256:${'A'.repeat(43)}`;

describe('the reader of ~/.ssh/config for the ssh2 transport', () => {
  before(requireSshd);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ssh-config-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** With this text in place of ~/.ssh/config; the home folder is the test's. */
  async function target(
    text: string,
    wishes: Partial<SshOptions> = {},
    environment: Readonly<Record<string, string>> = {},
  ): Promise<SshTarget> {
    const file = join(folder, 'config');
    await writeFile(file, text);
    return findSshTarget(
      { ...UNSET, host: 'hpc', ...wishes },
      {
        askSsh: async (args) => (await execute('ssh', ['-F', file, '-G', ...args])).stdout,
        homeDir: folder,
        localUser: 'ada',
        environment,
      },
    );
  }

  it('lists the options that ssh2 does not support, such as Ciphers', async () => {
    const found = await target(
      'Host hpc\n  MACs hmac-sha2-512\n  Ciphers aes256-ctr\n  ProxyJump gate\n  SendEnv LANG\nHost gate\n  RekeyLimit 1G\n',
    );

    expect(found.unsupported).to.deep.equal(['Ciphers', 'MACs']);
    expect(found.jumps.map(({ unsupported }) => unsupported)).to.deep.equal([['RekeyLimit']]);
    expect(await target('Host *\n  User jane\n  HashKnownHosts yes\n')).not.to.have.property('unsupported');
  });

  it('returns the name, user, port and keys that ssh would use', async () => {
    for (const name of ['key', 'other']) await writeFile(join(folder, name), '');

    const found = await target(
      `Host hpc\n  HostName login1.example.org\n  User jane\n  Port 2222\n  IdentityFile ${folder}/key\n  IdentityFile ${folder}/missing\n  IdentityFile %d/other\n`,
    );

    expect(found).to.deep.include({ name: 'hpc', host: 'login1.example.org', user: 'jane', port: 2222, jumps: [] });
    expect(found.identityFiles).to.deep.equal([join(folder, 'key'), join(folder, 'other')]);
  });

  it('prefers the user and port in clearml.conf to the values in ~/.ssh/config', async () => {
    const found = await target(
      'Match user joe\n  HostName for-joe\nHost hpc\n  User jane\n  Port 2222\n  ProxyJump gate\n  IdentityFile ~/k\n',
      { user: 'joe', port: 22, jumps: ['none'], identityFiles: ['/ours'] },
    );

    expect(found).to.deep.include({ host: 'for-joe', user: 'joe', port: 22, jumps: [], identityFiles: ['/ours'] });
  });

  it('reads included files, and the settings under "Host *"', async () => {
    await writeFile(join(folder, 'more'), 'Host hpc\n  Port 2200\n');

    const found = await target(`Include ${folder}/more\nHost *\n  User everybody\n`);

    expect(found).to.deep.include({ host: 'hpc', port: 2200, user: 'everybody' });
  });

  it('returns all jump hosts in order, each with its own settings', async () => {
    const found = await target(
      'Host hpc\n  ProxyJump gate,joe@inner:2200\nHost gate\n  HostName gate.example.org\n  ProxyJump door\nHost door\n  User jo\n  Port 443\nHost inner\n  ProxyJump elsewhere\n  HostName 10.0.0.7\n',
    );

    expect(found.jumps.map(({ name, host, user, port }) => [name, host, user, port].join(' '))).to.deep.equal([
      'door door jo 443',
      'gate gate.example.org root 22'.replace('root', found.user),
      'inner 10.0.0.7 joe 2200',
    ]);
    expect(found.jumps.flatMap(({ jumps }) => jumps)).to.deep.equal([]);
  });

  it('rejects jump hosts that form a cycle', async () => {
    const problem = await rejection(target('Host hpc\n  ProxyJump gate\nHost gate\n  ProxyJump hpc\n'));

    expect(problem).to.be.instanceOf(SshConfigError);
    expect(String(problem)).to.contain('cycle');
  });

  it('returns known_hosts files, HostKeyAlias and strict mode for "StrictHostKeyChecking no"', async () => {
    const found = await target(
      'Host hpc\n  UserKnownHostsFile ~/.ssh/kh /lab/known\n  GlobalKnownHostsFile /etc/kh\n  HostKeyAlias cluster\n  StrictHostKeyChecking no\n',
    );

    const { mode, knownHostsFiles, alias } = found.hostKeys;
    expect({ mode, alias }).to.deep.equal({ mode: 'strict', alias: 'cluster' });
    expect(knownHostsFiles.map((file) => file.replace(/^.*(?=\/\.ssh\/)/, '~'))).to.deep.equal([
      '~/.ssh/kh',
      '/lab/known',
      '/etc/kh',
    ]);
  });

  const modes: readonly [config: string, ours: string | undefined, mode: string, pin: string | undefined][] = [
    ['ask', undefined, 'strict', undefined],
    ['off', undefined, 'strict', undefined],
    ['accept-new', undefined, 'accept-new', undefined],
    ['accept-new', 'strict', 'strict', undefined],
    ['yes', 'accept-new', 'accept-new', undefined],
    ['accept-new', PIN, 'strict', PIN],
  ];
  for (const [config, ours, mode, pin] of modes) {
    it(`returns ${mode} mode for "StrictHostKeyChecking ${config}" ${ours === undefined ? 'without host_keys' : `and host_keys: ${ours}`}`, async () => {
      const found = await target(`Host *\n  StrictHostKeyChecking ${config}\nHost hpc\n  ProxyJump gate\n`, {
        hostKeys: ours,
      });

      expect([found.hostKeys.mode, found.hostKeys.fingerprint]).to.deep.equal([mode, pin]);
      expect(found.jumps[0]?.hostKeys.fingerprint).to.equal(undefined);
    });
  }

  it('returns strict mode for "StrictHostKeyChecking accept-new" if no file can store new keys', async () => {
    const found = await target('Host hpc\n  UserKnownHostsFile none\n  StrictHostKeyChecking accept-new\n');

    expect(found.hostKeys.mode).to.equal('strict');
  });

  const agents: readonly [config: string, socket: string | undefined][] = [
    ['', '/run/agent'],
    ['IdentityAgent none', undefined],
    ['IdentityAgent SSH_AUTH_SOCK', '/run/agent'],
    ['IdentityAgent $OTHER', '/run/other'],
    ['IdentityAgent /run/mine', '/run/mine'],
  ];
  for (const [config, socket] of agents) {
    it(`returns ${socket === undefined ? 'no agent' : `the agent at ${socket}`} ${config === '' ? 'if IdentityAgent is not set' : `for "${config}"`}`, async () => {
      const environment = { SSH_AUTH_SOCK: '/run/agent', OTHER: '/run/other' };
      const { agentSocket } = await target(`Host hpc\n  ${config}\n`, {}, environment);

      expect(agentSocket).to.equal(socket);
    });
  }

  const needs: readonly [config: string, what: string][] = [
    ['ProxyCommand nc %h %p', 'a ProxyCommand'],
    ['CertificateFile ~/.ssh/id-cert.pub', 'a certificate'],
    ['PKCS11Provider /usr/lib/p11.so', 'a smart card'],
    ['KnownHostsCommand /usr/bin/keys', 'a KnownHostsCommand'],
    ['RevokedHostKeys /etc/revoked', 'a list of RevokedHostKeys'],
    ['PubkeyAuthentication no\n  GSSAPIAuthentication yes', 'Kerberos'],
    ['PreferredAuthentications gssapi-with-mic\n  GSSAPIAuthentication yes', 'Kerberos'],
  ];
  for (const [config, what] of needs) {
    it(`recommends the openssh transport for "${config.replaceAll('\n ', ',')}"`, async () => {
      const problem = await rejection(target(`Host hpc\n  ${config}\n`));

      expect(problem).to.be.instanceOf(SshConfigError);
      expect(String(problem))
        .to.contain(`${what} `)
        .and.to.contain('Set "provider: openssh"')
        .and.to.contain('ssh -fNM hpc');
    });
  }

  it('recommends the openssh transport if all keys are on a FIDO token', async () => {
    await writeFile(join(folder, 'k'), '');
    await writeFile(join(folder, 'k.pub'), 'sk-ssh-ed25519@openssh.com AAAA');

    const problem = await rejection(target(`Host hpc\n  IdentityFile ${folder}/k\n`));

    expect(String(problem)).to.contain('only keys on a FIDO token').and.to.contain('Set "provider: openssh"');
  });

  it("returns ssh's defaults if ssh is not installed", async () => {
    const around = { askSsh: () => Promise.resolve(undefined), homeDir: folder, localUser: 'ada', environment: {} };

    expect(await findSshTarget({ ...UNSET, host: 'hpc' }, around)).to.deep.equal({
      name: 'hpc',
      host: 'hpc',
      port: 22,
      user: 'ada',
      identityFiles: [],
      jumps: [],
      hostKeys: {
        mode: 'strict',
        knownHostsFiles: [
          `${folder}/.ssh/known_hosts`,
          `${folder}/.ssh/known_hosts2`,
          '/etc/ssh/ssh_known_hosts',
          '/etc/ssh/ssh_known_hosts2',
        ],
      },
    });
  });
});

describe('the parser of a ProxyJump host', () => {
  const cases: readonly [text: string, read: string | undefined][] = [
    ['gate', '- gate -'],
    ['jo@gate:2222', 'jo gate 2222'],
    ['ssh://jo@gate:2222', 'jo gate 2222'],
    ['[2001:db8::1]:22', '- 2001:db8::1 22'],
    ['gate:0', undefined],
    ['gate:70000', undefined],
    ['-oProxyCommand=x', undefined],
    ['a b', undefined],
    ['', undefined],
  ];
  for (const [text, read] of cases) {
    it(
      read === undefined
        ? `rejects "${text}"`
        : `reads "${text}" as ${read.replace(/^(\S+) (\S+) (\S+)$/, 'user $1, host $2, port $3').replaceAll(/ -(?=,|$)/g, ' none')}`,
      () => {
        const jump = parseJump(text);
        expect(jump && `${jump.user ?? '-'} ${jump.host} ${String(jump.port ?? '-')}`).to.equal(read);
      },
    );
  }
});

it("the ssh2 transport expands ssh's tokens, such as %h and ~, in a path", () => {
  const tokens = { homeDir: '/h', localUser: 'ada', calledAs: 'hpc', host: 'login1', port: 22, user: 'jane' };

  expect(expandTokens('~/%u-%r@%h:%p(%n)%%%d%Z', tokens)).to.equal('/h/ada-jane@login1:22(hpc)%/h%Z');
});

it('the ssh2 transport accepts the Debian default "GSSAPIAuthentication yes"', () => {
  expect(parseSshConfig('gssapiauthentication yes\npubkeyauthentication true\n').needsOpenssh).to.equal(undefined);
});
