// sacct's output: the newest run of each job, or a failure.
import { expect } from 'chai';
import fc from 'fast-check';
import { isLive } from '../../src/slurm/job-state.ts';
import { parseSacctJobs, sacctJobsArgs } from '../../src/slurm/look-up-sacct-jobs.ts';
import { fixture, result } from './recorded-output.ts';

const OURS = 'clearml_task_0123456789abcdef0123456789abcdef-mwudl4rwabcd';
const HEADER = line('JobIDRaw', 'JobName', 'State', 'Reason', 'Partition', 'NodeList', 'Submit', 'Start', 'End');

function line(...fields: readonly string[]): string {
  return `${fields.join('\x1f')}\n`;
}

describe('the look-up of jobs in sacct', () => {
  it('runs sacct with --duplicates and a start time one hour before the given time (S-22)', () => {
    const args = sacctJobsArgs([OURS, 'other'], 1_795_505_467_999, 1000);

    expect(args).to.include.members([
      '--duplicates',
      '--allocations',
      '--uid=1000',
      `--name=${OURS},other`,
      '--starttime=uts1795501867',
    ]);
  });

  it('reads failed, requeued and cancelled jobs from output of Slurm 22.05.8', () => {
    const list = parseSacctJobs(result({ stdout: fixture('22.05.8/sacct.txt') }));
    const jobs = list.kind === 'listed' ? list.jobs : [];

    expect(jobs.map((job) => [job.id, job.stateWord, isLive(job.state)])).to.deep.equal([
      ['1', 'FAILED', false],
      // A requeued run while the next one is not yet recorded: the job has not ended.
      ['2', 'REQUEUED', true],
      ['3', 'CANCELLED by 0', false],
    ]);
  });

  it('reads the state "CANCELLED by 1000" as CANCELLED (S-33)', () => {
    const stdout =
      HEADER + line('4711', OURS, 'CANCELLED by 1000', 'None', 'gpu', 'n1', '1795505467', '1795505468', '1795505469');

    expect(parseSacctJobs(result({ stdout }))).to.deep.equal({
      kind: 'listed',
      jobs: [
        {
          id: '4711',
          name: OURS,
          state: 'CANCELLED',
          stateWord: 'CANCELLED by 1000',
          reason: undefined,
          partition: 'gpu',
          nodes: 'n1',
          submittedAt: 1_795_505_467_000,
          startAt: 1_795_505_468_000,
          endedAt: 1_795_505_469_000,
        },
      ],
    });
  });

  it('returns only the newest run of a requeued job (S-23)', () => {
    const runs = [
      line('4711', OURS, 'NODE_FAIL', '', 'gpu', 'n1', '1795505000', '1795505001', '1795505100'),
      line('4711', OURS, 'PENDING', '', 'gpu', 'None assigned', '1795505100', 'Unknown', 'Unknown'),
    ];
    for (const stdout of [HEADER + runs.join(''), HEADER + runs.toReversed().join('')]) {
      const list = parseSacctJobs(result({ stdout }));

      expect(list.kind === 'listed' && list.jobs.map((job) => job.state)).to.deep.equal(['PENDING']);
    }
  });

  it('omits job steps and array tasks (S-34)', () => {
    const stdout =
      HEADER +
      line('4711.batch', 'batch', 'COMPLETED', '', '', 'n1', '1', '1', '1') +
      line('99_1', OURS, 'COMPLETED', '', '', 'n1', '1', '1', '1');

    expect(parseSacctJobs(result({ stdout }))).to.deep.equal({ kind: 'listed', jobs: [] });
  });

  for (const [what, answer] of [
    ['a missing header', result({ stdout: '' })],
    ['a truncated last row', result({ stdout: HEADER + '4711\x1fclearml' })],
    ['a row that lacks fields', result({ stdout: HEADER + line('4711', OURS) })],
    ['a row without an id', result({ stdout: HEADER + line('?', OURS, 'FAILED', '', '', 'n1', '1', '1', '1') })],
    ['a row without a state', result({ stdout: HEADER + line('7', OURS, '<html>', '', '', 'n1', '1', '1', '1') })],
    ['a nonzero exit code', result({ exitCode: 1, stderr: 'Slurm accounting storage is disabled\n' })],
    // Before 23.11 with exit code 0.
    [
      'an error about the database with exit code 0',
      result({ stdout: HEADER, stderr: 'sacct: error: Problem talking to the database: Connection refused\n' }),
    ],
  ] as const) {
    it(`reports a failure for ${what} (S-28)`, () => {
      expect(parseSacctJobs(answer)).to.include({ kind: 'failed' });
    });
  }

  it('ignores lines that a login script prints before and between the rows', () => {
    const row = line('4711', OURS, 'COMPLETED', '', 'gpu', 'n1', '1795505000', '1795505001', '1795505100');
    const list = parseSacctJobs(result({ stdout: `Welcome!\n${HEADER}Have a nice day\n\n${row}` }));

    expect(list.kind === 'listed' && list.jobs.map((job) => job.id)).to.deep.equal(['4711']);
  });

  it('does not throw on random output', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (garbage) => {
        expect(parseSacctJobs(result({ stdout: HEADER + garbage })).kind).to.be.oneOf(['listed', 'failed']);
      }),
    );
  });
});
