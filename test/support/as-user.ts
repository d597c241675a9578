// Runs Slurm's commands, and so the jobs, as an ordinary user. Needs root.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentFor, runSlurm } from './slurm-command.ts';
import type { SlurmCluster } from './slurm-cluster.ts';

/** What Slurm's commands need to get into the root of another release. */
const TO_ENTER = ['sys_admin', 'sys_chroot', 'sys_ptrace', 'setuid', 'setgid'].map((name) => `+${name}`).join(',');

const COMMANDS = ['sbatch', 'squeue', 'scancel', 'scontrol', 'sinfo', 'srun', 'sacct', 'sacctmgr'];

/** The prefix that runs a program as this user with the commands of `actAs` (setpriv(1)). */
export function becoming(user: string): string[] {
  return ['setpriv', ...identity(user), `--inh-caps=${TO_ENTER}`, `--ambient-caps=${TO_ENTER}`, '--'];
}

/** The prefix that runs a program as this user, with the rights of any user and nothing more. */
export function plainly(user: string): string[] {
  return ['setpriv', ...identity(user), '--inh-caps=-all', '--ambient-caps=-all', '--'];
}

function identity(user: string): string[] {
  return [`--reuid=${user}`, `--regid=${user}`, '--clear-groups'];
}

/**
 * The same cluster with commands that run as this user.
 * @param cluster of a release in a separate root, whose jobs do not see its commands, nor these
 */
export function actAs(cluster: SlurmCluster, user: string): SlurmCluster {
  const { binDir, slurmConf } = cluster;
  if (binDir === undefined) throw new RangeError('this cluster has no folder for commands: choose another release');
  const folder = join(binDir, `as-${user}`);
  mkdirSync(folder);
  const become = ['setpriv', ...identity(user), '--inh-caps=-all', '--ambient-caps=-all'].join(' ');
  for (const name of COMMANDS) {
    const program = `/usr/bin/${name}`;
    const ordinary = readFileSync(join(binDir, name), 'utf8');
    writeFileSync(join(folder, name), ordinary.replace(program, `${become} ${program}`), { mode: 0o755 });
  }
  const env = environmentFor(slurmConf, { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` });
  return { ...cluster, binDir: folder, run: (program, ...args) => runSlurm(env, program, args) };
}
