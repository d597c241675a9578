// The checks that need no test: each a program that must end with exit code 0.
import { resolve } from 'node:path';
import { runCommand } from '../set-up/command.mjs';

/** Builds dist/, which some other checks read and tests start. */
const BUILD = { tier: 'first', title: 'build', program: 'npm', args: ['run', '--silent', 'build'] };

/** In the order of the report: what most often fails comes first. */
const OTHERS = [
  { tier: 'first', title: 'types', program: 'npm', args: ['run', '--silent', 'types'] },
  { tier: 'first', title: 'lint', program: 'oxlint', args: [] },
  { tier: 'second', title: 'format', program: 'prettier', args: ['--check', '.'] },
  { tier: 'first', title: 'boundaries', program: 'npm', args: ['run', '--silent', 'boundaries'] },
  { tier: 'first', title: 'spelling', program: 'cspell', args: ['--no-progress', '--quiet', '.'] },
  { tier: 'second', title: 'dead code', program: 'knip', args: [] },
  { tier: 'second', title: 'shell scripts', program: 'shellcheck', args: ['.ci/run', 'test/stand-ins/agent/python'] },
];

/**
 * Starts the build, and after it all other checks of these tiers in parallel. The build is the first in the result.
 * @param {readonly import('./lanes.mjs').Tier[] | 'build alone'} tiers
 * @returns {{ title: string, outcome: Promise<import('./report.mjs').Outcome> }[]}
 */
export function startChecks(tiers) {
  const built = runCheck(BUILD);
  const others = OTHERS.filter(({ tier }) => tiers !== 'build alone' && tiers.some((wanted) => wanted === tier));
  const started = others.map((check) => ({ title: check.title, outcome: built.then(() => runCheck(check)) }));
  return [{ title: BUILD.title, outcome: built }, ...started];
}

/**
 * Counts as one test, passed or failed, in the last line of a run.
 * @param {{ program: string, args: readonly string[] }} check
 * @returns {Promise<import('./report.mjs').Outcome>}
 */
async function runCheck({ program, args }) {
  const startedAt = performance.now();
  const env = { ...process.env, PATH: `${resolve('node_modules/.bin')}:${process.env['PATH'] ?? ''}` };
  const { exitCode, output } = await runCommand(program, args, { env });
  const tookMs = performance.now() - startedAt;
  return exitCode === 0 ? { counts: { passed: 1 }, tookMs } : { counts: { failed: 1 }, says: output.trimEnd(), tookMs };
}
