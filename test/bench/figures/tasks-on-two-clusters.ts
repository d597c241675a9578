// Measures how fast one daemon serves two clusters, compared with the sum of its rates for each alone.
import { startSlurmCluster } from '../../support/slurm-cluster.ts';
import { startBenchWorld } from '../bench-world.ts';
import type { Figure } from '../figure.ts';
import { median, middleHalf, ratios } from '../samples.ts';
import { writeSlowSbatch } from '../slow-sbatch.ts';
import { submitAll, TASKS } from '../submit-all.ts';

const ROUNDS = 2;
/** So much that two processors have time for both clusters: then only what one does to the other is left. */
const SLOWER_MS = 200;

type World = Awaited<ReturnType<typeof startBenchWorld>>;
type Tasks = Readonly<Record<string, number>>;

interface Row {
  /** Whether sbatch takes longer. */
  readonly isSlow: boolean;
  /** For each of the queues: fewer are enough where each takes so much longer. */
  readonly tasks: number;
  /** Tasks per second. */
  readonly together: number[];
  readonly alone: number[];
}

export const tasksOnTwoClusters: Figure = {
  name: 'tasks-on-two-clusters',
  async measure({ program, say }) {
    const path = await program();
    await using one = await startSlurmCluster({ clusterName: 'one', minJobAgeMs: 2_000 });
    await using two = await startSlurmCluster({ clusterName: 'two', minJobAgeMs: 2_000 });
    const settings = `agent.slurm.clusters { one { slurm_conf: "${one.slurmConf}" }, two { slurm_conf: "${two.slurmConf}" } }
agent.slurm.queues { first { cluster: one }, second { cluster: two } }
`;
    const args = [path, '--template-files', 'held.template', '--log-format', 'json'];

    async function measured(isSlow: boolean, more: readonly string[], tasks: Tasks): Promise<number> {
      await using world = await startBenchWorld(one, settings);
      await world.enqueue(0, 'first');
      await world.enqueue(0, 'second');
      const environment = isSlow ? { PATH: await slowPath(world) } : {};
      const { tasksASecond } = await submitAll(world, [...args, ...more], { tasks, environment });
      await two.run('scancel', '--me');
      return tasksASecond;
    }

    const rows: Row[] = [
      { isSlow: false, tasks: TASKS / 2, together: [], alone: [] },
      { isSlow: true, tasks: 200, together: [], alone: [] },
    ];
    for (let round = 1; round <= ROUNDS; round += 1) {
      for (const { isSlow, tasks, together, alone } of rows) {
        say(`round ${round} of ${ROUNDS}: ${tasks} tasks for each${isSlow ? ', sbatch is slow' : ''}`);
        together.push(await measured(isSlow, [], { first: tasks, second: tasks }));
        const first = await measured(isSlow, ['--cluster', 'one'], { first: tasks });
        const second = await measured(isSlow, ['--cluster', 'two'], { second: tasks });
        alone.push(first + second);
      }
    }
    return rows.map(({ isSlow, together, alone }) => ({
      what: `two queues on two clusters, one daemon${isSlow ? `; sbatch takes ${SLOWER_MS} ms longer` : ''}`,
      value: median(together),
      unit: 'tasks/s',
      anchor: { what: 'the sum of both alone', value: median(alone) },
      spread: middleHalf(ratios(together, alone)),
      target: { atLeast: 0.8 },
    }));
  },
};

function slowPath({ folder, environment }: World): Promise<string> {
  return writeSlowSbatch(folder, environment['PATH'] ?? '', SLOWER_MS);
}
