// The two lanes of a whole run, side by side: whole runs, which mostly wait, and all other tests.
import { runMocha } from './mocha-run.mjs';

/** The first lane's files. What is not among them is the second's, so that none can be forgotten. */
const WHOLE_RUNS = ['test/chaos/**/*.test.ts', 'test/e2e/**/*.test.ts'];

/**
 * Starts both. The first shows its report as it goes, the second when the first has ended: two at once can't be read.
 * @param {{ mustBeReal: boolean }} how
 * @returns {{ title: string, outcome: Promise<import('./sections.mjs').Outcome> }[]}
 */
export function startLanes({ mustBeReal }) {
  const specs = WHOLE_RUNS.flatMap((pattern) => ['--spec', pattern]);
  const others = WHOLE_RUNS.flatMap((pattern) => ['--ignore', pattern]);
  return [
    { title: 'whole runs', outcome: runMocha(specs, { mustBeReal }) },
    { title: 'all other tests', outcome: runMocha(others, { mustBeReal, report: 'at its end' }) },
  ];
}
