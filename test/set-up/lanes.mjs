// The lanes of a whole run, some side by side, as most tests wait for something most of the time.
import { runMocha } from './mocha-run.mjs';

/** The files of each lane, those that wait most first. What is in none of them is the last lane's, so that none can be forgotten. */
const LANES = [
  {
    title: 'containers, several nodes, accounting and releases',
    files: ['accounting', 'containers', 'examples', 'pyxis', 'several-nodes', 'slurm-releases'].map(
      (name) => `test/e2e/${name}.test.ts`,
    ),
  },
  {
    title: 'chaos, deaths, outages and clusters elsewhere',
    files: [
      'test/chaos/*.test.ts',
      ...['clusters', 'kill', 'lost-answer', 'outage', 'queues', 'ssh'].map((name) => `test/e2e/${name}.test.ts`),
    ],
  },
  { title: 'other whole runs', files: ['test/e2e/**/*.test.ts'] },
  { title: 'jobs, Slurm and SSH', files: ['job', 'slurm', 'host'].map((room) => `test/${room}/**/*.test.ts`) },
  { title: 'commands', files: ['test/cli/**/*.test.ts'] },
  {
    title: 'simulations',
    files: ['test/chaos/planted', 'test/chaos/simulated', 'test/glue/simulation', 'test/model'].map(
      (folder) => `${folder}/*.test.ts`,
    ),
  },
  { title: 'all other tests', files: [] },
];

/** More of them only take the processor from each other, until what a test waits for does not come in time. */
const AT_ONCE = 3;

/**
 * Starts so many at once, and the next when one has ended. The first shows its report as it goes, each other one when those
 * before it have ended: two at once can't be read.
 * @param {{ mustBeReal: boolean }} how
 * @returns {Promise<{ title: string, outcome: Promise<import('./sections.mjs').Outcome> }[]>}
 */
export async function startLanes({ mustBeReal }) {
  // Not at the top: this file is read before a fresh clone has its packages.
  const { default: limit } = await import('p-limit');
  const inTurn = limit(AT_ONCE);
  return LANES.map(({ title, files }, index) => {
    const before = LANES.slice(0, index).flatMap((lane) => lane.files);
    const args = [...files.flatMap((file) => ['--spec', file]), ...before.flatMap((file) => ['--ignore', file])];
    const report = index === 0 ? 'as it goes' : 'at its end';
    return { title, outcome: inTurn(() => runMocha(args, { mustBeReal, report })) };
  });
}
