// The sections of a test run: each with a heading, what it found, how long it took, and its part in the last line.

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @typedef {{ counts?: Partial<Counts>, says?: string }} Outcome what a section came to; `says` is printed under its heading
 */

/** Collects the sections of one run. */
export function createSections() {
  const total = { passed: 0, failed: 0, skipped: 0 };
  const failed = [];

  return {
    /**
     * Runs one section. It fails by throwing, or by an outcome that counts failures.
     * @param {string} title
     * @param {() => Promise<Outcome | void>} work
     */
    async run(title, work) {
      console.log(`\n── ${title} ${'─'.repeat(Math.max(3, 70 - title.length))}`);
      const startedAt = performance.now();
      let outcome;
      try {
        outcome = (await work()) ?? {};
      } catch (error) {
        outcome = { counts: { failed: 1 }, says: error instanceof Error ? error.message : String(error) };
      }
      const counts = { passed: 0, failed: 0, skipped: 0, ...outcome.counts };
      for (const kind of Object.keys(total)) total[kind] += counts[kind];
      if (counts.failed > 0) failed.push(title);
      if (outcome.says !== undefined) console.log(outcome.says);
      console.log(`${counts.failed > 0 ? 'FAILED' : 'ok'} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
    },

    hasFailed: () => total.failed > 0,

    /** Prints the closing lines, of which the last one is read by machines. */
    close() {
      if (failed.length > 0) console.log(`\nfailed: ${failed.join(', ')}`);
      console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
    },
  };
}
