// The scheduler contract on the stand-in for Slurm, with and without accounting.
import { execFile } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startStandInCluster } from '../stand-ins/slurm/stand-in-cluster.ts';
import { defineSchedulerContract, type ClusterUnderTest } from './contract.ts';
import { createLocalScheduler } from './local-scheduler.ts';

const execute = promisify(execFile);

defineSchedulerContract('the stand-in for Slurm: the Slurm client', () => openStandIn({ hasAccounting: false }));
defineSchedulerContract('the stand-in for Slurm with accounting: the Slurm client', () =>
  openStandIn({ hasAccounting: true }),
);

async function openStandIn(settings: { readonly hasAccounting: boolean }): Promise<ClusterUnderTest> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'scheduler-')));
  const cluster = await startStandInCluster({
    stateDir: join(folder, '.cluster'),
    // As Slurm does: on a busy machine a poll would miss a wait of two seconds.
    settings: { ...settings, requeueDelayMs: 120_000 },
  });
  return {
    scheduler: createLocalScheduler({ folder, commandsDir: cluster.commandsDir }),
    folder,
    async run(program, ...args) {
      const path = `${cluster.commandsDir}:${process.env['PATH'] ?? ''}`;
      const { stdout } = await execute(program, args, { cwd: folder, env: { ...process.env, PATH: path } });
      return stdout;
    },
    async close() {
      await cluster.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
