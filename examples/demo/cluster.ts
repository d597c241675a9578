// Chooses the Slurm of the demo: an existing cluster, else its own real daemons, else the stand-in.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startStandInCluster } from '../../test/stand-ins/slurm/stand-in-cluster.ts';
import { startSlurmCluster } from '../../test/support/slurm-cluster.ts';
import type { Installer } from './installer.ts';
import { errorLine } from './error-line.ts';

export interface DemoCluster {
  /** A description, which the demo shows. */
  readonly says: string;
  /** Environment variables for programs that use it. */
  readonly env: Readonly<Record<string, string>>;
  /** The folder of its commands, if they are not in PATH. */
  readonly commandsDir?: string;
  /** Whether its nodes are other machines, which reach neither the loopback address nor /tmp of this one. */
  readonly isElsewhere: boolean;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A cluster, or the reason why there is none, as a phrase. */
type Attempt = DemoCluster | string;

const DAEMONS = ['slurmctld', 'slurmd', 'sbatch', 'munged'];
/** Slurm's commands wait much longer for a controller that does not respond. */
const ANSWER_MS = 10_000;
/** One task of the demo needs two. */
const NODES_WANTED = 2;

export async function findCluster({
  standIn,
  installer,
}: {
  readonly standIn: boolean;
  readonly installer: Installer;
}): Promise<DemoCluster> {
  if (standIn) return standInCluster('DEMO_STAND_INS is set');
  const existing = await existingCluster();
  if (typeof existing !== 'string') return existing;
  const own = await ownCluster(existing, installer);
  return typeof own === 'string' ? standInCluster(own) : own;
}

async function existingCluster(): Promise<Attempt> {
  const run = (program: string, ...args: readonly string[]): Promise<string> =>
    promisify(execFile)(program, args, { timeout: ANSWER_MS }).then(({ stdout }) => stdout);
  try {
    const usable = ['--noheader', '--Node', '--responding', '--states=idle,mixed,allocated'];
    const rows = (await run('sinfo', ...usable, '--format=%P %o')).trim().split('\n');
    // A star after the name marks the default partition.
    const addresses = rows.flatMap((row) => /^\S+\* (\S+)$/.exec(row)?.[1] ?? []);
    if (addresses.length < NODES_WANTED)
      return 'the default partition of this cluster has fewer than two nodes that are up';
    const { SLURM_CONF } = process.env;
    return {
      says: `real: the cluster that sinfo shows here (${(await run('sinfo', '--version')).trim()}, ${addresses.length} nodes)`,
      env: SLURM_CONF === undefined ? {} : { SLURM_CONF },
      isElsewhere: !addresses.every((address) => isHere(address)),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  } catch {
    return 'sinfo finds no cluster here';
  }
}

function isHere(address: string): boolean {
  return /^(localhost|127\.|::1$)/.test(address) || address === hostname();
}

/** Starts Slurm's daemons on loopback, after their installation if that is possible and permitted. */
async function ownCluster(whyNotExisting: string, installer: Installer): Promise<Attempt> {
  const missing = await installer.install(DAEMONS);
  if (missing !== undefined) return missing;
  try {
    const cluster = await startSlurmCluster();
    const version = (await cluster.run('sinfo', '--version')).trim();
    return {
      says: `real: ${cluster.nodes.length} local nodes on this machine (${version}), because ${whyNotExisting}`,
      env: cluster.env,
      isElsewhere: false,
      [Symbol.asyncDispose]: () => cluster.stop(),
    };
  } catch (error) {
    return `Slurm's daemons did not start: ${errorLine(String(error))}`;
  }
}

async function standInCluster(why: string): Promise<DemoCluster> {
  const stateDir = await mkdtemp(join(tmpdir(), 'demo-slurm-'));
  const cluster = await startStandInCluster({ stateDir });
  return {
    says: `a stand-in for Slurm's commands, with jobs as processes of this machine: ${errorLine(why)}`,
    env: {},
    commandsDir: cluster.commandsDir,
    isElsewhere: false,
    async [Symbol.asyncDispose]() {
      await cluster.close();
      await rm(stateDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
