// Cancels the jobs of a demo that is stopped early: the daemon leaves its jobs running when it stops.
import { execFile } from 'node:child_process';
import { delimiter } from 'node:path';
import { promisify } from 'node:util';
import { waitUntil } from '../../test/support/wait-until.ts';
import type { DemoCluster } from './cluster.ts';

/** The time for agents to report to the server, and for scripts to clean up. */
const END_MS = 10_000;

/** Returns when the jobs are gone, or at the deadline. */
export async function cancelJobs({ env, commandsDir }: DemoCluster, jobs: readonly string[]): Promise<void> {
  const path = [commandsDir, process.env['PATH']].filter((part) => part !== undefined).join(delimiter);
  const run = (program: string, ...args: readonly string[]): Promise<string> =>
    promisify(execFile)(program, args, { env: { ...process.env, PATH: path, ...env } }).then(({ stdout }) => stdout);
  // squeue fails for a job that Slurm has forgotten.
  const areGone = async (): Promise<boolean> =>
    (await run('squeue', '--noheader', `--jobs=${jobs.join(',')}`).catch(() => '')).trim() === '';

  await run('scancel', ...jobs).catch(() => undefined);
  await waitUntil('the jobs to end', areGone, { withinMs: END_MS }).catch(() => undefined);
}
