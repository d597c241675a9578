// A real Slurm cluster as the scheduler contract wants it: commands that start in a folder of the test's own.
import { execFile } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { SlurmCluster } from '../support/slurm-cluster.ts';
import type { ClusterUnderTest } from './contract.ts';
import { createLocalScheduler } from './local-scheduler.ts';

const execute = promisify(execFile);

/** Closing it removes the directory; the cluster keeps running. */
export function openRealCluster({ binDir, env }: Pick<SlurmCluster, 'binDir' | 'env'>): ClusterUnderTest {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'scheduler-')));
  const commands = binDir === undefined ? {} : { commandsDir: binDir };
  const path = [binDir, process.env['PATH']].filter((part) => part !== undefined).join(delimiter);
  return {
    scheduler: createLocalScheduler({ folder, variables: env, ...commands }),
    folder,
    async run(program, ...args) {
      const { stdout } = await execute(program, args, { cwd: folder, env: { ...process.env, PATH: path, ...env } });
      return stdout;
    },
    close() {
      rmSync(folder, { recursive: true, force: true });
      return Promise.resolve();
    },
  };
}
