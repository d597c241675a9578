// What the demo writes: aligned lines, long ones wrapped, and a table; everything goes through here.
import { clearInterval, setInterval } from 'node:timers';

const LABEL_WIDTH = 11;

/** A heading with nothing in front of it. @param {string} text */
export function showTitle(text) {
  console.log(`\n${text}\n`);
}

/** @param {string} text */
export function showLine(text) {
  console.log(text);
}

/** @type {NodeJS.Timeout | undefined} */
let ticking;

/**
 * Does one step of the preparations, and says in one line what came of it. On a terminal its line counts the seconds meanwhile.
 * @template T
 * @param {string} label
 * @param {() => Promise<T>} work
 * @param {(result: T) => string} says
 * @param {string} [doing] what is done meanwhile, and how long that may take
 * @returns {Promise<T>}
 */
export async function showStep(label, work, says, doing = '') {
  const start = `  ${label.padEnd(LABEL_WIDTH)}`;
  showPending(`${start}${doing}…`);
  try {
    const result = await work();
    clearPending();
    console.log(wrapped(start, says(result)));
    return result;
  } catch (error) {
    clearPending();
    throw error;
  }
}

/** @param {string} text */
function showPending(text) {
  if (!process.stdout.isTTY) return;
  const startedAt = performance.now();
  process.stdout.write(text);
  ticking = setInterval(() => {
    process.stdout.write(`\r${text} ${Math.floor((performance.now() - startedAt) / 1000)} s`);
  }, 1_000);
}

/** Gives the line to whoever has something to say or to ask. */
export function clearPending() {
  clearInterval(ticking);
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[K');
}

/**
 * One thing that happened to a task.
 * @param {number} elapsedMs since the demo's tasks were enqueued
 * @param {string} task its name
 * @param {string} text
 */
export function showEvent(elapsedMs, task, text) {
  console.log(wrapped(`${(elapsedMs / 1000).toFixed(1).padStart(7)} s  ${task.padEnd(LABEL_WIDTH)}`, text));
}

/**
 * Columns as wide as they must be.
 * @param {readonly (readonly string[])[]} rows the first one is the heading
 */
export function showTable(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows)
    console.log(`  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}

/**
 * The text after its start, further lines below where it begins.
 * @param {string} start
 * @param {string} text
 */
function wrapped(start, text) {
  const width = Math.max(40, (process.stdout.columns ?? 120) - start.length);
  const lines = text
    .split('\n')
    .flatMap((line) => line.match(new RegExp(`\\S.{0,${width - 2}}(?=\\s|$)|\\S+`, 'g')) ?? []);
  return `${start}${lines.join(`\n${' '.repeat(start.length)}`)}`;
}
