// Every error text of sbatch and its meaning: only `unknown` may have left a job behind.
// cspell:ignore thred
import { expect } from 'chai';
import fc from 'fast-check';
import {
  CONTROLLER_RESPONSES,
  isLimitOfJobs,
  isLimitOfQueue,
  parseSubmitError,
  submitErrorMessage,
} from '../../src/slurm/sbatch-errors.ts';

const POLICY = "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)";

function answer(text: string, ...before: readonly string[]): string {
  return [...before, `Batch job submission failed: ${text}`].map((line) => `sbatch: error: ${line}\n`).join('');
}

describe('parseSubmitError (errors of the controller)', () => {
  for (const [failure, texts] of Object.entries(CONTROLLER_RESPONSES)) {
    for (const text of texts) {
      it(`classifies "${text}" as "${failure}"`, () => {
        expect(parseSubmitError(1, answer(text))).to.equal(failure);
      });
    }
  }

  it('uses a table without repeated error texts', () => {
    const texts = Object.values(CONTROLLER_RESPONSES).flat();

    expect(new Set(texts).size).to.equal(texts.length);
  });

  for (const text of [
    'Socket timed out on send/recv operation',
    'Unable to contact slurm controller (send failure)',
    'Unable to contact slurm controller (receive failure)',
    'Unable to contact slurm controller (shutdown failure)',
    'Unexpected missing socket error',
    'Zero Bytes were transmitted or received',
    'Received zero length message',
    'Connection reset by peer',
    'Connection timed out',
    'Broken pipe',
    'Interrupted system call',
    'Message receive failure',
    'Protocol authentication error',
    'Incompatible versions of client and server code',
    'Slurm internal error, contact system administrator',
    'Unspecified error',
    'A text of a release to come',
  ]) {
    it(`classifies "${text}" as "unknown"`, () => {
      expect(parseSubmitError(1, answer(text))).to.equal('unknown');
    });
  }
});

describe('parseSubmitError (errors about a policy limit)', () => {
  it('returns "backpressure" if the policy limits the number of jobs (S-05)', () => {
    for (const limit of [
      'AssocMaxSubmitJobLimit',
      'QOSMaxSubmitJobPerUserLimit',
      'AssocGrpSubmitJobsLimit',
      'MaxSubmitJobsPerAccount',
      'QOSMaxJobsPerUserLimit',
    ])
      expect(parseSubmitError(1, answer(POLICY, limit)), limit).to.equal('backpressure');
  });

  it('returns "backpressure" if Slurm does not name the limit', () => {
    expect(parseSubmitError(1, answer(POLICY))).to.equal('backpressure');
  });

  it('returns "rejected" if the job alone exceeds the limit', () => {
    for (const limit of [
      'QOSMaxWallDurationPerJobLimit',
      'QOSMaxCpuPerUserLimit',
      'QOSMinGRES',
      'AssocGrpGRES',
      'MaxMemoryPerAccount',
    ])
      expect(parseSubmitError(1, answer(POLICY, limit)), limit).to.equal('rejected');
  });
});

