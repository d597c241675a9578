// What Slurm's commands are called, from the configuration: where only some are named, the others are beside sbatch.
import type { ClusterSettings } from '../config/clusters.ts';
import type { SlurmSettings } from '../config/settings.ts';
import { programOf, withCommandLines } from '../transport/configured-commands.ts';
import type { Transport } from '../transport/transport.ts';
import { findDistrustedProgram } from '../transport/trusted-programs.ts';
import type { SlurmCommands } from '../slurm/cli-scheduler.ts';
import { UntrustedPathError } from './trusted-files.ts';

export interface AllSlurmCommands extends SlurmCommands {
  readonly sinfo: string;
  readonly sacctmgr: string;
}

type OfAllClusters = Pick<SlurmSettings, 'binaries' | 'trustedGroup'>;
type OfCluster = Pick<ClusterSettings, 'slurmConf' | 'python'>;

/**
 * The host, on which these commands may be configured as command lines. The first thing that is run there waits for a look whether
 * others can change them: then it is refused with UntrustedPath, and nothing is run.
 */
export function withSlurmCommands(host: Transport, slurm: OfAllClusters, cluster: OfCluster): Transport {
  const { batchBinary, monitorBinary } = slurm.binaries;
  return afterLook(withCommandLines(host, [batchBinary, monitorBinary]), () => look(host, slurm, cluster));
}

/** The look that was good is the last one; one that failed, as the host is away, is made again. */
function afterLook(host: Transport, refuse: () => Promise<void>): Transport {
  let looked: Promise<void> | undefined;
  return {
    ...host,
    async run(command) {
      command.signal?.throwIfAborted();
      looked ??= refuse();
      try {
        await looked;
      } catch (error) {
        looked = undefined;
        throw error;
      }
      return host.run(command);
    },
  };
}

/** What is run there beside Slurm's commands, and is given keys. */
const TOOLS = ['sh', 'cat'];

async function look(
  host: Transport,
  { binaries, trustedGroup }: OfAllClusters,
  { slurmConf, python }: OfCluster,
): Promise<void> {
  const { sbatch, squeue, sacct, scancel, scontrol } = slurmCommands(binaries);
  const found = await findDistrustedProgram(host, {
    programs: [...[sbatch, squeue, scancel, scontrol, sacct].map(programOf), ...TOOLS],
    optional: python === undefined ? [] : [python],
    files: slurmConf === undefined ? [] : [slurmConf],
    group: trustedGroup,
  });
  if (found === undefined) return;
  const { kind, path, why } = found;
  const what = {
    program: `The program ${path} on ${host.name}`,
    folder: `The folder ${path} on ${host.name}, in which programs are looked for (PATH or slurm_bin_dir),`,
    file: `The configuration ${path} on ${host.name} (slurm_conf)`,
  };
  throw new UntrustedPathError(what[kind], why);
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
