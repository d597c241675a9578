// `npm test`: sets up what is missing, runs every check and all tests; with arguments for mocha, only the tests they choose.
import { installAgent } from './set-up/agent-venv.mjs';
import { installDebianPackages } from './set-up/debian-packages.mjs';
import { startGates } from './set-up/gates.mjs';
import { ensureHostName } from './set-up/host-name.mjs';
import { startLanes } from './set-up/lanes.mjs';
import { runMocha } from './set-up/mocha-run.mjs';
import { installNodeModules } from './set-up/node-modules.mjs';
import { installSlurmRoots } from './set-up/slurm-roots.mjs';
import { createSections } from './set-up/sections.mjs';

process.chdir(new URL('..', import.meta.url).pathname);

const isCi = process.env['CI'] === 'true';
const mochaArgs = process.argv.slice(2);
const sections = createSections();

/**
 * What this machine can't be given makes tests be left out; in CI it is a failure.
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

await sections.run('node_modules', installNodeModules);
if (!sections.hasFailed()) {
  await sections.run('programs', () => setUp(installDebianPackages));
  const slurmRoots = setUp(installSlurmRoots);
  // Made while the checks run; what becomes of them is told below.
  slurmRoots.catch(() => undefined);
  await sections.run('host name', () => setUp(ensureHostName));
  await sections.run('clearml-agent', () => setUp(installAgent));
  for (const { title, outcome } of startGates(mochaArgs.length === 0 ? 'all' : 'build alone'))
    await sections.run(title, () => outcome);
  await sections.run('Slurm releases', () => slurmRoots);
  if (mochaArgs.length > 0) await sections.run('tests', () => runMocha(mochaArgs, { mustBeReal: isCi }));
  else {
    for (const { title, outcome } of await startLanes({ mustBeReal: isCi })) await sections.run(title, () => outcome);
  }
}
sections.close();
process.exitCode = sections.hasFailed() ? 1 : 0;
