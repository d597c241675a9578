// The sections of a test run: each with a heading, what it found, how long it took, and its part in the last line.

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @typedef {{ counts?: Partial<Counts>, failedTitles?: string[], says?: string, tookMs?: number }} Outcome what a section came
 *   to; `says` is printed under its heading, each failed title once more at the end; `tookMs` where it began before its heading
 * @typedef {{ missing: string[], says: string }} SetUp what could not be had, a sentence each
 */

/** Collects the sections of one run. */
export function createSections() {
  /** @type {Counts} */
  const total = { passed: 0, failed: 0, skipped: 0 };
  /** @type {string[]} */
  const failures = [];

  return {
    /**
     * Runs one section. It fails by throwing, or by an outcome that counts failures.
     * @param {string} title
     * @param {() => Promise<Outcome>} work
     */
    async run(title, work) {
      console.log(`\n── ${title} ${'─'.repeat(Math.max(3, 70 - title.length))}`);
      const startedAt = performance.now();
      const {
        counts = {},
        failedTitles = [],
        says,
        tookMs = performance.now() - startedAt,
      } = await work().catch(failure);
      const { passed = 0, failed = 0, skipped = 0 } = counts;
      total.passed += passed;
      total.failed += failed;
      total.skipped += skipped;
      if (failed > 0) failures.push([`${title}:`, ...failedTitles].join('\n  '));
      if (says !== undefined) console.log(says);
      console.log(`${failed > 0 ? 'FAILED' : 'ok'} (${(tookMs / 1000).toFixed(1)} s)`);
    },

    hasFailed: () => total.failed > 0,

    /** Prints the closing lines, of which the last one is read by machines. */
    close() {
      if (failures.length > 0) console.log(`\nFailed in ${failures.join('\n')}`);
      console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
    },
  };
}

/**
 * @param {unknown} error
 * @returns {Outcome}
 */
function failure(error) {
  return { counts: { failed: 1 }, says: error instanceof Error ? error.message : String(error) };
}
