// The report of a test run: a section for each check and lane, then each failure, then one line with the counts.
import { writeFileSync } from 'node:fs';

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @typedef {{ counts?: Partial<Counts>, failures?: Failure[], retried?: string[], says?: string, tookMs?: number }} Outcome what a
 *   section came to; `says` is printed under its heading, each failure once more at the end; `retried` has what crashed under each
 *   retried test; `tookMs` where it began before its heading
 * @typedef {{ title: string, details: string[] }} Failure each of its details is shown by itself, shortened
 */

/** Further failures are listed by title only: users and CI keep the end of a long output. */
const SHOWN_IN_FULL = 20;
/** Of one failure, all parts together. */
const MOST_LINES = 120;
const MOST_COLUMNS = 600;

/** Starts the report of one run. */
export function createReport() {
  const begunAt = performance.now();
  /** @type {Counts} */
  const total = { passed: 0, failed: 0, skipped: 0 };
  /** @type {{ section: string, failures: Failure[] }[]} */
  const failed = [];
  /** @type {string[]} */
  const retried = [];
  return {
    /**
     * Runs and prints one section. It fails by throwing, or by an outcome that counts failures.
     * @param {string} title
     * @param {() => Promise<Outcome>} work
     */
    async section(title, work) {
      console.log(`\n── ${title} ${'─'.repeat(Math.max(3, 70 - title.length))}`);
      const startedAt = performance.now();
      const {
        counts = {},
        failures,
        retried: more = [],
        says,
        tookMs = performance.now() - startedAt,
      } = await work().catch(failure);
      total.passed += counts.passed ?? 0;
      total.failed += counts.failed ?? 0;
      total.skipped += counts.skipped ?? 0;
      retried.push(...more);
      const hasFailed = (counts.failed ?? 0) > 0;
      if (hasFailed) failed.push({ section: title, failures: failures ?? [{ title, details: [says ?? ''] }] });
      if (says !== undefined) console.log(says);
      console.log(`${hasFailed ? 'FAILED' : 'ok'} (${(tookMs / 1000).toFixed(1)} s)`);
    },
    hasFailed: () => total.failed > 0,
    /**
     * Prints the closing lines, of which the last one is read by machines: each failure in full, where the output is kept longest,
     * and the list of them. Where CLOSING_REPORT names a file, they are kept there too, for a caller that runs more.
     */
    close(leftOut = '') {
      const report = closingReport(failed);
      if (report !== '') console.log(report);
      const file = process.env['CLOSING_REPORT'];
      if (file !== undefined) writeFileSync(file, report);
      const { CLEARML_TEST_API_HOST: server } = process.env;
      const where = server === undefined ? '' : `, on the ClearML server ${server}`;
      const seconds = Math.round((performance.now() - begunAt) / 1000);
      const took = `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
      const counts = `${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`;
      console.log(`\n${counts} in ${took}${where}; ${retriesOf(retried)}${leftOut}`);
    },
  };
}

/**
 * @param {readonly { section: string, failures: readonly Failure[] }[]} failed
 * @returns {string} nothing where nothing failed
 */
export function closingReport(failed) {
  const all = failed.flatMap(({ section, failures }) => failures.map((one) => ({ section, ...one })));
  const inFull = all
    .slice(0, SHOWN_IN_FULL)
    .map(({ section, title, details }) => `\n── failed: ${title} (${section})\n${shorten(details)}`);
  const lists = failed.map(({ section, failures }) =>
    [`\nFailed in ${section}:`, ...failures.map(({ title }) => title)].join('\n  '),
  );
  return [...inFull, ...lists].join('\n');
}

/** @param {readonly string[]} retried the cause of each */
export function retriesOf(retried) {
  return retried.length === 0 ? '' : `${retried.length} retried: ${[...new Set(retried)].join(', ')}; `;
}

/**
 * @param {unknown} error
 * @returns {Outcome}
 */
function failure(error) {
  return { counts: { failed: 1 }, says: error instanceof Error ? error.message : String(error) };
}

/**
 * Each part gets its share of the lines, and the lines that other parts do not use.
 * @param {readonly string[]} parts
 */
export function shorten(parts, mostLines = MOST_LINES) {
  const all = parts.map((part) => part.trimEnd().split('\n'));
  /** @type {string[][]} */
  const shown = [];
  let room = mostLines;
  for (const [index, lines] of [...all.entries()].sort(([, a], [, b]) => a.length - b.length)) {
    const share = Math.floor(room / (all.length - shown.filter(Boolean).length));
    shown[index] = omitMiddle(lines, share);
    room -= Math.min(lines.length, share);
  }
  return shown.flat().map(truncate).join('\n');
}

/**
 * The end gets more of the lines: it tells what happened last.
 * @param {string[]} lines
 * @param {number} most
 */
function omitMiddle(lines, most) {
  if (lines.length <= most) return lines;
  const first = Math.floor((most - 1) / 3);
  const last = most - 1 - first;
  const omitted = lines.length - first - last;
  return [...lines.slice(0, first), `  … ${omitted} lines are left out …`, ...lines.slice(-last)];
}

/** @param {string} line */
function truncate(line) {
  return line.length <= MOST_COLUMNS ? line : `${line.slice(0, MOST_COLUMNS)} …`;
}
