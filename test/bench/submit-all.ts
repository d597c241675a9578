// Starts a daemon that submits all queued tasks, and returns their scripts.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SlurmCluster } from '../support/slurm-cluster.ts';
import { SUBMITTED, type BenchWorld } from './bench-world.ts';
import { readProcessUse } from './process-use.ts';
import { runToEnd } from './run-to-end.ts';

/** Enough that start and end do not matter. */
export const TASKS = 1_000;

export interface SubmissionRate {
  readonly tasksASecond: number;
  /** The processor time of the daemon, without that of sbatch. */
  readonly daemonMs: number;
  /** The processor time of this process meanwhile, which runs the sandbox and does nothing else. */
  readonly sandboxMs: number;
}

/** All tasks are queued before the program starts. The time is from the first claim to the last accepted job. */
export async function submitAll(
  world: BenchWorld,
  args: readonly string[],
  {
    tasks = { default: TASKS },
    environment = {},
  }: {
    readonly tasks?: Readonly<Record<string, number>>;
    readonly environment?: Readonly<Record<string, string>>;
  } = {},
): Promise<SubmissionRate> {
  for (const [queue, count] of Object.entries(tasks)) await world.enqueue(count, queue);
  const all = Object.values(tasks).reduce((sum, count) => sum + count, 0);
  const daemon = await world.start(args, environment);
  await daemon.until('Claimed', 1);
  const sandboxBefore = process.cpuUsage();
  const daemonBefore = await readProcessUse(daemon.pid);
  await daemon.until(SUBMITTED, all);
  const daemonAfter = await readProcessUse(daemon.pid);
  const { user, system } = process.cpuUsage(sandboxBefore);
  await daemon.stop();
  const began = daemon.events('Claimed')[0]?.at ?? Number.NaN;
  const ended = daemon.events(...SUBMITTED).at(-1)?.at ?? Number.NaN;
  return {
    tasksASecond: (1000 * all) / (ended - began),
    daemonMs: daemonAfter.ownMs - daemonBefore.ownMs,
    sandboxMs: (user + system) / 1000,
  };
}

/** Saves the scripts as the controller received them. Returns their directory. */
export async function saveScripts(world: BenchWorld, cluster: SlurmCluster): Promise<string> {
  const folder = join(world.folder, 'scripts');
  await mkdir(folder);
  const ids = await cluster.run('squeue', '--noheader', '--format=%A');
  const args = ['-P4', '-I{}', 'scontrol', 'write', 'batch_script', '{}', join(folder, '{}.sh')];
  await runToEnd('xargs', args, { env: world.environment, stdin: ids });
  return folder;
}
