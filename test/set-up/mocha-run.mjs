// Runs mocha with the real programs that were set up, and hears its numbers.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { AGENT_PYTHON } from './agent-venv.mjs';

/** All tests together: a test that hangs shall not make anybody wait longer. */
const DEADLINE_MS = 20 * 60_000;
/** After the last test: what still runs then was left open by one of them. */
const LINGER_MS = 30_000;

/**
 * @param {readonly string[]} args for mocha
 * @param {{ mustBeReal: boolean, isShown?: boolean }} how whether a test fails, instead of being left out, when this machine
 *   lacks something; and whether mocha's report is shown
 * @returns {Promise<import('./sections.mjs').Outcome>}
 */
export async function runMocha(args, { mustBeReal, isShown = true }) {
  const { counts, complaint } = await mochaToItsEnd(args, mustBeReal, isShown ? 'inherit' : 'ignore');
  if (counts === undefined) return { counts: { failed: 1 }, says: complaint ?? 'mocha ended without its numbers' };
  // A failed test makes mocha's exit code what it is; any other bad end is one failure more.
  return complaint === undefined || counts.failed > 0
    ? { counts }
    : { counts: { ...counts, failed: 1 }, says: complaint };
}

/**
 * @param {readonly string[]} args
 * @param {boolean} mustBeReal
 * @param {'inherit' | 'ignore'} output
 * @returns {Promise<{ counts: import('./sections.mjs').Counts | undefined, complaint: string | undefined }>}
 */
function mochaToItsEnd(args, mustBeReal, output) {
  // The file that bin/mocha.js runs in a second process: started directly, there is one process to end, and one to hear.
  const mocha = ['node_modules/mocha/lib/cli/cli.js', '--reporter', 'test/set-up/counting-reporter.cjs'];
  const env = { ...process.env, CLEARML_AGENT_PYTHON: AGENT_PYTHON, REQUIRE_REAL: mustBeReal ? '1' : '0' };
  const child = spawn(process.execPath, [...nodeOptions(), ...mocha, ...args], {
    env,
    stdio: ['ignore', output, output, 'ipc'],
  });

  /** @type {import('./sections.mjs').Counts | undefined} */
  let counts;
  /** @type {string | undefined} */
  let complaint;
  let timer = setTimeout(() => endFor(`the tests did not end within ${DEADLINE_MS / 60_000} minutes`), DEADLINE_MS);
  /** @param {string} why */
  function endFor(why) {
    complaint = why;
    child.kill('SIGKILL');
  }
  child.once('message', (message) => {
    counts = /** @type {import('./sections.mjs').Counts} */ (message);
    clearTimeout(timer);
    timer = setTimeout(
      () => endFor('the tests were over, but something that one of them left open still ran'),
      LINGER_MS,
    );
  });
  return new Promise((resolve) => {
    child.once('close', (exitCode) => {
      clearTimeout(timer);
      if (exitCode !== 0) complaint ??= `mocha ended with exit code ${exitCode}`;
      resolve({ counts, complaint });
    });
  });
}

/** What bin/mocha.js would have given to Node, as package.json says. */
function nodeOptions() {
  const { mocha } = JSON.parse(readFileSync('package.json', 'utf8'));
  return mocha['node-option'].map((/** @type {string} */ option) => `--${option}`);
}
