// The checks that need no test: each a program that must end with exit code 0.
import { resolve } from 'node:path';
import { runCommand } from './command.mjs';

/** In the order in which they run: what most often breaks comes first. */
export const GATES = [
  { title: 'types', program: 'tsc', args: ['--noEmit'] },
  { title: 'build', program: 'npm', args: ['run', '--silent', 'build'] },
  { title: 'lint', program: 'eslint', args: ['.'] },
  { title: 'format', program: 'prettier', args: ['--check', '.'] },
  { title: 'boundaries', program: 'npm', args: ['run', '--silent', 'boundaries'] },
  { title: 'dead code', program: 'knip', args: [] },
  { title: 'shell scripts', program: 'shellcheck', args: ['.ci/run', 'src/sandbox/agent/python'] },
];

/**
 * Counts as one check, passed or failed, so that the last line of a run tells of it.
 * @param {{ program: string, args: readonly string[] }} gate
 * @returns {Promise<import('./sections.mjs').Outcome>}
 */
export async function runGate({ program, args }) {
  const env = { ...process.env, PATH: `${resolve('node_modules/.bin')}:${process.env['PATH'] ?? ''}` };
  const { exitCode, output } = await runCommand(program, args, { env });
  return exitCode === 0 ? { counts: { passed: 1 } } : { counts: { failed: 1 }, says: output.trimEnd() };
}
