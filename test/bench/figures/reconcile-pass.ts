// Measures a pass of a daemon with thousands of unchanged jobs, without the time of Slurm and the server.
import { buildScript } from '../build-program.ts';
import type { Figure, Result } from '../figure.ts';
import { runToEnd } from '../run-to-end.ts';
import { median } from '../samples.ts';
import type { TimedPass } from '../timed-passes.ts';

/** With default settings, every fifth also searches for untracked tasks. */
const PASSES = 36;

type Passes = Readonly<Record<'ordinary' | 'searching', readonly TimedPass[]>>;

/**
 * A compiled daemon in its own process, on a clock that the benchmark advances: half of the jobs wait and half run. The responses of Slurm
 * and the server are prepared texts, so their parsing is measured, and their sending is not. CPU time ends with the pass, before the
 * garbage collection that follows.
 */
export const reconcilePass: Figure = {
  name: 'reconcile-pass',
  async measure({ say }) {
    await using script = await buildScript('test/bench/timed-passes.ts');
    const few = await timePasses(script.path, 5_000);
    say('5,000 jobs are done');
    const many = await timePasses(script.path, 50_000);
    return [
      ...compare('elapsed', few, many, ({ wallMs }) => wallMs),
      ...compare('processor time', few, many, ({ cpuMs }) => cpuMs),
      ...counts('of Slurm', few, many, ({ slurmCalls }) => slurmCalls),
      ...counts('of ClearML', few, many, ({ clearmlCalls }) => clearmlCalls),
    ];
  },
};

function compare(what: string, few: Passes, many: Passes, read: (pass: TimedPass) => number): Result[] {
  const value = (passes: readonly TimedPass[]): number => median(passes.map(read));
  const anchor = { what: 'with 5,000', value: value(few.ordinary) };
  const searching = { what: 'with 5,000', value: value(few.searching) };
  return [
    { what: `with 5,000 jobs, ${what}`, value: anchor.value, unit: 'ms', target: { atMost: 150 } },
    { what: `with 50,000 jobs, ${what}`, value: value(many.ordinary), unit: 'ms', anchor, target: { atMost: 10 } },
    { what: `one that searches, with 5,000, ${what}`, value: searching.value, unit: 'ms' },
    { what: `one that searches, with 50,000, ${what}`, value: value(many.searching), unit: 'ms', anchor: searching },
  ];
}

function counts(whom: string, few: Passes, many: Passes, read: (pass: TimedPass) => number): Result[] {
  const row = (jobs: string, { ordinary }: Passes): Result => ({
    what: `calls ${whom}, with ${jobs} jobs`,
    value: median(ordinary.map(read)),
    unit: 'a round',
  });
  return [row('5,000', few), row('50,000', many)];
}

async function timePasses(script: string, jobs: number): Promise<Passes> {
  const { stdout } = await runToEnd(process.execPath, [script, String(jobs), String(PASSES)]);
  const passes = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as TimedPass);
  return {
    ordinary: passes.filter(({ isSearch }) => !isSearch),
    searching: passes.filter(({ isSearch }) => isSearch),
  };
}
