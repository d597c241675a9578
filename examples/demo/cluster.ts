// Which Slurm the demo uses: a cluster that is there, else real daemons of its own, else the stand-in.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startStandInCluster } from '../../test/stand-ins/slurm/stand-in-cluster.ts';
import { startSlurmCluster } from '../../test/support/slurm-cluster.ts';
import type { Installer } from './installing.ts';
import { tellingLine } from './telling-line.ts';

export interface DemoCluster {
  /** What it is, for whoever watches. */
  readonly says: string;
  /** What a program needs in its environment to use it. */
  readonly env: Readonly<Record<string, string>>;
  /** The folder of its commands, where they are not those on PATH. */
  readonly commandsDir?: string;
  /** Whether its nodes are other machines, which reach neither our loopback address nor our /tmp. */
  readonly isElsewhere: boolean;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A cluster, or why there is none, as a phrase. */
type Attempt = DemoCluster | string;

const DAEMONS = ['slurmctld', 'slurmd', 'sbatch', 'munged'];
/** A controller that is away makes Slurm's commands wait for much longer. */
const ANSWER_MS = 10_000;
/** One task of the demo wants two. */
const NODES_WANTED = 2;

export async function findCluster({
  standIn,
  installer,
}: {
  readonly standIn: boolean;
  readonly installer: Installer;
}): Promise<DemoCluster> {
  if (standIn) return standInCluster('as DEMO_STAND_INS asks');
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
    // The default partition has a star behind its name.
    const addresses = rows.flatMap((row) => /^\S+\* (\S+)$/.exec(row)?.[1] ?? []);
    if (addresses.length < NODES_WANTED) return 'the cluster here has not two nodes that are up in a default partition';
    const { SLURM_CONF } = process.env;
    return {
      says: `real: the cluster that sinfo shows here (${(await run('sinfo', '--version')).trim()}, ${addresses.length} nodes)`,
      env: SLURM_CONF === undefined ? {} : { SLURM_CONF },
      isElsewhere: !addresses.every((address) => isHere(address)),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  } catch {
    return 'no cluster answers sinfo here';
  }
}

function isHere(address: string): boolean {
  return /^(localhost|127\.|::1$)/.test(address) || address === hostname();
}

/** Slurm's daemons on loopback, installed before where that is possible and allowed. */
async function ownCluster(whyNotExisting: string, installer: Installer): Promise<Attempt> {
  const missing = await installer.install(DAEMONS);
  if (missing !== undefined) return missing;
  try {
    const cluster = await startSlurmCluster();
    const version = (await cluster.run('sinfo', '--version')).trim();
    return {
      says: `real: ${cluster.nodes.length} nodes of our own on this machine (${version}), as ${whyNotExisting}`,
      env: cluster.env,
      isElsewhere: false,
      [Symbol.asyncDispose]: () => cluster.stop(),
    };
  } catch (error) {
    return `Slurm's daemons did not start: ${tellingLine(String(error))}`;
  }
}

async function standInCluster(why: string): Promise<DemoCluster> {
  const stateDir = await mkdtemp(join(tmpdir(), 'demo-slurm-'));
  const cluster = await startStandInCluster({ stateDir });
  return {
    says: `a stand-in for Slurm's commands, with jobs as processes of this machine: ${tellingLine(why)}`,
    env: {},
    commandsDir: cluster.commandsDir,
    isElsewhere: false,
    async [Symbol.asyncDispose]() {
      await cluster.close();
      await rm(stateDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
