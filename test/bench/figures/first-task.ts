// Measures the delay from enqueueing to the job for an idle daemon, compared with half a poll interval and one sbatch.
import { setTimeout as sleep } from 'node:timers/promises';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startSlurmCluster } from '../../support/slurm-cluster.ts';
import { startBenchWorld, startServing } from '../bench-world.ts';
import type { Figure } from '../figure.ts';
import { runToEnd } from '../run-to-end.ts';
import { median } from '../samples.ts';
import { HELD_TEMPLATE } from '../typical-task.ts';

const SAMPLES = 20;
/** The default poll interval of the queues. */
const LOOK_MS = 5_000;

/** The time begins before the three ClearML calls that create the task. */
export const firstTask: Figure = {
  name: 'first-task',
  async measure({ program, say }) {
    const path = await program();
    await using cluster = await startSlurmCluster({ clusterName: 'bench' });
    await using world = await startBenchWorld(cluster);
    const daemon = await startServing(world, path);
    const script = join(world.folder, 'alone.sh');
    await writeFile(script, HELD_TEMPLATE.replaceAll(/\$\{CLEARML[^}]*\}/g, '1'));

    const tookMs: number[] = [];
    const sbatchMs: number[] = [];
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      if (sample % 5 === 0) say(`${sample} of ${SAMPLES}`);
      // At moments that are spread over the daemon's interval.
      await sleep(LOOK_MS / 2 + (sample / SAMPLES) * LOOK_MS);
      const began = Date.now();
      await world.enqueue(1);
      await daemon.until('Submitted', sample + 1);
      tookMs.push((daemon.events('Submitted').at(-1)?.at ?? Number.NaN) - began);
      sbatchMs.push(await timeSbatch(script, world));
    }
    const expected = (LOOK_MS / 2 + median(sbatchMs)) / 1000;
    const mean = tookMs.reduce((sum, ms) => sum + ms, 0) / SAMPLES / 1000;
    return [
      { what: 'enqueued to accepted, mean', value: mean, unit: 's' },
      { what: 'half an interval and one sbatch', value: expected, unit: 's' },
      { what: 'what is more than that', value: mean - expected, unit: 's', target: { atMost: 0.3 } },
    ];
  },
};

async function timeSbatch(script: string, world: Awaited<ReturnType<typeof startBenchWorld>>): Promise<number> {
  const began = performance.now();
  await runToEnd('sbatch', ['--parsable', script], { env: world.environment, cwd: world.folder });
  return performance.now() - began;
}
