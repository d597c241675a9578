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
    // All files are loaded by now.
    let setUpMs = performance.now();
    let hookStartedAt = 0;
    runner.on('hook', (/** @type {import('mocha').Hook} */ hook) => {
      hookStartedAt = performance.now();
      if (hook.title.includes(' all" hook')) process.send?.({ running: hook.fullTitle() });
    });
    runner.on('hook end', (/** @type {import('mocha').Hook} */ hook) => {
      if (hook.title.startsWith('"before all"')) setUpMs += performance.now() - hookStartedAt;
    });
    /** @type {Map<string, import('../support/slurm-crash.ts').Crash>} by the title of the retried test */
    const crashes = new Map();
    runner.on('retry', (/** @type {import('mocha').Test} */ test) => {
      const crash = /** @type {import('../support/slurm-crash.ts').Crash} */ (Reflect.get(test, 'crash'));
      crashes.set(test.fullTitle(), crash);
      console.log(`  retrying, as ${crash.summary}: ${test.title}`);
    });
    runner.on('test', (/** @type {import('mocha').Test} */ test) =>
      process.send?.({ running: test.fullTitle(), file: test.file }),
    );
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      process.send?.({
        counts: { passed: passes, failed: failures, skipped: pending },
        failures: this.failures.map((failure) => {
          const title = failure.fullTitle();
          const crash = crashes.get(title);
          return { title, details: [...detailsOf(failure), ...(crash ? [`in the first try, ${crash.details}`] : [])] };
        }),
        retried: [...crashes.values()].map(({ summary }) => summary),
        setUpMs,
      });
      setTimeout(reportOpenResources, LINGER_MS).unref();
    });
  }
};

/**
 * All that is known of a failure: the error with its stack, what was expected, its cause, and what test/support/evidence.ts added.
 * @param {import('mocha').Test} failure
 * @returns {string[]} each to be shown by itself, the most telling first
 */
function detailsOf(failure) {
  const { err } = failure;
  if (err === undefined) return ['no error was given'];
  const { actual, expected, cause, evidence } =
    /** @type {Error & { actual?: unknown, expected?: unknown, evidence?: string[] }} */ (err);
  const isDiffKnown = typeof actual === 'string' && typeof expected === 'string';
  const { stack = '', message = '' } = err;
  return [
    // Some stacks were made before the message was completed.
    stack.includes(message) ? stack : `${message}\n${stack}`,
    isDiffKnown ? reporters.Base.generateDiff(actual, expected) : '',
    cause instanceof Error ? `cause: ${cause.stack ?? cause.message}` : '',
    ...(evidence ?? []),
  ].filter((part) => part.trim() !== '');
}

function reportOpenResources() {
  console.error(`the tests are over, but something still runs: ${process.getActiveResourcesInfo().join(', ')}`);
}
