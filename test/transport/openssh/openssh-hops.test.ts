// The jump hosts of the system's ssh, as the real one reads its configuration, and where it would not check a host key.
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findHops, findUnchecked, type Route } from '../../../src/transport/openssh/openssh-hops.ts';
import { parseSshConfig } from '../../../src/transport/openssh/parse-ssh-config.ts';
import { SshConfigError } from '../../../src/transport/ssh2/find-ssh2-target.ts';
import { rejection } from '../../support/rejection.ts';
import { requireSshd } from '../../support/skip-unless.ts';

const execute = promisify(execFile);

describe('the openssh transport', () => {
  before(requireSshd);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hops-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function readRoute(text: string): Promise<Route> {
    const file = join(folder, 'config');
    await writeFile(file, text);
    const ask = async (args: readonly string[]): Promise<string> =>
      (await execute('ssh', ['-F', file, '-G', ...args])).stdout;
    const shown = await ask(['--', 'hpc']);
    return { name: 'hpc', config: parseSshConfig(shown), hops: await findHops('hpc', shown, ask) };
  }

  it('lists the jump hosts in order, and follows only the ProxyJump of the first jump host', async () => {
    const { hops } = await readRoute(
      'Host hpc\n  ProxyJump gate,joe@inner:2200\nHost gate\n  ProxyJump door\nHost inner\n  ProxyJump elsewhere\nMatch host inner user joe\n  HostName 10.0.0.7\n',
    );

    expect(hops.map(({ name, config }) => [name, config.hostName, config.port].join(' '))).to.deep.equal([
      'door door 22',
      'gate gate 22',
      'inner 10.0.0.7 2200',
    ]);
  });

  it('rejects jump hosts that form a cycle', async () => {
    const problem = await rejection(readRoute('Host hpc\n  ProxyJump gate\nHost gate\n  ProxyJump hpc\n'));

    expect(problem).to.be.instanceOf(SshConfigError);
    expect(String(problem)).to.contain('cycle');
  });

  const THROUGH = 'Host hpc\n  ProxyJump gate,inner\nHost gate\n  ProxyJump door\n';
  const rows: readonly [what: string, text: string, strict: boolean, found: string | undefined][] = [
    ['a configuration that does not mention StrictHostKeyChecking', THROUGH, true, undefined],
    [
      '"StrictHostKeyChecking off" for the destination, because the transport overrides the option',
      `${THROUGH}Host hpc\n  StrictHostKeyChecking no\n`,
      true,
      undefined,
    ],
    [
      '"StrictHostKeyChecking off" for the first of three jump hosts',
      `${THROUGH}Host door\n  StrictHostKeyChecking off\n`,
      false,
      'StrictHostKeyChecking no" for door',
    ],
    [
      '"StrictHostKeyChecking off" for the last of three jump hosts',
      `${THROUGH}Host inner\n  StrictHostKeyChecking no\n`,
      false,
      'StrictHostKeyChecking no" for inner. Remove that line, or',
    ],
    [
      '"StrictHostKeyChecking off" for all hosts',
      `Host *\n  StrictHostKeyChecking no\n${THROUGH}`,
      false,
      'StrictHostKeyChecking no" for door',
    ],
    [
      '"StrictHostKeyChecking accept-new" for a jump host if host_keys is accept-new',
      `${THROUGH}Host gate\n  StrictHostKeyChecking accept-new\n`,
      false,
      undefined,
    ],
    [
      '"StrictHostKeyChecking accept-new" for a jump host if host_keys is strict',
      `${THROUGH}Host gate\n  StrictHostKeyChecking accept-new\n`,
      true,
      'StrictHostKeyChecking accept-new" for gate',
    ],
    [
      '"StrictHostKeyChecking off" for a connection that the user opened',
      'Host hpc\n  StrictHostKeyChecking no\n  ControlPath ~/%C\n',
      false,
      'StrictHostKeyChecking no" for hpc',
    ],
    [
      '"StrictHostKeyChecking off" in a ProxyCommand',
      'Host hpc\n  ProxyCommand ssh -o StrictHostKeyChecking=no -W [%h]:%p gate\n',
      false,
      'ProxyCommand ssh -o StrictHostKeyChecking=no -W [%h]:%p gate" for hpc. Remove the option StrictHostKeyChecking from that command;',
    ],
    [
      'NoHostAuthenticationForLocalhost if a jump host is localhost',
      `${THROUGH}Host gate\n  HostName localhost\n  NoHostAuthenticationForLocalhost yes\n`,
      false,
      'NoHostAuthenticationForLocalhost yes" for gate',
    ],
    [
      'NoHostAuthenticationForLocalhost if no jump host is localhost',
      `Host *\n  NoHostAuthenticationForLocalhost yes\n${THROUGH}`,
      false,
      undefined,
    ],
  ];
  for (const [what, text, isStrict, found] of rows) {
    it(`${found === undefined ? 'accepts' : 'rejects'} ${what}`, async () => {
      const sentence = findUnchecked(await readRoute(text), isStrict);
      if (found === undefined) expect(sentence).to.equal(undefined);
      else expect(sentence).to.include(`sets "${found}`);
    });
  }
});
