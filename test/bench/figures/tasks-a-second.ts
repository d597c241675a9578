// Measures how fast queued tasks become jobs, compared with `xargs -P4 sbatch` of the same scripts, and without sbatch.
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { startSlurmCluster } from '../../support/slurm-cluster.ts';
import { daemonArgs, startBenchWorld, type BenchWorld } from '../bench-world.ts';
import type { Figure } from '../figure.ts';
import { runToEnd } from '../run-to-end.ts';
import { median, middleHalf, ratios } from '../samples.ts';
import { SLOWER_MS, writeSlowSbatch } from '../slow-sbatch.ts';
import { saveScripts, submitAll, TASKS } from '../submit-all.ts';

const ROUNDS = 3;
const AT_ONCE = '4';
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** The daemon and `xargs` alternate. Without sbatch, the scheduler is in memory. The CPU time of the sandbox gives its own limit. */
export const tasksASecond: Figure = {
  name: 'tasks-a-second',
  async measure({ program, say }) {
    const path = await program();
    await using cluster = await startSlurmCluster({ clusterName: 'bench', minJobAgeMs: 2_000 });
    const deps: number[] = [];
    const xargs: number[] = [];
    const withoutSbatch: number[] = [];
    const sandboxAlone: number[] = [];
    const daemonMs: number[] = [];
    const slowDaemon: number[] = [];
    const slowXargs: number[] = [];

    for (let round = 1; round <= ROUNDS; round += 1) {
      say(`round ${round} of ${ROUNDS}: ${TASKS} tasks`);
      {
        await using world = await startBenchWorld(cluster);
        const taken = await submitAll(world, daemonArgs(path));
        deps.push(taken.tasksASecond);
        daemonMs.push(taken.daemonMs / TASKS);
        const scripts = await saveScripts(world, cluster);
        await cluster.run('scancel', '--me');
        xargs.push(await submitByXargs(world, scripts));
        await cluster.run('scancel', '--me');
        const environment = { PATH: await writeSlowSbatch(world.folder, world.environment['PATH'] ?? '') };
        slowXargs.push(await submitByXargs(world, scripts, environment));
      }
      {
        await using world = await startBenchWorld(cluster);
        const environment = { PATH: await writeSlowSbatch(world.folder, world.environment['PATH'] ?? '') };
        slowDaemon.push((await submitAll(world, daemonArgs(path), { environment })).tasksASecond);
      }
      await using world = await startBenchWorld(cluster);
      const args = ['--import', TSX, resolve('test/bench/without-sbatch.ts')];
      const { tasksASecond: rate, sandboxMs } = await submitAll(world, args);
      withoutSbatch.push(rate);
      sandboxAlone.push((1000 * TASKS) / sandboxMs);
    }
    return [
      {
        what: 'from queue to accepted job',
        value: median(deps),
        unit: 'tasks/s',
        anchor: { what: `xargs -P${AT_ONCE} sbatch`, value: median(xargs) },
        spread: middleHalf(ratios(deps, xargs)),
        target: { atLeast: 0.85 },
      },
      {
        what: `the same, where sbatch takes ${SLOWER_MS} ms longer`,
        value: median(slowDaemon),
        unit: 'tasks/s',
        anchor: { what: `xargs -P${AT_ONCE} of that sbatch`, value: median(slowXargs) },
        spread: middleHalf(ratios(slowDaemon, slowXargs)),
        target: { atLeast: 0.85 },
      },
      { what: 'the same, were sbatch done at once', value: median(withoutSbatch), unit: 'tasks/s' },
      { what: "the daemon's own processor time", value: median(daemonMs), unit: 'ms/task' },
      { what: "the sandbox's own limit", value: median(sandboxAlone), unit: 'tasks/s' },
    ];
  },
};

/** Submissions a second. */
async function submitByXargs(
  world: BenchWorld,
  scripts: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<number> {
  const files = (await readdir(scripts)).map((name) => join(scripts, name));
  if (files.length !== TASKS) throw new Error(`${files.length} scripts were saved instead of ${TASKS}`);
  const began = performance.now();
  const args = [`-P${AT_ONCE}`, '-n1', 'sbatch', '--parsable'];
  await runToEnd('xargs', args, {
    env: { ...world.environment, ...environment },
    cwd: world.folder,
    stdin: files.join('\n'),
  });
  return (1000 * TASKS) / (performance.now() - began);
}
