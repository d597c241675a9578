// How fast waiting tasks become jobs over SSH, beside one ssh session that runs sbatch over and over.
import { cp, readFile } from 'node:fs/promises';
import { fingerprint } from '../../src/host/host-key-verdict.ts';
import { readKnownHosts } from '../../src/host/known-hosts.ts';
import { prepareUserSsh } from '../support/ssh-master.ts';
import {
  addAccount,
  folderOf,
  removeAccount,
  startSshd,
  targetOf,
  type TestAccount,
  type TestSshd,
} from '../support/sshd.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { daemonWords, startBenchWorld } from './bench-world.ts';
import type { Figure } from './figure.ts';
import { runToEnd } from './run-to-end.ts';
import { median, middleHalf, ratios } from './samples.ts';
import { saveScripts, takeAll } from './take-all.ts';

const TASKS = 200;
const ROUNDS = 3;

export const tasksBySsh: Figure = {
  name: 'tasks-by-ssh',
  async measure({ program, say }) {
    const path = await program();
    await using cluster = await startSlurmCluster({ clusterName: 'bench', minJobAgeMs: 2_000 });
    await using sshd = await startSshd();
    const account = await addAccount();
    try {
      const daemon: number[] = [];
      const session: number[] = [];
      for (let round = 1; round <= ROUNDS; round += 1) {
        say(`round ${round} of ${ROUNDS}: ${TASKS} tasks`);
        await using world = await startBenchWorld(cluster, await farCluster(cluster, sshd, account));
        daemon.push((await takeAll(world, daemonWords(path), { tasks: { default: TASKS } })).tasksASecond);
        const scripts = await saveScripts(world, cluster);
        const there = folderOf(account, `scripts-${round}`);
        await cp(scripts, there, { recursive: true });
        await cluster.run('scancel', '--user', account.name);
        session.push(await submitBySession(sshd, account, { scripts: there, slurmConf: cluster.slurmConf }));
        await cluster.run('scancel', '--user', account.name);
      }
      return [
        {
          what: 'from queue to accepted job, by ssh2',
          value: median(daemon),
          unit: 'tasks/s',
          anchor: { what: 'one ssh session looping sbatch', value: median(session) },
          spread: middleHalf(ratios(daemon, session)),
          target: { atLeast: 1 },
        },
      ];
    } finally {
      await removeAccount(account);
    }
  },
};

async function farCluster(
  { slurmConf }: SlurmCluster,
  sshd: TestSshd,
  { name, keyFile }: TestAccount,
): Promise<string> {
  const [known] = readKnownHosts('', await readFile(sshd.knownHosts(), 'utf8'));
  if (known === undefined) throw new Error('sshd shows no host key');
  return `agent.slurm.clusters.far {
  host: 127.0.0.1, port: ${sshd.port}, user: ${name}, identity_file: "${keyFile}", provider: ssh2, host_keys: "${fingerprint(known.key)}"
  slurm_conf: "${slurmConf}"
}
agent.slurm.cluster: far
`;
}

/** Submissions a second, the login not counted. */
async function submitBySession(
  sshd: TestSshd,
  account: TestAccount,
  { scripts, slurmConf }: { readonly scripts: string; readonly slurmConf: string },
): Promise<number> {
  await using ssh = prepareUserSsh(targetOf(sshd, account));
  const loop = `export SLURM_CONF=${slurmConf}
began=$(date +%s%N)
for script in ${scripts}/*.sh; do sbatch --parsable "$script" > /dev/null || exit; done
echo $(($(date +%s%N) - began))`;
  const { stdout } = await runToEnd('ssh', ['-F', ssh.config, 'cluster', loop]);
  return (1e9 * TASKS) / Number(stdout);
}
