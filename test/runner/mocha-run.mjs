// Runs mocha with the real programs that were set up, and hears its numbers.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { AGENT_PYTHON } from '../set-up/agent-venv.mjs';
import { hasProgram } from '../set-up/command.mjs';

/** Reports a hang while the last lane waits for another to end. */
const DEADLINE_MS = 35 * 60_000;
/** After the last test: what still runs then was left open by one of them. */
const LINGER_MS = 120_000;

const METER = resolve('test/runner/meter.py');

/**
 * @param {readonly string[]} args for mocha
 * @param {{ mustBeReal: boolean, report?: 'as it goes' | 'at its end' }} how whether a test fails, instead of being left
 *   out, when this machine lacks something; and whether mocha's report is shown at once, or is part of what the outcome says
 * @returns {Promise<import('./report.mjs').Outcome>}
 */
export async function runMocha(args, { mustBeReal, report = 'as it goes' }) {
  const startedAt = performance.now();
  const { reported, complaint, running, processorMs, printed } = await mochaToItsEnd(
    args,
    mustBeReal,
    report === 'as it goes',
  );
  const tookMs = performance.now() - startedAt;
  // A failed test makes mocha's exit code what it is; any other bad end is one failure more.
  const isBadEnd = reported === undefined || (complaint !== undefined && reported.counts.failed === 0);
  const why = isBadEnd ? [complaint ?? 'mocha ended without its numbers', running].filter(Boolean).join('\n') : '';
  const says = [printed, why, timesOf({ tookMs, setUpMs: reported?.setUpMs, processorMs })].filter(
    (part) => part !== '',
  );
  const badEnd = { title: 'the run of its tests', details: [why, ...(reported === undefined ? [printed] : [])] };
  return {
    counts: isBadEnd ? { ...reported?.counts, failed: 1 } : reported.counts,
    failures: isBadEnd ? [badEnd] : reported.failures,
    tookMs,
    says: says.join('\n'),
  };
}

/**
 * Where the time went. Waiting is what no processor time of the tests' processes accounts for.
 * @param {{ tookMs: number, setUpMs: number | undefined, processorMs: number | undefined }} measured
 */
function timesOf({ tookMs, setUpMs, processorMs }) {
  if (setUpMs === undefined || processorMs === undefined) return '';
  const waitingMs = Math.max(0, tookMs - processorMs);
  const [setUp, processor, waiting] = [setUpMs, processorMs, waitingMs].map((ms) => `${(ms / 1000).toFixed(1)} s`);
  return `set-up ${setUp}, processor time ${processor}, waiting ${waiting}`;
}

/**
 * @typedef {{ counts: import('./report.mjs').Counts, failures: import('./report.mjs').Failure[], setUpMs: number }} Report
 *   what the reporter sends
 * @typedef {{ reported: Report | undefined, complaint: string | undefined, running: string, processorMs: number | undefined,
 *   printed: string }} End
 */

/**
 * @param {readonly string[]} args
 * @param {boolean} mustBeReal
 * @param {boolean} isShown
 * @returns {Promise<End>}
 */
function mochaToItsEnd(args, mustBeReal, isShown) {
  // The file that bin/mocha.js runs in a second process: started directly, there is one process to end, and one to hear.
  const mocha = ['node_modules/mocha/lib/cli/cli.js', '--reporter', 'test/runner/counting-reporter.cjs'];
  const env = { ...process.env, CLEARML_AGENT_PYTHON: AGENT_PYTHON, REQUIRE_REAL: mustBeReal ? '1' : '0' };
  const [program = '', ...words] = metered([process.execPath, ...nodeOptions(), ...mocha, ...args]);
  const shown = isShown ? 'inherit' : 'pipe';
  const child = spawn(program, words, { env, stdio: ['ignore', shown, shown, 'ipc', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (/** @type {string} */ text) => (printed += text));
  let processorText = '';
  const meter = /** @type {import('node:stream').Readable} */ (child.stdio[4]);
  meter.setEncoding('utf8').on('data', (/** @type {string} */ text) => (processorText += text));

  /** @type {Report | undefined} */
  let reported;
  /** @type {string | undefined} */
  let complaint;
  let running = '';
  let timer = setTimeout(() => endFor(`the tests did not end within ${DEADLINE_MS / 60_000} minutes`), DEADLINE_MS);
  /** @param {string} why */
  function endFor(why) {
    complaint = why;
    child.kill('SIGKILL');
  }
  child.on('message', (message) => {
    const { running: title, ...rest } = /** @type {{ running?: string }} */ (message);
    if (title !== undefined) {
      running = `the last test that began: ${title}`;
      return;
    }
    reported = /** @type {Report} */ (rest);
    clearTimeout(timer);
    timer = setTimeout(
      () => endFor('the tests were over, but something that one of them left open still ran'),
      LINGER_MS,
    );
  });
  return new Promise((done) => {
    child.once('close', (exitCode) => {
      clearTimeout(timer);
      if (exitCode !== 0) complaint ??= `mocha ended with exit code ${exitCode}`;
      const processorMs = processorText === '' ? undefined : Number(processorText);
      done({ reported, complaint, running, processorMs, printed: printed.trimEnd() });
    });
  });
}

/**
 * Under the meter, where there is a Python to run it.
 * @param {readonly string[]} command
 */
function metered(command) {
  return hasProgram('python3') ? ['python3', METER, ...command] : command;
}

/** What bin/mocha.js would have given to Node, as package.json says. */
function nodeOptions() {
  const { mocha } = JSON.parse(readFileSync('package.json', 'utf8'));
  return mocha['node-option'].map((/** @type {string} */ option) => `--${option}`);
}
