// Prints all output of the demo: aligned lines, wrapped if long, and a table.
import { clearInterval, setInterval } from 'node:timers';

const LABEL_WIDTH = 11;

/** A heading. @param {string} text */
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
 * Runs one preparation step and prints its result in one line. On a terminal, the line counts the seconds meanwhile.
 * @template T
 * @param {string} label
 * @param {() => Promise<T>} work
 * @param {(result: T) => string} says
 * @param {string} [doing] a description of the work, and how long it may take
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

/** Clears the line for other output or a question. */
export function clearPending() {
  clearInterval(ticking);
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[K');
}

/**
 * Prints an event of a task.
 * @param {number} elapsedMs since the demo's tasks were enqueued
 * @param {string} task its name
 * @param {string} text
 */
export function showEvent(elapsedMs, task, text) {
  console.log(wrapped(`${(elapsedMs / 1000).toFixed(1).padStart(7)} s  ${task.padEnd(LABEL_WIDTH)}`, text));
}

/**
 * Prints a table with columns as wide as needed.
 * @param {readonly (readonly string[])[]} rows the first one is the heading
 */
export function showTable(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows)
    console.log(`  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}

/**
 * The text after `start`, with further lines indented to the same column.
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
