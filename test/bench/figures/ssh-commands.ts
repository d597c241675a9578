// Measures the cost of SSH: one squeue by both transports compared with ssh, and 1,000 submissions with a shell loop of sbatch.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createHostKeyCheck } from '../../../src/transport/host-keys/check-host-key.ts';
import type { Transport, Command, CommandResult } from '../../../src/transport/transport.ts';
import { createLocalTransport } from '../../../src/transport/local-transport.ts';
import { createOpensshTransport } from '../../../src/transport/openssh/openssh-transport.ts';
import { createSsh2Transport } from '../../../src/transport/ssh2/ssh2-transport.ts';
import { startSlurmCluster, type SlurmCluster } from '../../support/slurm-cluster.ts';
import { prepareUserSsh, type UserSsh } from '../../support/ssh-master.ts';
import { makeKey, startSshd, targetOf } from '../../support/sshd.ts';
import type { Figure, Result } from '../figure.ts';
import { runToEnd } from '../run-to-end.ts';
import { median, middleHalf, ratios } from '../samples.ts';

const LOOKS = 40;
const SUBMISSIONS = 1_000;
const AT_ONCE = 4;

const SQUEUE = ['squeue', '--me', '--noheader'];
const SBATCH = ['sbatch', '--parsable', '--hold', '--output=/dev/null'];
/** As long as what the daemon submits. */
const SCRIPT = `#!/bin/sh\n${'# a line of the blocks that run in a job\n'.repeat(200)}true\n`;

interface Routes {
  readonly ssh2: Transport;
  readonly openssh: Transport;
  readonly user: UserSsh;
  readonly cluster: SlurmCluster;
}

export const sshCommands: Figure = {
  name: 'ssh-commands',
  async measure({ say }) {
    await using cluster = await startSlurmCluster({ clusterName: 'bench' });
    const folder = await mkdtemp('/tmp/bench-ssh-');
    await chmod(folder, 0o755);
    const keyFile = join(folder, 'key');
    await makeKey(keyFile);
    try {
      await using sshd = await startSshd([`AuthorizedKeysFile ${keyFile}.pub`]);
      const target = targetOf(sshd, { name: userInfo().username, keyFile });
      await using user = prepareUserSsh(target);
      await user.openMaster();
      const here = createLocalTransport({ path: '/usr/bin:/bin', home: '/', user: 'root', workingDirectory: '/' });
      const context = { variables: { SLURM_CONF: cluster.slurmConf }, workingDirectory: '/tmp' };
      const destination = { host: 'cluster', options: ['-F', user.config] };
      const ssh2 = createSsh2Transport({ target, context, here, hostKeysOf: createHostKeyCheck });
      const openssh = createOpensshTransport({ destination, context, here });
      try {
        const pool = { ssh2, openssh, user, cluster };
        say(`${LOOKS} looks by each`);
        const looks = await measureSqueue(pool);
        say(`${SUBMISSIONS} submissions by each`);
        return [...looks, ...(await submitAll(pool))];
      } finally {
        await Promise.all([ssh2.close(), openssh.close(), here.close()]);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

async function measureSqueue({ ssh2, openssh, user, cluster }: Routes): Promise<Result[]> {
  const plain = (): Promise<unknown> => plainSsh(user, `SLURM_CONF=${cluster.slurmConf} ${SQUEUE.join(' ')}`);
  const took = { ssh2: [] as number[], openssh: [] as number[], plain: [] as number[] };
  for (let round = -2; round < LOOKS; round += 1) {
    const all = [
      await timed(() => run(ssh2, SQUEUE)),
      await timed(() => run(openssh, SQUEUE)),
      await timed(plain),
    ] as const;
    if (round < 0) continue;
    took.ssh2.push(all[0]);
    took.openssh.push(all[1]);
    took.plain.push(all[2]);
  }
  const anchor = { what: 'plain ssh -S', value: median(took.plain) };
  return (['ssh2', 'openssh'] as const).map((way) => ({
    what: `one squeue by ${way}`,
    value: median(took[way]),
    unit: 'ms',
    anchor,
    spread: middleHalf(ratios(took[way], took.plain)),
  }));
}

async function submitAll({ ssh2, user, cluster }: Routes): Promise<Result[]> {
  async function byHost(atOnce: number): Promise<number> {
    let left = SUBMISSIONS;
    async function worker(): Promise<void> {
      while (left > 0) {
        left -= 1;
        await run(ssh2, SBATCH, SCRIPT);
      }
    }
    const tookMs = await timed(() => Promise.all(Array.from({ length: atOnce }, worker)));
    await checkAndForget();
    return (1000 * SUBMISSIONS) / tookMs;
  }

  async function checkAndForget(): Promise<void> {
    const stdout = await cluster.run('squeue', '--noheader', '--format=%i');
    const count = stdout.split('\n').filter((line) => line !== '').length;
    if (count !== SUBMISSIONS) throw new Error(`${count} jobs were submitted instead of ${SUBMISSIONS}`);
    await cluster.run('scancel', '--me');
  }

  async function byShell(): Promise<number> {
    const one = `${SBATCH.join(' ')} <<'END'\n${SCRIPT}END`;
    const loop = `export SLURM_CONF=${cluster.slurmConf}\ni=0\nwhile [ $((i += 1)) -le ${SUBMISSIONS} ]; do ${one}\ndone`;
    const tookMs = await timed(() => plainSsh(user, 'sh -s', loop));
    await checkAndForget();
    return (1000 * SUBMISSIONS) / tookMs;
  }

  const anchor = { what: 'one ssh session that loops sbatch', value: await byShell() };
  const inTurn = await byHost(1);
  const atOnce = await byHost(AT_ONCE);
  return [
    { what: 'submissions by ssh2, one after the other', value: inTurn, unit: '/s', anchor },
    { what: `submissions by ssh2, ${AT_ONCE} at once`, value: atOnce, unit: '/s', anchor },
  ];
}

async function run(
  host: Transport,
  [program = '', ...args]: readonly string[],
  stdin?: string,
): Promise<CommandResult> {
  const command: Command = { program, args, timeoutMs: 60_000, ...(stdin === undefined ? {} : { stdin }) };
  const result = await host.run(command);
  if (result.exitCode !== 0) throw new Error(`${program} ended with ${String(result.exitCode)}: ${result.stderr}`);
  return result;
}

function plainSsh({ config }: UserSsh, command: string, stdin = ''): Promise<unknown> {
  return runToEnd('ssh', ['-F', config, '-T', 'cluster', command], { stdin });
}

/** In milliseconds. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
