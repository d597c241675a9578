// The sections of a test run: each with a heading, what it found, how long it took, and its part in the last line.
import { writeFileSync } from 'node:fs';
import { shortened } from './shortened.mjs';

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @typedef {{ counts?: Partial<Counts>, failures?: Failure[], says?: string, tookMs?: number }} Outcome what a section came
 *   to; `says` is printed under its heading, each failure once more at the end; `tookMs` where it began before its heading
 * @typedef {{ title: string, details: string[] }} Failure each of its details is shown by itself, shortened
 * @typedef {{ missing: string[], says: string }} SetUp what could not be had, a sentence each
 */

/** Beyond these a failure is told by its title only: the end of a long output is what people and CI keep. */
const TOLD_IN_FULL = 20;

/** Collects the sections of one run. */
export function createSections() {
  const begunAt = performance.now();
  /** @type {Counts} */
  const total = { passed: 0, failed: 0, skipped: 0 };
  /** @type {{ section: string, failures: Failure[] }[]} */
  const failed = [];
  return {
    /**
     * Runs one section. It fails by throwing, or by an outcome that counts failures.
     * @param {string} title
     * @param {() => Promise<Outcome>} work
     */
    async run(title, work) {
      console.log(`\n── ${title} ${'─'.repeat(Math.max(3, 70 - title.length))}`);
      const startedAt = performance.now();
      const { counts = {}, failures, says, tookMs = performance.now() - startedAt } = await work().catch(failure);
      total.passed += counts.passed ?? 0;
      total.failed += counts.failed ?? 0;
      total.skipped += counts.skipped ?? 0;
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
      console.log(`\n${counts} in ${took}${where}; ${leftOut}`);
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
    .slice(0, TOLD_IN_FULL)
    .map(({ section, title, details }) => `\n── failed: ${title} (${section})\n${shortened(details)}`);
  const lists = failed.map(({ section, failures }) =>
    [`\nFailed in ${section}:`, ...failures.map(({ title }) => title)].join('\n  '),
  );
  return [...inFull, ...lists].join('\n');
}

/**
 * @param {unknown} error
 * @returns {Outcome}
 */
function failure(error) {
  return { counts: { failed: 1 }, says: error instanceof Error ? error.message : String(error) };
}
