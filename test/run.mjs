// `npm test`: sets up what is missing, and runs the first tier of checks and tests.
// With --all it runs the second tier too, with --rest that alone, and with arguments for mocha only the tests they choose.
import { startChecks } from './runner/checks.mjs';
import { startLanes, titlesOf } from './runner/lanes.mjs';
import { runMocha } from './runner/mocha-run.mjs';
import { isAllInstalled, needsOfTiers, readChoice } from './runner/what-to-install.mjs';
import { createReport } from './runner/report.mjs';
import { installAgent } from './set-up/agent-venv.mjs';
import { installDebianPackages, TORCH } from './set-up/debian-packages.mjs';
import { ensureHostName } from './set-up/host-name.mjs';
import { installNodeModules } from './set-up/node-modules.mjs';
import { installSlurmRoots } from './set-up/slurm-roots.mjs';

process.chdir(new URL('..', import.meta.url).pathname);
const isCi = process.env['CI'] === 'true';
const args = process.argv.slice(2);
const mochaArgs = args.filter((word) => word !== '--all' && word !== '--rest');
const isWhole = mochaArgs.length === 0;
/** @type {import('./runner/lanes.mjs').Tier[]} */
const tiers = args.includes('--rest')
  ? ['second']
  : args.includes('--all') || !isWhole
    ? ['first', 'second']
    : ['first'];
const report = createReport();

/**
 * Tests are skipped if this machine lacks what they need; in CI that is a failure.
 * @param {() => Promise<import('./set-up/command.mjs').InstallResult>} install
 * @returns {Promise<import('./runner/report.mjs').Outcome>}
 */
async function setUp(install) {
  const { missing, says } = await install();
  if (missing.length === 0) return { says };
  const message = missing.join('\n');
  return isCi
    ? { counts: { failed: 1 }, says: message }
    : { says: `${message}\nThe tests that need it are skipped; in CI this is a failure.` };
}

/**
 * Starts work whose failure is reported only when it is awaited.
 * @template Result
 * @param {Promise<Result>} work
 */
function inBackground(work) {
  work.catch(() => undefined);
  return work;
}

/**
 * What needs only one of npm's and Debian's packages does not wait for the other. PyTorch, a minute's work, is installed beside the
 * releases of Slurm, as only tests that wait for these need it.
 * @param {import('./runner/what-to-install.mjs').Needs} needs
 */
function startSetUp({ packages, agent, releases }) {
  const notNeeded = { says: 'not needed by these tests' };
  /** @param {() => Promise<import('./set-up/command.mjs').InstallResult>} install */
  const setUpMachine = (install) => inBackground(packages.length === 0 ? Promise.resolve(notNeeded) : setUp(install));
  const programs = setUpMachine(() => installDebianPackages(packages.filter((program) => program !== TORCH)));
  return {
    programs,
    hostName: setUpMachine(ensureHostName),
    agent: inBackground(programs.then(() => (agent ? setUp(installAgent) : notNeeded))),
    releases: inBackground(programs.then(() => (releases ? setUp(installSlurmRoots) : notNeeded))),
    torch: inBackground(
      programs.then(() => (packages.includes(TORCH) ? setUp(() => installDebianPackages([TORCH])) : notNeeded)),
    ),
  };
}

/** Where something is to be installed for the chosen tests, their files are loaded alone. */
async function startSetUpOfChoice() {
  if (await isAllInstalled()) return { ...startSetUp(needsOfTiers(tiers)), args: mochaArgs };
  const { files, needs } = await readChoice(mochaArgs);
  const hasSpecs = mochaArgs.some((word) => word.startsWith('--spec'));
  const specs = hasSpecs ? [] : files.flatMap((file) => ['--spec', file]);
  return { ...startSetUp(needs), args: [...mochaArgs, ...specs] };
}

// The packages of npm and Debian are installed in parallel.
const setUpOfWhole = isWhole ? { ...startSetUp(needsOfTiers(tiers)), args: [] } : undefined;
await report.section('node_modules', installNodeModules);
if (!report.hasFailed()) {
  const checks = startChecks(isWhole ? tiers : 'build alone');
  const { programs, hostName, agent, releases, torch, args: chosen } = setUpOfWhole ?? (await startSetUpOfChoice());
  // Most tests start dist; the other checks run beside the tests.
  const build = Promise.allSettled([checks[0]?.outcome]);
  const lanes = isWhole
    ? await startLanes({
        tiers,
        mustBeReal: isCi,
        build,
        programs: Promise.allSettled([programs, hostName, agent]),
        releases: Promise.allSettled([releases, torch]),
      })
    : [];
  await report.section('programs', () => programs);
  await report.section('host name', () => hostName);
  await report.section('clearml-agent', () => agent);
  await report.section('Slurm releases', () => releases);
  await report.section('PyTorch', () => torch);
  for (const { title, outcome } of checks) await report.section(title, () => outcome);
  for (const { title, show } of lanes) await report.section(title, show);
  if (!isWhole) await report.section('tests', () => runMocha(chosen, { mustBeReal: isCi }));
}
report.close(notRun());
process.exitCode = report.hasFailed() ? 1 : 0;

/** What the last line reports as not run. */
function notRun() {
  if (!isWhole) return 'only the selected tests';
  if (!tiers.includes('second')) return `not run: ${titlesOf('second').join('; ')} (npm run test:all)`;
  return tiers.includes('first') ? 'nothing is left out' : 'not run: what npm test runs';
}
