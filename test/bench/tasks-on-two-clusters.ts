// How fast one daemon serves two queues on two clusters, beside the sum of what it does for each alone.
import { startSlurmCluster } from '../support/slurm-cluster.ts';
import { startBenchWorld, type BenchWorld } from './bench-world.ts';
import type { Figure } from './figure.ts';
import { median, middleHalf, ratios } from './samples.ts';
import { takeAll, type Taken } from './take-all.ts';

const TASKS_EACH = 200;
const ROUNDS = 2;

export const tasksOnTwoClusters: Figure = {
  name: 'tasks-on-two-clusters',
  async measure({ program, say }) {
    const path = await program();
    await using one = await startSlurmCluster({ clusterName: 'one', minJobAgeMs: 2_000 });
    await using two = await startSlurmCluster({ clusterName: 'two', minJobAgeMs: 2_000 });
    const settings = `agent.slurm.clusters { one { slurm_conf: "${one.slurmConf}" }, two { slurm_conf: "${two.slurmConf}" } }
agent.slurm.queues { first { cluster: one }, second { cluster: two } }
`;
    const words = [path, '--template-files', 'held.template', '--log-format', 'json'];

    async function measured(what: (world: BenchWorld) => Promise<Taken>): Promise<number> {
      await using world = await startBenchWorld(one, settings);
      await world.enqueue(0, 'first');
      await world.enqueue(0, 'second');
      const { tasksASecond } = await what(world);
      await two.run('scancel', '--me');
      return tasksASecond;
    }

    const together: number[] = [];
    const alone: number[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      say(`round ${round} of ${ROUNDS}: ${TASKS_EACH} tasks for each`);
      together.push(
        await measured((world) => takeAll(world, words, { tasks: { first: TASKS_EACH, second: TASKS_EACH } })),
      );
      const first = await measured((world) =>
        takeAll(world, [...words, '--cluster', 'one'], { tasks: { first: TASKS_EACH } }),
      );
      const second = await measured((world) =>
        takeAll(world, [...words, '--cluster', 'two'], { tasks: { second: TASKS_EACH } }),
      );
      alone.push(first + second);
    }
    return [
      {
        what: 'two queues on two clusters, one daemon',
        value: median(together),
        unit: 'tasks/s',
        anchor: { what: 'the sum of both alone', value: median(alone) },
        spread: middleHalf(ratios(together, alone)),
        target: { atLeast: 0.8 },
      },
    ];
  },
};
