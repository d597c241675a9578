// A real Slurm cluster as the scheduler contract wants it: commands that start in a folder of the test's own.
import { execFile } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { SlurmCluster } from '../support/slurm-cluster.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { ClusterUnderTest } from './contract.ts';
import { createLocalScheduler } from './local-scheduler.ts';

const execute = promisify(execFile);

/** Closing it removes the directory; the cluster keeps running. */
export function openRealCluster({ binDir, env }: Pick<SlurmCluster, 'binDir' | 'env'>): ClusterUnderTest {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'scheduler-')));
  const commands = binDir === undefined ? {} : { commandsDir: binDir };
  const path = [binDir, process.env['PATH']].filter((part) => part !== undefined).join(delimiter);

  async function run(program: string, ...args: readonly string[]): Promise<string> {
    const { stdout } = await execute(program, args, { cwd: folder, env: { ...process.env, PATH: path, ...env } });
    return stdout;
  }

  async function listJobs(): Promise<string[]> {
    const rows = await run('squeue', '--me', '--noheader', '--format=%A %Z');
    return rows.split('\n').flatMap((row) => (row.endsWith(` ${folder}`) ? [row.split(' ')[0] ?? ''] : []));
  }

  return {
    scheduler: createLocalScheduler({ folder, variables: env, ...commands }),
    folder,
    run,
    async close() {
      // A job that has just been submitted would write its log into the directory during its removal.
      const jobs = await listJobs();
      if (jobs.length > 0) await run('scancel', ...jobs);
      await waitUntil('the jobs in the directory to end', async () => (await listJobs()).length === 0);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
