// `npm run mutation`: changes the code that decides, journals and submits, and counts the changes that the tests detect. Takes minutes.
export default {
  mutate: [
    'src/daemon/decide/*.ts',
    'src/daemon/journal/journal*.ts',
    'src/daemon/submit/submit*.ts',
    'src/base/token-bucket.ts',
    'src/slurm/spend-rate-limit-tokens.ts',
    'src/daemon/{poll/peers,reconcile/{act,cancel-again,canceller,park-again},recover/find-untracked-tasks,recover/finish-interrupted-steps}.ts',
  ],
  testRunner: 'mocha',
  plugins: ['@stryker-mutator/mocha-runner'],
  testRunnerNodeArgs: ['--import=tsx', '--no-experimental-require-module'],
  // Only the tests of the directories of these files: they are fast and run in this process.
  mochaOptions: {
    'no-package': true,
    require: ['test/support/fixed-seed.ts'],
    spec: [
      'test/slurm/spend-rate-limit-tokens.test.ts',
      'test/daemon/{claim,decide,journal,poll,reconcile,end,recover,submit}/*.test.ts',
    ],
  },
  coverageAnalysis: 'perTest',
  // Stryker rewrites the file of this name by an API that TypeScript 7 does not have; this project needs no rewriting.
  tsconfigFile: 'none.json',
  // Each mutant of a value that is computed while a module loads would need a new process.
  ignoreStatic: true,
  concurrency: 2,
  ignorePatterns: ['**', '!src/**', '!templates/**', '!test/**', '!package.json', '!tsconfig.json'],
  tempDirName: '.test-cache/stryker',
  incrementalFile: '.test-cache/stryker-incremental.json',
  reporters: ['clear-text', 'progress-append-only'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  thresholds: { high: 95, low: 85, break: 85 },
  allowEmpty: false,
};
