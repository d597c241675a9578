// `npm test`: sets up what is missing, and runs the first tier of checks and tests.
// With --all it runs the second tier too, with --rest that alone, and with arguments for mocha only the tests they choose.
import { installAgent } from './set-up/agent-venv.mjs';
import { installDebianPackages, packagesOfTiers } from './set-up/debian-packages.mjs';
import { startGates } from './set-up/gates.mjs';
import { ensureHostName } from './set-up/host-name.mjs';
import { startLanes, titlesOf } from './set-up/lanes.mjs';
import { runMocha } from './set-up/mocha-run.mjs';
import { installNodeModules } from './set-up/node-modules.mjs';
import { installSlurmRoots } from './set-up/slurm-roots.mjs';
import { createSections } from './set-up/sections.mjs';

process.chdir(new URL('..', import.meta.url).pathname);
const isCi = process.env['CI'] === 'true';
const words = process.argv.slice(2);
const mochaArgs = words.filter((word) => word !== '--all' && word !== '--rest');
const isWhole = mochaArgs.length === 0;
/** @type {import('./set-up/lanes.mjs').Tier[]} */
const tiers = words.includes('--rest')
  ? ['second']
  : words.includes('--all') || !isWhole
    ? ['first', 'second']
    : ['first'];
const sections = createSections();

/**
 * Tests are skipped if this machine lacks what they need; in CI that is a failure.
 * @param {() => Promise<import('./set-up/sections.mjs').SetUp>} install
 * @returns {Promise<import('./set-up/sections.mjs').Outcome>}
 */
async function setUp(install) {
  const { missing, says } = await install();
  if (missing.length === 0) return { says };
  const sentences = missing.join('\n');
  return isCi
    ? { counts: { failed: 1 }, says: sentences }
    : { says: `${sentences}\nThe tests that need it are left out below; in CI this is a failure.` };
}

/**
 * Begun now, and told of later.
 * @template Result
 * @param {Promise<Result>} work
 */
function inBackground(work) {
  work.catch(() => undefined);
  return work;
}

// npm's packages and Debian's come side by side, and what needs only one of them does not wait for the other.
const programs = inBackground(setUp(() => installDebianPackages(packagesOfTiers(tiers))));
const agent = inBackground(programs.then(() => setUp(installAgent)));
const slurmRoots = inBackground(
  programs.then(() => (tiers.includes('second') ? setUp(installSlurmRoots) : { says: 'not needed by this tier' })),
);
await sections.run('node_modules', installNodeModules);
if (!sections.hasFailed()) {
  const gates = startGates(isWhole ? tiers : 'build alone');
  await sections.run('programs', () => programs);
  await sections.run('host name', () => setUp(ensureHostName));
  await sections.run('clearml-agent', () => agent);
  await sections.run('Slurm releases', () => slurmRoots);
  // Most tests start dist; the other checks run beside the tests.
  const isReady = gates[0]?.outcome ?? Promise.resolve();
  const lanes = isWhole ? await startLanes({ tiers, mustBeReal: isCi, after: isReady }) : [];
  for (const { title, outcome } of gates) await sections.run(title, () => outcome);
  for (const { title, outcome } of lanes) await sections.run(title, () => outcome);
  if (!isWhole) await sections.run('tests', () => runMocha(mochaArgs, { mustBeReal: isCi }));
}
sections.close(leftOut());
process.exitCode = sections.hasFailed() ? 1 : 0;

/** What the last line says was not run. */
function leftOut() {
  if (!isWhole) return 'only the tests that were asked for';
  if (!tiers.includes('second')) return `not run: ${titlesOf('second').join('; ')} (npm run test:all)`;
  return tiers.includes('first') ? 'nothing is left out' : 'not run: what npm test runs';
}
