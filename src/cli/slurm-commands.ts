// What Slurm's commands are called, from the configuration: where only some are named, the others are beside sbatch.
import type { SlurmSettings } from '../config/settings.ts';
import { programOf, withCommandLines } from '../host/command-lines.ts';
import type { Host } from '../host/host.ts';
import type { SlurmCommands } from '../slurm/cli-scheduler.ts';

export interface AllSlurmCommands extends SlurmCommands {
  readonly sinfo: string;
  readonly sacctmgr: string;
}

/** The host, on which these commands may be configured as command lines. */
export function withSlurmCommands(host: Host, { batchBinary, monitorBinary }: SlurmSettings['binaries']): Host {
  return withCommandLines(host, [batchBinary, monitorBinary]);
}

/** To be run on a host of `withSlurmCommands`. */
export function slurmCommands({ batchBinary, monitorBinary }: SlurmSettings['binaries']): AllSlurmCommands {
  return {
    sbatch: batchBinary,
    squeue: monitorBinary,
    sacct: besides(batchBinary, 'sacct'),
    scancel: besides(batchBinary, 'scancel'),
    scontrol: besides(batchBinary, 'scontrol'),
    sinfo: besides(batchBinary, 'sinfo'),
    sacctmgr: besides(batchBinary, 'sacctmgr'),
  };
}

/** Another of Slurm's commands, where the named one is. */
function besides(line: string, name: string): string {
  const program = programOf(line);
  const slash = program.lastIndexOf('/');
  return slash === -1 ? name : `${program.slice(0, slash + 1)}${name}`;
}
