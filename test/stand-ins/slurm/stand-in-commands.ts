// Replaces the real Slurm cluster with the stand-in, for end-to-end tests that are not about Slurm.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { SharedCluster } from '../../support/shared-cluster.ts';

const execute = promisify(execFile);

/** Its commands are found first. */
export function withStandInCommands(commandsDir: string): SharedCluster {
  const env = { PATH: `${commandsDir}:${process.env['PATH'] ?? '/usr/bin:/bin'}` };
  return {
    slurmConf: '',
    binDir: undefined,
    nodes: [],
    env,
    run: async (program, ...args) => (await execute(program, args, { env: { ...process.env, ...env } })).stdout,
  };
}
