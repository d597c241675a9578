// Measures the calls to Slurm and ClearML with default settings: of an idle daemon, and with many pending jobs.
import { setTimeout as sleep } from 'node:timers/promises';
import { startSlurmCluster } from '../../support/slurm-cluster.ts';
import { startBenchWorld, startServing, SUBMITTED } from '../bench-world.ts';
import { writeCountingCommands } from '../counting-commands.ts';
import type { Figure, Result } from '../figure.ts';

const JOBS = [200, 5_000];
/** Twice the longest interval of an idle daemon. */
const WINDOW_MS = 120_000;
const POLL_MS = 15_000;

export const callsAMinute: Figure = {
  name: 'calls-a-minute',
  async measure({ program, say }) {
    const path = await program();
    await using cluster = await startSlurmCluster({ clusterName: 'bench' });
    await using world = await startBenchWorld(cluster);
    const commands = await writeCountingCommands(world.folder, world.environment['PATH'] ?? '');
    const daemon = await startServing(world, path, { PATH: commands.path });

    async function countFor(what: string): Promise<Result[]> {
      say(`${WINDOW_MS / 1000} s ${what}`);
      const [slurm, clearml] = [await commands.count(), world.callCount()];
      await sleep(WINDOW_MS);
      const minutes = WINDOW_MS / 60_000;
      return [
        {
          what: `of Slurm, ${what}`,
          value: ((await commands.count()) - slurm) / minutes,
          unit: '/min',
          target: { atMost: 4 },
        },
        { what: `of ClearML, ${what}`, value: (world.callCount() - clearml) / minutes, unit: '/min' },
      ];
    }

    await sleep(POLL_MS);
    const results = await countFor('idle');
    let submitted = 0;
    for (const jobs of JOBS) {
      say(`${jobs} jobs are submitted`);
      await world.enqueue(jobs - submitted);
      await daemon.until(SUBMITTED, jobs);
      submitted = jobs;
      // Each console gets one message with the reason of the pending job; after that nothing changes.
      await sleep(8 * POLL_MS);
      results.push(...(await countFor(`with ${jobs} jobs`)));
    }
    return results;
  },
};
