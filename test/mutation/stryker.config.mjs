// `npm run mutation`: how much of what decides, remembers and submits the tests would notice the loss of. Minutes, so not part of `npm test`.
export default {
  mutate: [
    'src/daemon/decide/*.ts',
    'src/daemon/journal/journal*.ts',
    'src/daemon/submit/submit*.ts',
    'src/slurm/rate-limit.ts',
    'src/daemon/{poll/peers,reconcile/act,recover/find-untracked,recover/resume}.ts',
  ],
  testRunner: 'mocha',
  plugins: ['@stryker-mutator/mocha-runner'],
  testRunnerNodeArgs: ['--import=tsx', '--no-experimental-require-module'],
  // Only the tests of these files and of what stands next to them: they run within this process, and in a moment.
  mochaOptions: {
    'no-package': true,
    spec: [
      'test/slurm/rate-limit.test.ts',
      'test/daemon/{claim,decide,journal,poll,reconcile,recover,submit}/*.test.ts',
    ],
  },
  coverageAnalysis: 'perTest',
  // What is computed once while a file is loaded would cost a new process for each change.
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
