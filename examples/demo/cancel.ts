// Ends the jobs of a demo that is stopped early: the program leaves jobs alone when it stops, as it should.
import { execFile } from 'node:child_process';
import { delimiter } from 'node:path';
import { promisify } from 'node:util';
import { waitUntil } from '../../test/support/wait-until.ts';
import type { DemoCluster } from './cluster.ts';

/** As long as their agents may take to tell the server, and their scripts to clean up. */
const END_MS = 10_000;

/** Returns when they are gone, or when that has taken too long. */
export async function cancelJobs({ env, commandsDir }: DemoCluster, jobs: readonly string[]): Promise<void> {
  const path = [commandsDir, process.env['PATH']].filter((part) => part !== undefined).join(delimiter);
  const run = (program: string, ...args: readonly string[]): Promise<string> =>
    promisify(execFile)(program, args, { env: { ...process.env, PATH: path, ...env } }).then(({ stdout }) => stdout);
  // A job that Slurm has forgotten makes squeue fail.
  const areGone = async (): Promise<boolean> =>
    (await run('squeue', '--noheader', `--jobs=${jobs.join(',')}`).catch(() => '')).trim() === '';

  await run('scancel', ...jobs).catch(() => undefined);
  await waitUntil('the jobs to end', areGone, { withinMs: END_MS }).catch(() => undefined);
}
