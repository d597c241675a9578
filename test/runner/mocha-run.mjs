// Runs mocha with the real programs that were set up, and hears its numbers.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { AGENT_PYTHON } from '../set-up/agent-venv.mjs';
import { hasProgram } from '../set-up/command.mjs';

/** In which no test begins. On a busy machine a run takes four times as long as on a quiet one, so its duration says nothing. */
const SILENCE_MS = 20 * 60_000;
/** After the last test: what still runs then was left open by one of them. */
const LINGER_MS = 120_000;

const METER = resolve('test/runner/meter.py');

/**
 * @param {readonly string[]} args for mocha
 * @param {{ mustBeReal: boolean, report?: Report, silenceMs?: number }} how whether a test fails, instead of being skipped, when this
 *   machine lacks something; how mocha's report is shown; and after how long without a new test the run is ended
 * @returns {Promise<import('./report.mjs').Outcome>}
 */
export async function runMocha(args, { mustBeReal, report = 'as it goes', silenceMs = SILENCE_MS }) {
  const startedAt = performance.now();
  const { reported, complaint, running, processorMs, printed } = await mochaToItsEnd(
    args,
    mustBeReal,
    report,
    silenceMs,
  );
  const tookMs = performance.now() - startedAt;
  // A failed test makes mocha's exit code what it is; any other bad end is one failure more.
  const isBadEnd = reported === undefined || (complaint !== undefined && reported.counts.failed === 0);
  const why = isBadEnd ? [complaint ?? 'mocha ended without its numbers', running].filter(Boolean).join('\n') : '';
  const shown = report === 'at its end' ? printed : '';
  const says = [shown, why, timesOf({ tookMs, setUpMs: reported?.setUpMs, processorMs })].filter((part) => part !== '');
  const badEnd = { title: 'the run of its tests', details: [why, ...(reported === undefined ? [printed] : [])] };
  return {
    counts: isBadEnd ? { ...reported?.counts, failed: 1 } : reported.counts,
    failures: isBadEnd ? [badEnd] : reported.failures,
    retried: reported?.retried ?? [],
    tookMs,
    says: says.join('\n'),
  };
}

/**
 * The files that have the tests which these arguments choose. No test runs.
 * @param {readonly string[]} args for mocha
 */
export async function chosenFiles(args) {
  const { files } = await mochaToItsEnd([...args, '--dry-run'], false, 'at its end', SILENCE_MS);
  return files;
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
 * @typedef {'as it goes' | 'at its end' | Promise<unknown>} Report shown at once, as a part of what the outcome says, or from when
 *   this promise is fulfilled
 * @typedef {{ counts: import('./report.mjs').Counts, failures: import('./report.mjs').Failure[], retried: string[],
 *   setUpMs: number }} Numbers what the reporter sends
 * @typedef {{ reported: Numbers | undefined, complaint: string | undefined, running: string, files: string[],
 *   processorMs: number | undefined, printed: string }} End
 */

/**
 * @param {readonly string[]} args
 * @param {boolean} mustBeReal
 * @param {Report} report
 * @param {number} silenceMs
 * @returns {Promise<End>}
 */
function mochaToItsEnd(args, mustBeReal, report, silenceMs) {
  // The file that bin/mocha.js runs in a second process: started directly, there is one process to end, and one to hear.
  const mocha = ['node_modules/mocha/lib/cli/cli.js', '--reporter', 'test/runner/counting-reporter.cjs'];
  if (process.stdout.isTTY && report !== 'at its end') mocha.push('--color');
  const env = { ...process.env, CLEARML_AGENT_PYTHON: AGENT_PYTHON, REQUIRE_REAL: mustBeReal ? '1' : '0' };
  const command = [process.execPath, ...nodeOptions(), ...mocha, ...args];
  const isMetered = hasProgram('python3');
  const [program = '', ...words] = isMetered ? ['python3', METER, ...command] : command;
  const shown = report === 'as it goes' ? 'inherit' : 'pipe';
  const child = spawn(program, words, { env, stdio: ['ignore', shown, shown, 'ipc', 'pipe'] });
  let printed = '';
  let isShown = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      printed += text;
      if (isShown) process.stdout.write(text);
    });
  }
  if (report instanceof Promise) {
    void report.then(() => {
      isShown = true;
      process.stdout.write(printed);
    });
  }
  let processorText = '';
  const meter = /** @type {import('node:stream').Readable} */ (child.stdio[4]);
  meter.setEncoding('utf8').on('data', (/** @type {string} */ text) => (processorText += text));

  /** @type {Numbers | undefined} */
  let reported;
  /** @type {string | undefined} */
  let complaint;
  let running = '';
  /** @type {Set<string>} */
  const files = new Set();
  /** @type {NodeJS.Timeout | undefined} */
  let linger;
  const timer = setTimeout(() => endFor(`no test began for ${silenceMs / 60_000} minutes`), silenceMs);
  /** @param {string} why */
  function endFor(why) {
    complaint = why;
    child.kill(isMetered ? 'SIGTERM' : 'SIGKILL');
  }
  child.on('message', (message) => {
    const { running: title, file, ...rest } = /** @type {{ running?: string, file?: string }} */ (message);
    if (title !== undefined) {
      if (file !== undefined) files.add(file);
      running = `the last test that began: ${title}`;
      timer.refresh();
      return;
    }
    reported = /** @type {Numbers} */ (rest);
    clearTimeout(timer);
    linger = setTimeout(
      () => endFor('the tests were over, but something that one of them left open still ran'),
      LINGER_MS,
    );
  });
  return new Promise((done) => {
    child.once('close', (exitCode) => {
      clearTimeout(timer);
      clearTimeout(linger);
      if (exitCode !== 0) complaint ??= `mocha ended with exit code ${exitCode}`;
      const processorMs = processorText === '' ? undefined : Number(processorText);
      done({ reported, complaint, running, files: [...files], processorMs, printed: printed.trimEnd() });
    });
  });
}

/** What bin/mocha.js would have given to Node, as package.json says. */
function nodeOptions() {
  const { mocha } = JSON.parse(readFileSync('package.json', 'utf8'));
  return mocha['node-option'].map((/** @type {string} */ option) => `--${option}`);
}
