// Measures the delay from the end of a job to the final status of its task: 200 jobs, cancelled in Slurm over a minute.
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { startSlurmCluster } from '../../support/slurm-cluster.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { daemonArgs, startBenchWorld, SUBMITTED } from '../bench-world.ts';
import type { Figure } from '../figure.ts';
import { median, quantile } from '../samples.ts';

const Task = z.object({ status: z.string(), status_changed: z.string() });

const JOBS = 200;
const WITHIN_MS = 60_000;
/** The default poll interval of Slurm. */
const POLL_S = 15;

export const endedJobs: Figure = {
  name: 'ended-jobs',
  async measure({ program, say }) {
    const path = await program();
    await using cluster = await startSlurmCluster({ clusterName: 'bench' });
    await using world = await startBenchWorld(cluster);
    const daemon = await world.start(daemonArgs(path));
    const tasks = await world.enqueue(JOBS);
    await daemon.until(SUBMITTED, JOBS);
    // Each console gets one message with the reason of the pending job.
    await sleep(2 * POLL_S * 1000);

    say(`${JOBS} jobs end within ${WITHIN_MS / 1000} s`);
    const ids = (await cluster.run('squeue', '--me', '--noheader', '--format=%A %j')).trim().split('\n');
    const jobs = new Map(ids.map((line) => line.split(' ')).map(([id = '', name = '']) => [taskOf(name), id]));
    const endedAt = new Map<string, number>();
    const began = Date.now();
    for (const [index, task] of tasks.entries()) {
      await sleep(Math.max(0, began + (index * WITHIN_MS) / JOBS - Date.now()));
      await cluster.run('scancel', jobs.get(task) ?? '');
      endedAt.set(task, Date.now());
    }

    const readDelay = async (task: string): Promise<number | undefined> => {
      const read = Task.parse((await world.user.api('tasks.get_by_id', { task }))['task']);
      const isFinal = read.status !== 'queued' && read.status !== 'in_progress';
      return isFinal ? (Date.parse(read.status_changed) - (endedAt.get(task) ?? Number.NaN)) / 1000 : undefined;
    };
    let delays: (number | undefined)[] = [];
    await waitUntil(
      'a final status of every task',
      async () => !(delays = await Promise.all(tasks.map(readDelay))).includes(undefined),
      { withinMs: 300_000, everyMs: 2_000 },
    );
    const all = delays.filter((delay) => delay !== undefined);
    return [
      { what: 'median', value: median(all), unit: 's', target: { atMost: POLL_S / 2 + 2 } },
      { what: '99 of 100', value: quantile(all, 0.99), unit: 's', target: { atMost: POLL_S / 2 + POLL_S } },
    ];
  },
};

function taskOf(jobName: string): string {
  return /^clearml_task_([0-9a-f]{32})-/.exec(jobName)?.[1] ?? '';
}
