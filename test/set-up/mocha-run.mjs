// Runs mocha with the real programs that were set up, and hears its numbers.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { AGENT_PYTHON } from './agent-venv.mjs';

/** Whoever waits for the last lane, which begins when another has ended, shall still be told what hangs. */
const DEADLINE_MS = 35 * 60_000;
/** After the last test: what still runs then was left open by one of them. */
const LINGER_MS = 30_000;

/**
 * @param {readonly string[]} args for mocha
 * @param {{ mustBeReal: boolean, report?: 'as it goes' | 'at its end' }} how whether a test fails, instead of being left
 *   out, when this machine lacks something; and whether mocha's report is shown at once, or is part of what the outcome says
 * @returns {Promise<import('./sections.mjs').Outcome>}
 */
export async function runMocha(args, { mustBeReal, report = 'as it goes' }) {
  const startedAt = performance.now();
  const { counts, failedTitles, complaint, printed } = await mochaToItsEnd(args, mustBeReal, report === 'as it goes');
  // A failed test makes mocha's exit code what it is; any other bad end is one failure more.
  const isBadEnd = counts === undefined || (complaint !== undefined && counts.failed === 0);
  const says = [printed, isBadEnd ? (complaint ?? 'mocha ended without its numbers') : '']
    .filter((part) => part !== '')
    .join('\n');
  const tookMs = performance.now() - startedAt;
  return {
    counts: isBadEnd ? { ...counts, failed: 1 } : counts,
    failedTitles,
    tookMs,
    ...(says === '' ? {} : { says }),
  };
}

/** @typedef {{ counts: import('./sections.mjs').Counts, failedTitles: string[] }} Report what the reporter sends */

/**
 * @param {readonly string[]} args
 * @param {boolean} mustBeReal
 * @param {boolean} isShown
 * @returns {Promise<Partial<Report> & { failedTitles: string[], complaint: string | undefined, printed: string }>}
 */
function mochaToItsEnd(args, mustBeReal, isShown) {
  // The file that bin/mocha.js runs in a second process: started directly, there is one process to end, and one to hear.
  const mocha = ['node_modules/mocha/lib/cli/cli.js', '--reporter', 'test/set-up/counting-reporter.cjs'];
  const env = { ...process.env, CLEARML_AGENT_PYTHON: AGENT_PYTHON, REQUIRE_REAL: mustBeReal ? '1' : '0' };
  const child = spawn(process.execPath, [...nodeOptions(), ...mocha, ...args], {
    env,
    stdio: ['ignore', isShown ? 'inherit' : 'pipe', isShown ? 'inherit' : 'pipe', 'ipc'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (/** @type {string} */ text) => (printed += text));

  /** @type {Report | undefined} */
  let reported;
  /** @type {string | undefined} */
  let complaint;
  let timer = setTimeout(() => endFor(`the tests did not end within ${DEADLINE_MS / 60_000} minutes`), DEADLINE_MS);
  /** @param {string} why */
  function endFor(why) {
    complaint = why;
    child.kill('SIGKILL');
  }
  child.once('message', (message) => {
    reported = /** @type {Report} */ (message);
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
      resolve({ failedTitles: [], ...reported, complaint, printed: printed.trimEnd() });
    });
  });
}

/** What bin/mocha.js would have given to Node, as package.json says. */
function nodeOptions() {
  const { mocha } = JSON.parse(readFileSync('package.json', 'utf8'));
  return mocha['node-option'].map((/** @type {string} */ option) => `--${option}`);
}
