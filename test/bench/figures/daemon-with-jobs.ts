// Measures memory and processor time of a daemon with thousands of unchanged jobs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildScript } from '../build-program.ts';
import type { Figure, Result } from '../figure.ts';
import { readProcessUse } from '../process-use.ts';
import { median } from '../samples.ts';

/** The first pass logs the state of each job to its console; after three minutes without a change, the interval is longest. */
const SETTLE_MS = 210_000;
const LOOKS = 24;
const BETWEEN_MS = 5_000;

interface Rest {
  readonly rssMb: number;
  readonly cpuPercent: number;
}

export const daemonWithJobs: Figure = {
  name: 'daemon-with-jobs',
  async measure({ say }) {
    await using script = await buildScript('test/bench/quiet-daemon.ts');
    say(`${(SETTLE_MS + LOOKS * BETWEEN_MS) / 1000} s`);
    // At the same time, because neither figure depends on the load of the machine.
    const [none, some, many] = await Promise.all([0, 5_000, 50_000].map((jobs) => watch(script.path, jobs)));
    const memory = (jobs: string, rest: Rest | undefined, atMost: number): Result => ({
      what: `memory with ${jobs} jobs`,
      value: rest?.rssMb ?? Number.NaN,
      unit: 'MB',
      target: { atMost },
    });
    return [
      memory('0', none, 80),
      memory('5,000', some, 150),
      memory('50,000', many, 500),
      {
        what: 'processor with 5,000 jobs',
        value: some?.cpuPercent ?? Number.NaN,
        unit: '% of a core',
        target: { atMost: 1 },
      },
    ];
  },
};

async function watch(script: string, jobs: number): Promise<Rest> {
  const args = ['--pdeathsig', 'KILL', '--', process.execPath, script, String(jobs)];
  const child = spawn('setpriv', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'close');
  await once(child, 'spawn');
  const { pid } = child;
  if (pid === undefined) throw new Error('setpriv was not started');
  try {
    await sleep(SETTLE_MS);
    const began = performance.now();
    const before = await readProcessUse(pid);
    const memory: number[] = [];
    for (let look = 0; look < LOOKS; look += 1) {
      await sleep(BETWEEN_MS);
      memory.push((await readProcessUse(pid)).rssMb);
    }
    const { ownMs } = await readProcessUse(pid);
    const cpuPercent = (100 * (ownMs - before.ownMs)) / (performance.now() - began);
    return { rssMb: median(memory), cpuPercent };
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}