describe('parseSubmitError (sbatch failed without a response of the controller)', () => {
  for (const [stderr, exitCode, failure] of [
    ['sbatch: unrecognized option \'--bogus\'\nTry "sbatch --help" for more information\n', 255, 'rejected'],
    ["/opt/slurm/bin/sbatch: unrecognized option '--bogus'\n", 255, 'rejected'],
    ['sbatch: option requires an argument -- \'t\'\nTry "sbatch --help" for more information\n', 255, 'rejected'],
    ['sbatch: error: Invalid --time specification\n', 255, 'rejected'],
    ['sbatch: error: "a" is not a valid node count\n', 255, 'rejected'],
    ['sbatch: error: Invalid directive found in batch script: foo\n', 255, 'rejected'],
    ['sbatch: error: Invalid generic resource (gres) specification\n', 1, 'rejected'],
    ['sbatch: error: Batch script is empty!\n', 1, 'rejected'],
    ['sbatch: error: Batch script contains only whitespace!\n', 1, 'rejected'],
    [
      'sbatch: error: This does not look like a batch script.  The first\nsbatch: error: line must start with #!\n',
      1,
      'rejected',
    ],
    ['sbatch: error: Batch script contains DOS line breaks (\\r\\n)\n', 1, 'rejected'],
    ['sbatch: fatal: stdin: line 2: Unmatched `"` in [ "x]\n', 1, 'rejected'],
    ['sbatch: fatal: Script from STDIN is too big, read 5000000 > 4194304 bytes.\n', 1, 'rejected'],
    ['sbatch: error: Plugin stack post-option processing failed\n', 1, 'rejected'],
    ['sbatch: fatal: Invalid node list specified\n', 1, 'rejected'],
    ['sbatch: fatal: stdin: line 2: Unexpected `:` in [ :]\n', 1, 'rejected'],
    ['sbatch: fatal: --mem, --mem-per-cpu, and --mem-per-gpu are mutually exclusive.\n', 1, 'rejected'],
    ['sbatch: fatal: --gpus-per-node and --gres=gpu are mutually exclusive.\n', 1, 'rejected'],
    ['sbatch: fatal: -S/--core-spec and --thred-spec options are mutually exclusive\n', 1, 'rejected'],
    [
      'sbatch: fatal: --ntasks-per-node is mutually exclusive with --ntasks-per-gpu and SLURM_NTASKS_PER_GPU\n',
      1,
      'rejected',
    ],
    ['sbatch: fatal: Inconsistent values set to --ntasks-per-gpu=1 and --ntasks-per-tres=2 \n', 1, 'rejected'],
    ['sbatch: fatal: Invalid TRES for --tres-per-task: mem\n', 1, 'rejected'],
    [
      'sbatch: fatal: SLURM_MEM_PER_CPU, SLURM_MEM_PER_GPU, and SLURM_MEM_PER_NODE are mutually exclusive.\n',
      1,
      'unavailable',
    ],
    [
      'sbatch: fatal: SLURM_GPUS_PER_TASK is mutually exclusive with --ntasks-per-gpu and SLURM_NTASKS_PER_GPU\n',
      1,
      'unavailable',
    ],
    [
      'sbatch: fatal: Both --core-spec and --thread-spec set using environment variables. Those options are mutually exclusive.\n',
      1,
      'unavailable',
    ],
    [
      'sbatch: fatal: Use of FrontendName in slurm.conf without Slurm being configured/built with the --enable-front-end option\n',
      1,
      'unavailable',
    ],
    ['sbatch: fatal: Unable to process configuration file\n', 1, 'unavailable'],
    ['sbatch: fatal: Could not establish a configuration source\n', 1, 'unavailable'],
    ['sbatch: fatal: failed to initialize cli_filter plugin\n', 1, 'unavailable'],
    ['sbatch: error: Problem talking to database\n', 1, 'unavailable'],
    // Until 22.05; the last line is also that of a cli_filter plugin that rejects the script.
    [
      "sbatch: error: cli_filter/lua: /etc/slurm/cli_filter.lua: /etc/slurm/cli_filter.lua:1: '=' expected near 'error'\nsbatch: error: Couldn't load specified plugin name for cli_filter/lua: Plugin init() callback failed\nsbatch: error: cannot create cli_filter context for cli_filter/lua\nsbatch: error: cli_filter plugin terminated with error\n",
      1,
      'unavailable',
    ],
    [
      'sbatch: error: lua: please give an account\nsbatch: error: cli_filter plugin terminated with error\n',
      1,
      'rejected',
    ],
    [
      'sbatch: error: spank: /etc/slurm/plugstack.conf:1: Failed to load plugin /usr/lib/spank_x.so. Aborting.\nsbatch: error: Failed to initialize plugin stack\n',
      1,
      'unavailable',
    ],
    ['', 1, 'unknown'],
    ['', undefined, 'unknown'],
    ['sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying\n', 1, 'unknown'],
    ['sbatch: error: Slurm job queue full, sleeping and retrying\n', undefined, 'unknown'],
    ['sbatch: error: Invalid --time specification\n', 124, 'unknown'],
    ['/usr/local/bin/sbatch: line 3: 812 Killed /opt/slurm/bin/sbatch "$@"\n', 137, 'unknown'],
    ['bash: sbatch: something else\n', 1, 'unknown'],
  ] as const) {
    it(`returns "${failure}" for ${exitCode === undefined ? 'no exit code' : `exit code ${exitCode}`} and stderr ${JSON.stringify(stderr)}`, () => {
      expect(parseSubmitError(exitCode, stderr)).to.equal(failure);
    });
  }
});

