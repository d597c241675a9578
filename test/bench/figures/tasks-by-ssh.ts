// Measures how fast queued tasks become jobs over SSH, compared with one ssh session that loops sbatch.
import { cp, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fingerprint } from '../../../src/transport/host-keys/compare-host-key.ts';
import { parseKnownHosts } from '../../../src/transport/host-keys/parse-known-hosts.ts';
import { prepareUserSsh } from '../../support/ssh-master.ts';
import {
  addAccount,
  folderOf,
  removeAccount,
  startSshd,
  targetOf,
  type TestAccount,
  type TestSshd,
} from '../../support/sshd.ts';
import { startSlurmCluster, type SlurmCluster } from '../../support/slurm-cluster.ts';
import { daemonArgs, startBenchWorld } from '../bench-world.ts';
import type { Figure } from '../figure.ts';
import { runToEnd } from '../run-to-end.ts';
import { median, middleHalf, ratios } from '../samples.ts';
import { SLOWER_MS, writeSlowSlurm } from '../slow-sbatch.ts';
import { saveScripts, submitAll, TASKS } from '../submit-all.ts';

/** Enough where each takes so much longer. */
const FEWER_TASKS = 200;
const ROUNDS = 3;

interface Row {
  readonly sbatch: string;
  /** Its directory, with Slurm's other commands. */
  readonly bin: string;
  readonly tasks: number;
  /** Tasks per second. */
  readonly daemon: number[];
  readonly session: number[];
}

/** Through a real sshd, to a separate account. The daemon has four shells on one connection; the anchor has both cores to itself. */
export const tasksBySsh: Figure = {
  name: 'tasks-by-ssh',
  async measure({ program, say }) {
    const path = await program();
    await using cluster = await startSlurmCluster({ clusterName: 'bench', minJobAgeMs: 2_000 });
    await using sshd = await startSshd();
    const account = await addAccount();
    try {
      const slow = await writeSlowSlurm(folderOf(account, 'slurm'));
      const rows: Row[] = [
        { sbatch: 'sbatch', bin: '/usr/bin', tasks: TASKS, daemon: [], session: [] },
        {
          sbatch: `an sbatch that takes ${SLOWER_MS} ms longer`,
          bin: slow,
          tasks: FEWER_TASKS,
          daemon: [],
          session: [],
        },
      ];
      for (let round = 1; round <= ROUNDS; round += 1) {
        for (const { sbatch, bin, tasks, daemon, session } of rows) {
          say(`round ${round} of ${ROUNDS}: ${tasks} tasks, ${sbatch}`);
          await using world = await startBenchWorld(cluster, await farCluster(cluster, sshd, account, bin));
          daemon.push((await submitAll(world, daemonArgs(path), { tasks: { default: tasks } })).tasksASecond);
          const scripts = await saveScripts(world, cluster);
          const there = folderOf(account, `scripts-${round}-${basename(bin)}`);
          await cp(scripts, there, { recursive: true });
          await cluster.run('scancel', '--user', account.name);
          const tookMs = await submitBySession(sshd, account, { scripts: there, slurmConf: cluster.slurmConf, bin });
          session.push((1000 * tasks) / tookMs);
          await cluster.run('scancel', '--user', account.name);
        }
      }
      return rows.map(({ sbatch, daemon, session }) => ({
        what: `from queue to accepted job, by ssh2 and ${sbatch}`,
        value: median(daemon),
        unit: 'tasks/s',
        anchor: { what: 'one ssh session that loops it', value: median(session) },
        spread: middleHalf(ratios(daemon, session)),
        target: { atLeast: 1 },
      }));
    } finally {
      await removeAccount(account);
    }
  },
};

async function farCluster(
  { slurmConf }: SlurmCluster,
  sshd: TestSshd,
  { name, keyFile }: TestAccount,
  bin: string,
): Promise<string> {
  const [known] = parseKnownHosts('', await readFile(sshd.knownHosts(), 'utf8'));
  if (known === undefined) throw new Error('sshd shows no host key');
  return `agent.slurm.clusters.far {
  host: 127.0.0.1, port: ${sshd.port}, user: ${name}, identity_file: "${keyFile}", provider: ssh2, host_keys: "${fingerprint(known.key)}"
  slurm_conf: "${slurmConf}", slurm_bin_dir: "${bin}"
}
agent.slurm.cluster: far
`;
}

/** How long it took, the login not counted. */
async function submitBySession(
  sshd: TestSshd,
  account: TestAccount,
  { scripts, slurmConf, bin }: { readonly scripts: string; readonly slurmConf: string; readonly bin: string },
): Promise<number> {
  await using ssh = prepareUserSsh(targetOf(sshd, account));
  const loop = `export SLURM_CONF=${slurmConf}
began=$(date +%s%N)
for script in ${scripts}/*.sh; do ${bin}/sbatch --parsable "$script" > /dev/null || exit; done
echo $(($(date +%s%N) - began))`;
  const { stdout } = await runToEnd('ssh', ['-F', ssh.config, 'cluster', loop]);
  return Number(stdout) / 1e6;
}
