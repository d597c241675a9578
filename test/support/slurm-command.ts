// Runs Slurm's programs for the tests, in an environment isolated from any real cluster.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { TIMEOUT_MS } from './wait-until.ts';

const execute = promisify(execFile);

/** Longer than any message timeout that a test sets. */

/** The environment with the folders of system daemons on its PATH, which an ordinary user's often lacks. */
export function withSystemPrograms(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, PATH: `${env['PATH'] ?? ''}:/usr/sbin:/sbin` };
}

/** The environment without any variable that changes what Slurm's commands do, then with this cluster's configuration. */
export function environmentFor(slurmConf: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !/^(SLURM|SBATCH|SQUEUE|SCANCEL|SACCT|SINFO|SRUN)_/.test(name));
  return { ...withSystemPrograms(Object.fromEntries(kept)), SLURM_CONF: slurmConf };
}

/** What the command prints; rejects when it fails, with what it wrote to standard error in the message. */
export async function runSlurm(env: NodeJS.ProcessEnv, program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execute(program, args, { env, timeout: TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}
