// What Slurm's commands are called, from the configuration: where only some are named, the others are beside sbatch.
import type { SlurmSettings } from '../config/settings.ts';
import type { SlurmCommands } from '../slurm/cli-scheduler.ts';

export interface AllSlurmCommands extends SlurmCommands {
  readonly sinfo: string;
  readonly sacctmgr: string;
}

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
function besides(command: string, name: string): string {
  const slash = command.lastIndexOf('/');
  return slash === -1 ? name : `${command.slice(0, slash + 1)}${name}`;
}
