// What the tests that arguments for mocha choose need of the set-up, so that nothing else is installed for them.
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { isAgentInstalled } from '../set-up/agent-venv.mjs';
import { missingDebianPackages, packagesOfTiers } from '../set-up/debian-packages.mjs';
import { chosenFiles } from './mocha-run.mjs';
import { hasSlurmRoot, otherSlurmReleases } from '../set-up/slurm-roots.mjs';

/**
 * @typedef {{ packages: readonly string[], agent: boolean, releases: boolean }} Needs `packages`: programs of Debian's packages;
 *   `releases`: the other releases of Slurm
 */

/** @param {readonly import('./lanes.mjs').Tier[]} tiers @returns {Needs} what all of their tests need */
export function needsOfTiers(tiers) {
  return { packages: packagesOfTiers(tiers), agent: true, releases: tiers.includes('second') };
}

/** Whether nothing is left to be installed, whatever is tested. */
export async function isAllInstalled() {
  const [packages, hasAgent, releases] = await Promise.all([
    missingDebianPackages(packagesOfTiers(['first', 'second'])),
    isAgentInstalled(),
    otherSlurmReleases(),
  ]);
  return packages.length === 0 && hasAgent && releases.every(hasSlurmRoot);
}

/**
 * The files that have the chosen tests, and what these need. Loads all test files, which takes seconds.
 * @param {readonly string[]} args for mocha
 * @returns {Promise<{ files: string[], needs: Needs }>}
 */
export async function readChoice(args) {
  const files = (await chosenFiles(args)).map((file) => relative(process.cwd(), file));
  return { files, needs: needsOfFiles(files) };
}

/** The functions of test/support/skip-unless.ts, which tests name, for what only the second tier needs. */
const OF_SECOND_TIER = [
  'SlurmVersion',
  'Accounting',
  'MemoryLimits',
  'Registry',
  'Compiler',
  'Chromium',
  'Prometheus',
  'SystemdNotify',
  'Torch',
];

/**
 * @param {readonly string[]} files
 * @returns {Needs}
 */
export function needsOfFiles(files) {
  const required = requirementsOf(files);
  const isOfSecondTier = OF_SECOND_TIER.some((name) => required.has(name));
  /** @type {import('./lanes.mjs').Tier[]} */
  const tiers = isOfSecondTier ? ['first', 'second'] : ['first'];
  return {
    packages: required.size === 0 ? [] : packagesOfTiers(tiers),
    agent: required.has('Agent') || required.has('AgentWheels'),
    releases: required.has('SlurmVersion'),
  };
}

/**
 * What these files and what they import within test/ require: `Agent` for `requireAgent`.
 * @param {readonly string[]} files
 */
function requirementsOf(files) {
  const seen = new Set(['test/support/skip-unless.ts']);
  const required = new Set();
  const left = [...files];
  for (let file = left.pop(); file !== undefined; file = left.pop()) {
    if (seen.has(file) || !file.startsWith('test/')) continue;
    seen.add(file);
    const text = readFileSync(file, 'utf8');
    for (const [, name] of text.matchAll(/\brequire([A-Z]\w*)/g)) required.add(name);
    for (const [, path = ''] of text.matchAll(/from '(\.[^']*)'/g)) left.push(join(dirname(file), path));
  }
  return required;
}
