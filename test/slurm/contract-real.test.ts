// The scheduler contract on real Slurm: whichever release this machine has.
import { execFile } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requireSlurm } from '../support/requires.ts';
import { sharedCluster } from '../support/shared-cluster.ts';
import { defineSchedulerContract, type ClusterUnderTest } from './contract.ts';
import { schedulerOn } from './scheduler-on.ts';

const execute = promisify(execFile);

describe('real Slurm', () => {
  before(requireSlurm);
  defineSchedulerContract('real Slurm', openRealCluster);
});

async function openRealCluster(): Promise<ClusterUnderTest> {
  const { env } = await sharedCluster();
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'scheduler-')));
  return {
    scheduler: schedulerOn({ folder, variables: env }),
    folder,
    async run(program, ...args) {
      const { stdout } = await execute(program, args, { cwd: folder, env: { ...process.env, ...env } });
      return stdout;
    },
    close() {
      rmSync(folder, { recursive: true, force: true });
      return Promise.resolve();
    },
  };
}
