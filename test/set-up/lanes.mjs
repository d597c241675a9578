// The two lanes of a whole run, side by side: tests that mostly wait for clusters, and all others.
import { runMocha } from './mocha-run.mjs';

/** The first lane's files. What is not among them is the second's, so that none can be forgotten. */
const ON_CLUSTERS = ['test/chaos/**/*.test.ts', 'test/e2e/**/*.test.ts', 'test/slurm/**/*.test.ts'];

/**
 * Starts both. The first shows its report as it goes, the second when the first has ended: two at once can't be read.
 * @param {{ mustBeReal: boolean }} how
 * @returns {{ title: string, outcome: Promise<import('./sections.mjs').Outcome> }[]}
 */
export function startLanes({ mustBeReal }) {
  const specs = ON_CLUSTERS.flatMap((pattern) => ['--spec', pattern]);
  const others = ON_CLUSTERS.flatMap((pattern) => ['--ignore', pattern]);
  return [
    { title: 'tests on clusters', outcome: runMocha(specs, { mustBeReal }) },
    { title: 'all other tests', outcome: runMocha(others, { mustBeReal, report: 'at its end' }) },
  ];
}
