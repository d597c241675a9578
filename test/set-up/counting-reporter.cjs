// Mocha's usual report; its numbers and what failed go to the process that started it, which need not read them out of the text.
const { reporters } = require('mocha');

/** How long a finished run may live on before it is asked what keeps it. */
const LINGER_MS = 5_000;

module.exports = class CountingReporter extends reporters.Spec {
  /**
   * @param {import('mocha').Runner} runner
   * @param {import('mocha').MochaOptions} options
   */
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      const failedTitles = this.failures.map((failure) => failure.fullTitle());
      process.send?.({ counts: { passed: passes, failed: failures, skipped: pending }, failedTitles });
      setTimeout(reportOpenResources, LINGER_MS).unref();
    });
  }
};

function reportOpenResources() {
  console.error(`the tests are over, but something still runs: ${process.getActiveResourcesInfo().join(', ')}`);
}
