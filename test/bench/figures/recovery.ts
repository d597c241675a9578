// Measures the recovery of a killed daemon: from its restart to the first new task that it submits.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startSlurmCluster } from '../../support/slurm-cluster.ts';
import { daemonArgs, startBenchWorld, SUBMITTED, type BenchWorld } from '../bench-world.ts';
import type { Figure, Result } from '../figure.ts';

const JOBS = 1_000;

/** No new task is claimed before all earlier ones are reconciled: the job of a new task shows that they are. */
export const recovery: Figure = {
  name: 'recovery',
  async measure({ program, say }) {
    const path = await program();
    await using cluster = await startSlurmCluster({ clusterName: 'bench' });
    await using world = await startBenchWorld(cluster);
    let daemon = await world.start(daemonArgs(path));
    await world.enqueue(JOBS);
    await daemon.until(SUBMITTED, JOBS);

    async function recover(how: string): Promise<Result> {
      say(`with ${JOBS} live jobs, ${how}`);
      process.kill(daemon.pid, 'SIGKILL');
      await daemon.stop();
      const hasForgotten = how === 'without a journal';
      if (hasForgotten) await forget(world);
      await world.enqueue(1);
      const startedAt = Date.now();
      daemon = await world.start(daemonArgs(path));
      await daemon.until('Submitted', 1);
      if (hasForgotten) await daemon.until('Adopting an untracked task', JOBS);
      return { what: how, value: (Date.now() - startedAt) / 1000, unit: 's' };
    }

    return [await recover('by the journal'), await recover('without a journal')];
  },
};

async function forget({ folder }: BenchWorld): Promise<void> {
  await rm(join(folder, 'home/.local/state/clearml-agent-slurm'), { recursive: true });
}
