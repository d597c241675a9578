// The Slurm commands of the configuration; the ones that it does not name are in the directory of sbatch.
import { UsageError } from '../base/usage-error.ts';
import type { ClusterSettings } from '../config/cluster-settings.ts';
import type { SlurmSettings } from '../config/convert-settings.ts';
import { programOf, withCommandLines } from '../transport/configured-commands.ts';
import { CommandNotFoundError, HostUnreachableError, SudoRefusedError } from '../transport/errors.ts';
import type { Transport } from '../transport/transport.ts';
import { findDistrustedProgramOnHost } from '../transport/path-trust-on-host.ts';
import { LOOK_UP_AGAIN_MS } from '../transport/run-as.ts';
import { throwUnavailable } from '../slurm/errors.ts';
import type { ClusterFacts } from '../slurm/scheduler.ts';
import type { SlurmCommands } from '../slurm/run-slurm-commands.ts';
import { UntrustedPathError } from './refuse-untrusted-files.ts';

export interface AllSlurmCommands extends SlurmCommands {
  readonly sinfo: string;
  readonly sacctmgr: string;
}

type OfAllClusters = Pick<SlurmSettings, 'binaries' | 'trustedGroup' | 'userMap'>;
type OfCluster = Pick<ClusterSettings, 'slurmConf' | 'python'>;

/**
 * The host, on which these commands may be configured as command lines. Before the first command runs, checks that no other user can
 * change the programs; otherwise `run` throws UntrustedPathError and runs nothing.
 */
export function withSlurmCommands(
  host: Transport,
  slurm: OfAllClusters,
  cluster: OfCluster,
  now = (): number => performance.now(),
): Transport {
  const { batchBinary, monitorBinary } = slurm.binaries;
  return afterCheck(withCommandLines(host, [batchBinary, monitorBinary]), () => check(host, slurm, cluster), now);
}

/**
 * Checks until a check succeeds; an unreachable host is checked again. So are the programs once one is no longer where it was, as after
 * an upgrade of Slurm: the one that runs next may be another. If they are refused then, the host counts as unreachable, and the daemon
 * continues.
 */
function afterCheck(host: Transport, refuse: () => Promise<void>, now: () => number): Transport {
  let current: { readonly at: number; readonly checked: Promise<void> } | undefined;
  let hasSucceeded = false;
  return {
    ...host,
    async run(command) {
      command.signal?.throwIfAborted();
      current ??= { at: now(), checked: refuse() };
      const mine = current;
      try {
        await mine.checked;
        hasSucceeded = true;
      } catch (error) {
        if (current === mine) current = undefined;
        if (!hasSucceeded || !(error instanceof UntrustedPathError)) throw error;
        throw new HostUnreachableError(error.message, { cause: error });
      }
      try {
        return await host.run(command);
      } catch (error) {
        const mayHaveMoved = error instanceof CommandNotFoundError || error instanceof SudoRefusedError;
        if (mayHaveMoved && current === mine && now() - mine.at >= LOOK_UP_AGAIN_MS) current = undefined;
        throw error;
      }
    },
  };
}

/** Other programs that run there and get keys. */
const TOOLS = ['sh', 'cat'];

const FIND_TIMEOUT_MS = 30_000;

async function check(
  host: Transport,
  { binaries, trustedGroup, userMap }: OfAllClusters,
  { slurmConf, python }: OfCluster,
): Promise<void> {
  const { sbatch, squeue, sacct, scancel, scontrol } = slurmCommands(binaries);
  const found = await findDistrustedProgramOnHost(host, {
    programs: [
      ...[sbatch, squeue, scancel, scontrol, sacct].map(programOf),
      ...TOOLS,
      ...(Object.keys(userMap).length === 0 ? [] : ['sudo']),
    ],
    optional: python === undefined ? [] : [python],
    files: slurmConf === undefined ? [] : [slurmConf],
    group: trustedGroup,
  });
  if (found === undefined) return;
  const { kind, path, why } = found;
  const what = {
    program: `The program ${path} on ${host.name}`,
    folder: `The directory ${path} on ${host.name} (in PATH or slurm_bin_dir)`,
    file: `The configuration ${path} on ${host.name} (slurm_conf)`,
  };
  throw new UntrustedPathError(what[kind], why);
}

/** For a transport of `withSlurmCommands`. */
export function slurmCommands({ batchBinary, monitorBinary }: SlurmSettings['binaries']): AllSlurmCommands {
  return {
    sbatch: batchBinary,
    squeue: monitorBinary,
    sacct: siblingCommand(batchBinary, 'sacct'),
    scancel: siblingCommand(batchBinary, 'scancel'),
    scontrol: siblingCommand(batchBinary, 'scontrol'),
    sinfo: siblingCommand(batchBinary, 'sinfo'),
    sacctmgr: siblingCommand(batchBinary, 'sacctmgr'),
  };
}

/** What the daemon runs as other users: lists and records only if Slurm hides the jobs of others. */
export function sudoCommands(
  binaries: SlurmSettings['binaries'],
  { hidesJobs, hasAccounting }: Pick<ClusterFacts, 'hidesJobs' | 'hasAccounting'>,
): string[] {
  const { sbatch, scancel, sacct, squeue, scontrol } = slurmCommands(binaries);
  const needed = [
    sbatch,
    scancel,
    ...(hasAccounting ? [sacct] : []),
    ...(hidesJobs === true ? [squeue, scontrol] : []),
  ];
  return needed.map(programOf);
}

/** The absolute paths of these programs on the host. @throws UsageError if one is missing, SlurmUnavailableError */
export async function findPrograms(host: Transport, programs: readonly string[]): Promise<string[]> {
  const args = ['-c', 'for program; do command -v -- "$program" || echo "$program"; done', 'sh', ...programs];
  const { stdout } = await host.run({ program: '/bin/sh', args, timeoutMs: FIND_TIMEOUT_MS }).catch(throwUnavailable);
  const paths = stdout.trimEnd().split('\n');
  const missing = paths.find((path) => !path.startsWith('/'));
  if (missing !== undefined)
    throw new UsageError(`${missing} not found on ${host.name}: set agent.slurm.slurm_bin_dir.`);
  return paths;
}

/** Another Slurm command, in the directory of the given one. */
function siblingCommand(line: string, name: string): string {
  const program = programOf(line);
  const slash = program.lastIndexOf('/');
  return slash === -1 ? name : `${program.slice(0, slash + 1)}${name}`;
}
