// One whole round of the daemon with thousands of jobs of which there is no news, without Slurm's and the server's own time.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Figure, Result } from './figure.ts';
import { runOneRound } from './one-round.ts';
import { createQuietWorld } from './quiet-world.ts';
import { median } from './samples.ts';

const ROUNDS = 11;
/** The first round tells each task once why its job waits or where it runs; the next ones find the code compiled. */
const WARM_UP = 3;

interface Took {
  readonly wallMs: number;
  /** Of all threads: it hardly minds what else the machine does. */
  readonly cpuMs: number;
  readonly slurmCalls: number;
  readonly clearmlCalls: number;
}

export const followRound: Figure = {
  name: 'follow-round',
  async measure({ say }) {
    const few = await timeRounds(5_000);
    say('5,000 jobs are done');
    const many = await timeRounds(50_000);
    return [
      ...compare('elapsed', few, many, ({ wallMs }) => wallMs),
      ...compare('processor time', few, many, ({ cpuMs }) => cpuMs),
      ...counts('of Slurm', few, many, ({ slurmCalls }) => slurmCalls),
      ...counts('of ClearML', few, many, ({ clearmlCalls }) => clearmlCalls),
    ];
  },
};

function compare(what: string, few: readonly Took[], many: readonly Took[], read: (took: Took) => number): Result[] {
  const anchor = { what: 'with 5,000', value: median(few.map(read)) };
  return [
    { what: `with 5,000 jobs, ${what}`, value: anchor.value, unit: 'ms', target: { atMost: 150 } },
    { what: `with 50,000 jobs, ${what}`, value: median(many.map(read)), unit: 'ms', anchor, target: { atMost: 10 } },
  ];
}

function counts(whom: string, few: readonly Took[], many: readonly Took[], read: (took: Took) => number): Result[] {
  const row = (jobs: string, took: readonly Took[]): Result => ({
    what: `calls ${whom}, with ${jobs} jobs`,
    value: median(took.map(read)),
    unit: 'a round',
  });
  return [row('5,000', few), row('50,000', many)];
}

async function timeRounds(jobs: number): Promise<Took[]> {
  const { glue, writes, calls } = createQuietWorld(jobs);
  const took: Took[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
    const writesBefore = writes();
    const { slurm, clearml } = calls();
    const began = performance.now();
    const before = process.cpuUsage();
    await runOneRound(glue);
    const { user, system } = process.cpuUsage(before);
    const wallMs = performance.now() - began;
    if (round < WARM_UP) continue;
    const slurmCalls = calls().slurm - slurm;
    const clearmlCalls = calls().clearml - clearml;
    took.push({ wallMs, cpuMs: (user + system) / 1000, slurmCalls, clearmlCalls });
    if (writes() > writesBefore)
      throw new Error('this was no round without news: something was written to the journal');
    // A daemon sleeps between rounds, and what a round left behind is swept up then.
    await sleep(50);
  }
  return took;
}