it('parseSubmitError classifies an error of munge on the login node as "unavailable"', () => {
  const stderr = answer(
    'Protocol authentication error',
    'Munge encode failed: Failed to access "/run/munge/munge.socket.2"',
  );

  expect(parseSubmitError(1, stderr)).to.equal('unavailable');
});

it('parseSubmitError classifies an error of a site\'s own plugin as "rejected"', () => {
  const stderr = answer('Unspecified error', 'Please give an account with --account=');

  expect(parseSubmitError(1, stderr)).to.equal('rejected');
  expect(submitErrorMessage(stderr)).to.equal('Please give an account with --account=; Unspecified error');
});

it('parseSubmitError uses the last message of sbatch, not an earlier retry message', () => {
  const stderr = answer(
    'Resource temporarily unavailable',
    'Slurm temporarily unable to accept job, sleeping and retrying',
  );

  expect(parseSubmitError(1, stderr)).to.equal('backpressure');
});

it('parseSubmitError and submitErrorMessage find an error between megabytes of empty lines', () => {
  const flood = '\n'.repeat(1024 * 1024);

  expect(parseSubmitError(1, flood + answer('Invalid qos specification') + flood)).to.equal('rejected');
  expect(parseSubmitError(1, `${flood}${answer('Socket timed out on send/recv operation')}${flood}`)).to.equal(
    'unknown',
  );
  expect(submitErrorMessage(flood + answer('Invalid qos specification'))).to.equal('Invalid qos specification');
  expect(submitErrorMessage(answer('x'.repeat(10 * 1024 * 1024)))).to.have.length(500);
});

it('isLimitOfJobs is true only for limits on the number or size of jobs', () => {
  const { backpressure } = CONTROLLER_RESPONSES;
  const isLimit = (text: string): boolean =>
    isLimitOfJobs(submitErrorMessage(answer(text, 'QOSMaxSubmitJobPerUserLimit')));

  expect(backpressure.filter(isLimit)).to.deep.equal([
    "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)",
    'MaxJobCount limit reached',
  ]);
});

it('isLimitOfQueue is false for each error that affects every queue of the cluster', () => {
  const { backpressure } = CONTROLLER_RESPONSES;
  const isLimit = (text: string): boolean =>
    isLimitOfQueue(submitErrorMessage(answer(text, 'QOSMaxSubmitJobPerUserLimit')));

  expect(backpressure.filter((text) => !isLimit(text))).to.deep.equal([
    'Max powered up nodes reached',
    'MaxJobCount limit reached',
    'Rate limit exceeded, please retry later',
    'Rate limit exceeded, please retry momentarily',
    'Resource temporarily unavailable',
    'System submissions disabled',
    'Unable to create job record, try again',
  ]);
});

it('parseSubmitError classifies random text as "unknown"', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom(1, 2, 255, undefined), (garbage, exitCode) => {
      fc.pre(!garbage.startsWith('sbatch:'));
      expect(parseSubmitError(exitCode, garbage)).to.equal('unknown');
      expect(parseSubmitError(exitCode, answer(`no text of the table ${garbage.replaceAll('\n', '')}`))).to.equal(
        'unknown',
      );
    }),
  );
});
