// The checks that need no test: each a program that must end with exit code 0.
import { resolve } from 'node:path';
import { runCommand } from './command.mjs';

/** What bin/ imports stands in dist/, which some of the others look at, and tests start. */
const BUILD = { tier: 'first', title: 'build', program: 'npm', args: ['run', '--silent', 'build'] };

/** In the order in which they are told: what most often breaks comes first. */
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
 * Starts the build, and once that has ended all others of these tiers side by side. The build comes first.
 * @param {readonly import('./lanes.mjs').Tier[] | 'build alone'} tiers
 * @returns {{ title: string, outcome: Promise<import('./sections.mjs').Outcome> }[]}
 */
export function startGates(tiers) {
  const built = runGate(BUILD);
  const others = OTHERS.filter(({ tier }) => tiers !== 'build alone' && tiers.some((wanted) => wanted === tier));
  const started = others.map((gate) => ({ title: gate.title, outcome: built.then(() => runGate(gate)) }));
  return [{ title: BUILD.title, outcome: built }, ...started];
}

/**
 * Counts as one check, passed or failed, so that the last line of a run tells of it.
 * @param {{ program: string, args: readonly string[] }} gate
 * @returns {Promise<import('./sections.mjs').Outcome>}
 */
async function runGate({ program, args }) {
  const startedAt = performance.now();
  const env = { ...process.env, PATH: `${resolve('node_modules/.bin')}:${process.env['PATH'] ?? ''}` };
  const { exitCode, output } = await runCommand(program, args, { env });
  const tookMs = performance.now() - startedAt;
  return exitCode === 0 ? { counts: { passed: 1 }, tookMs } : { counts: { failed: 1 }, says: output.trimEnd(), tookMs };
}
