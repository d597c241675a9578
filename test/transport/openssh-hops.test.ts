// The hosts on the way of the system's ssh, as the real one reads its configuration, and where a key on it would go unchecked.
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findHops, findUnchecked, type Route } from '../../src/transport/openssh-hops.ts';
import { readSshConfig } from '../../src/transport/ssh-config.ts';
import { SshConfigError } from '../../src/transport/ssh-config-target.ts';
import { rejection } from '../support/rejection.ts';
import { requireSshd } from '../support/requires.ts';

const execute = promisify(execFile);

describe('the way of the system’s ssh', () => {
  before(requireSshd);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hops-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function wayBy(text: string): Promise<Route> {
    const file = join(folder, 'config');
    await writeFile(file, text);
    const ask = async (args: readonly string[]): Promise<string> =>
      (await execute('ssh', ['-F', file, '-G', ...args])).stdout;
    const shown = await ask(['--', 'hpc']);
    return { name: 'hpc', config: readSshConfig(shown), hops: await findHops('hpc', shown, ask) };
  }

  it('goes through all jump hosts, the nearest first, of which only the first has its own', async () => {
    const { hops } = await wayBy(
      'Host hpc\n  ProxyJump gate,joe@inner:2200\nHost gate\n  ProxyJump door\nHost inner\n  ProxyJump elsewhere\nMatch host inner user joe\n  HostName 10.0.0.7\n',
    );

    expect(hops.map(({ name, config }) => [name, config.hostName, config.port].join(' '))).to.deep.equal([
      'door door 22',
      'gate gate 22',
      'inner 10.0.0.7 2200',
    ]);
  });

  it('is refused when it is a cycle', async () => {
    const problem = await rejection(wayBy('Host hpc\n  ProxyJump gate\nHost gate\n  ProxyJump hpc\n'));

    expect(problem).to.be.instanceOf(SshConfigError);
    expect(String(problem)).to.contain('cycle');
  });

  const THROUGH = 'Host hpc\n  ProxyJump gate,inner\nHost gate\n  ProxyJump door\n';
  const rows: readonly [what: string, text: string, strict: boolean, found: string | undefined][] = [
    ['nothing said', THROUGH, true, undefined],
    [
      'off for the last host only, which our option binds',
      `${THROUGH}Host hpc\n  StrictHostKeyChecking no\n`,
      true,
      undefined,
    ],
    [
      'off for the first of three',
      `${THROUGH}Host door\n  StrictHostKeyChecking off\n`,
      false,
      'StrictHostKeyChecking no" for door',
    ],
    [
      'off for the last of three',
      `${THROUGH}Host inner\n  StrictHostKeyChecking no\n`,
      false,
      'StrictHostKeyChecking no" for inner',
    ],
    ['off for all', `Host *\n  StrictHostKeyChecking no\n${THROUGH}`, false, 'StrictHostKeyChecking no" for door'],
    [
      'a new key taken, as the settings do',
      `${THROUGH}Host gate\n  StrictHostKeyChecking accept-new\n`,
      false,
      undefined,
    ],
    [
      'a new key taken, as the settings do not',
      `${THROUGH}Host gate\n  StrictHostKeyChecking accept-new\n`,
      true,
      'StrictHostKeyChecking accept-new" for gate',
    ],
    [
      'off on a connection of the user’s',
      'Host hpc\n  StrictHostKeyChecking no\n  ControlPath ~/%C\n',
      false,
      'StrictHostKeyChecking no" for hpc',
    ],
    [
      'off in a ProxyCommand',
      'Host hpc\n  ProxyCommand ssh -o StrictHostKeyChecking=no -W [%h]:%p gate\n',
      false,
      'ProxyCommand ssh -o StrictHostKeyChecking=no -W [%h]:%p gate" for hpc',
    ],
    [
      'no check of this machine',
      `${THROUGH}Host gate\n  HostName localhost\n  NoHostAuthenticationForLocalhost yes\n`,
      false,
      'NoHostAuthenticationForLocalhost yes" for gate',
    ],
    [
      'no check of this machine, which is not on the way',
      `Host *\n  NoHostAuthenticationForLocalhost yes\n${THROUGH}`,
      false,
      undefined,
    ],
  ];
  for (const [what, text, isStrict, found] of rows) {
    it(`is ${found === undefined ? 'good' : 'refused'}: ${what}`, async () => {
      const sentence = findUnchecked(await wayBy(text), isStrict);
      if (found === undefined) expect(sentence).to.equal(undefined);
      else expect(sentence).to.include(`has "${found}`);
    });
  }
});
