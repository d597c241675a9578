// A stand-in for a Slurm cluster in the place of the real one, for whole runs whose point is not Slurm.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { SharedCluster } from '../support/shared-cluster.ts';

const execute = promisify(execFile);

/** Its commands are found first. */
export function asCluster(commandsDir: string): SharedCluster {
  const env = { PATH: `${commandsDir}:${process.env['PATH'] ?? '/usr/bin:/bin'}` };
  return {
    slurmConf: '',
    binDir: undefined,
    nodes: [],
    env,
    run: async (program, ...args) => (await execute(program, args, { env: { ...process.env, ...env } })).stdout,
  };
}
