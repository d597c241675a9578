// Chooses the Slurm of the demo: an existing cluster, else its own real daemons, else the stand-in.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startStandInCluster } from '../../test/stand-ins/slurm/stand-in-cluster.ts';
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
export type Attempt = DemoCluster | string;

/** Slurm's commands wait much longer for a controller that does not respond. */
const ANSWER_MS = 10_000;
/** One task of the demo needs two. */
const NODES_WANTED = 2;

/**
 * @param ownCluster starts one if `sinfo` finds none, with the reason as a phrase
 * @param standInProgram what the stand-in for Slurm's commands starts
 */
export async function findCluster({
  ownCluster = (why) => Promise.resolve(why),
  standInProgram,
}: {
  readonly ownCluster?: (whyNotExisting: string) => Promise<Attempt>;
  readonly standInProgram?: readonly string[];
}): Promise<DemoCluster> {
  const existing = await existingCluster();
  if (typeof existing !== 'string') return existing;
  const own = await ownCluster(existing);
  return typeof own === 'string' ? standInCluster(own, standInProgram) : own;
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

export async function standInCluster(why: string, program?: readonly string[]): Promise<DemoCluster> {
  const stateDir = await mkdtemp(join(tmpdir(), 'demo-slurm-'));
  const cluster = await startStandInCluster({ stateDir, program });
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
