// Measures memory and processor time of an idle daemon with default settings over a minute.
import { setTimeout as sleep } from 'node:timers/promises';
import { startSlurmCluster } from '../../support/slurm-cluster.ts';
import { startBenchWorld, startServing } from '../bench-world.ts';
import type { Figure } from '../figure.ts';
import { readProcessUse } from '../process-use.ts';
import { median } from '../samples.ts';

/** By then, the garbage of its start is collected. */
const SETTLE_MS = 15_000;
const LOOKS = 12;
const BETWEEN_MS = 5_000;

export const idleDaemon: Figure = {
  name: 'idle-daemon',
  async measure({ program, say }) {
    const path = await program();
    await using cluster = await startSlurmCluster({ clusterName: 'bench' });
    await using world = await startBenchWorld(cluster);
    const daemon = await startServing(world, path);
    await sleep(SETTLE_MS);

    say(`${(LOOKS * BETWEEN_MS) / 1000} s`);
    const began = performance.now();
    const before = await readProcessUse(daemon.pid);
    const memory: number[] = [];
    for (let look = 0; look < LOOKS; look += 1) {
      await sleep(BETWEEN_MS);
      memory.push((await readProcessUse(daemon.pid)).rssMb);
    }
    const after = await readProcessUse(daemon.pid);
    const percent = (ms: number): number => (100 * ms) / (performance.now() - began);
    return [
      { what: 'resident memory', value: median(memory), unit: 'MB', target: { atMost: 80 } },
      { what: 'processor', value: percent(after.ownMs - before.ownMs), unit: '% of a core', target: { atMost: 1 } },
    ];
  },
};
