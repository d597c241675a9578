// What the demo writes: aligned lines, long ones wrapped, and a table; everything goes through here.

const LABEL_WIDTH = 11;

/** A heading with nothing in front of it. @param {string} text */
export function showTitle(text) {
  console.log(`\n${text}\n`);
}

/** @param {string} text */
export function showLine(text) {
  console.log(text);
}

/**
 * Does one step of the preparations, and says in one line what came of it. On a terminal the label stands there meanwhile.
 * @template T
 * @param {string} label
 * @param {() => Promise<T>} work
 * @param {(result: T) => string} says
 * @returns {Promise<T>}
 */
export async function showStep(label, work, says) {
  const start = `  ${label.padEnd(LABEL_WIDTH)}`;
  if (process.stdout.isTTY) process.stdout.write(`${start}…`);
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

function clearPending() {
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
