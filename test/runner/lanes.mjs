// Which tests belong to which tier and lane: the one table of it. Lanes run side by side, as most tests wait most of the time.
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runMocha } from './mocha-run.mjs';

/**
 * `npm test` runs the first tier, `npm run test:all` both.
 * @typedef {'first' | 'second'} Tier
 * @typedef {{ tier: Tier, title: string, places: readonly string[], needsReleases?: true, isInMemory?: true }} Lane
 *   `needsReleases`: it starts once there is a root of each Slurm release, which a fresh clone makes in two minutes, and PyTorch;
 *   `isInMemory`: it needs no program, and starts while they are installed
 */

/** @param {string} room @param {string} names */
function filesOf(room, names) {
  return names.split(' ').map((name) => `test/${room}/${name}.test.ts`);
}

/**
 * Folders and files. A file belongs to the lane that names it, else to the one that names the nearest folder around it. Those lanes of
 * a tier stand first that take longest, or need no installation. The first tier needs no other release of Slurm, no accounting, no
 * container and no compiler: they take minutes to be installed.
 * @type {readonly Lane[]}
 */
export const LANES = [
  {
    tier: 'first',
    title: 'main runs on real Slurm with the real agent',
    places: filesOf('e2e', 'first-job failures several-nodes abort ssh restart'),
  },
  { tier: 'first', title: 'jobs and Slurm', places: ['test/job', 'test/slurm'] },
  { tier: 'first', title: 'SSH and commands', places: ['test/transport', 'test/cli'] },
  { tier: 'first', title: 'everything in memory, sandbox and contracts', places: ['test'] },
  {
    tier: 'second',
    title: 'simulations and the model',
    isInMemory: true,
    places: ['test/seeded-bugs', 'test/simulation', 'test/model'],
  },
  {
    tier: 'second',
    title: 'user maps and workflows',
    places: filesOf(
      'e2e',
      'user-map user-map-attacks workflow-checkpoints workflow-dataset workflow-notebook workflow-pipeline workflow-search workflow-search-many workflow-session',
    ),
  },
  {
    tier: 'second',
    title: 'other runs, and the real agent by itself',
    places: [
      'test/e2e',
      ...filesOf('sandbox', 'real-agent'),
      ...filesOf('job', 'real-agent agent-hashes'),
      ...filesOf('build', 'packages node-versions'),
    ],
  },
  {
    tier: 'second',
    title: 'containers and accounting',
    needsReleases: true,
    places: [
      ...filesOf(
        'e2e',
        'accounting containers examples pyxis report several-nodes-in-containers workflow-distributed workflow-distributed-containers workflow-gpus workflow-gpus-containers',
      ),
      ...filesOf('cli', 'doctor-cluster-problems'),
      ...filesOf('slurm', 'controller-rate-limit'),
    ],
  },
  {
    tier: 'second',
    title: 'commands and contracts on each Slurm release',
    needsReleases: true,
    places: [
      ...filesOf('cli', 'doctor-on-node init-releases'),
      ...filesOf('job', 'whole-nodes'),
      ...filesOf(
        'slurm',
        'contract-accounting contract-releases contract-users-real hostile-jobs reasons/installed-releases sizes-of-releases sluid',
      ),
      ...filesOf('support', 'slurm-cluster'),
    ],
  },
  {
    tier: 'second',
    title: 'chaos, killed daemons and outages',
    places: [
      ...filesOf('chaos', 'chaos'),
      ...filesOf('e2e', 'kill lost-response outage queue-order'),
      ...filesOf('support', 'slurm-crash'),
    ],
  },
  {
    tier: 'second',
    title: 'whole runs on each Slurm release',
    needsReleases: true,
    places: filesOf('e2e', 'clusters slurm-releases'),
  },
];

/** More of them only take the processor from each other: with seven of the second tier, a slow machine had a load of 40. */
const AT_ONCE = { first: 3, second: 5 };

/** All files with tests, by their paths from here. */
export function testFiles() {
  return readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => join('test', path))
    .sort();
}

/**
 * The lanes that the table gives this file: exactly one, where the table is right.
 * @param {string} file
 */
export function lanesOf(file) {
  for (let place = file; place !== '.'; place = dirname(place)) {
    const found = LANES.filter(({ places }) => places.includes(place));
    if (found.length > 0) return found;
  }
  return [];
}

/** @param {Tier} tier what it runs, in a few words */
export function titlesOf(tier) {
  return LANES.filter((lane) => lane.tier === tier).map(({ title }) => title);
}

/**
 * Starts so many at once, and the next when one has ended, in the order of the table. Each shows its report from when it is asked
 * for, because two reports at once are unreadable.
 * @param {{ tiers: readonly Tier[], mustBeReal: boolean, build: Promise<unknown>, programs: Promise<unknown>,
 *   releases: Promise<unknown> }} how what the lanes wait for
 * @returns {Promise<{ title: string, show: () => Promise<import('./report.mjs').Outcome> }[]>}
 */
export async function startLanes({ tiers, mustBeReal, build, programs, releases }) {
  // Not at the top: this file is read before a fresh clone has its packages.
  const { default: limit } = await import('p-limit');
  const inTurn = limit(AT_ONCE[tiers.includes('second') ? 'second' : 'first']);
  const files = testFiles();
  return LANES.filter(({ tier }) => tiers.includes(tier)).map((lane) => {
    const ours = files.filter((file) => lanesOf(file).includes(lane));
    const args = ours.flatMap((file) => ['--spec', file]);
    /** @type {() => void} */
    let show = () => undefined;
    /** @type {Promise<void>} */
    const isShown = new Promise((resolve) => (show = resolve));
    const needs = [
      build,
      lane.isInMemory === true ? undefined : programs,
      lane.needsReleases === true ? releases : undefined,
    ];
    const outcome = Promise.all(needs).then(() => inTurn(() => runMocha(args, { mustBeReal, report: isShown })));
    return {
      title: lane.title,
      show() {
        show();
        return outcome;
      },
    };
  });
}
