// Why a job waits, with its state and its partitions; and which of Slurm's changing reasons are news.
import { expect } from 'chai';
import { parseJobState } from '../../../src/slurm/job-state.ts';
import { explainWait, isNewWait, whatItWaitsFor } from '../../../src/slurm/reasons/explain-wait.ts';
import type { Job } from '../../../src/slurm/scheduler.ts';

type Waiting = Pick<Job, 'state' | 'reason' | 'partition'>;

function waiting(reason: string | undefined, { partition = 'debug', state = 'PENDING' } = {}): Waiting {
  return { state: parseJobState(state), reason, partition };
}

describe('explainWait (job submitted to several partitions)', () => {
  const partition = 'debug,short';

  for (const reason of ['PartitionTimeLimit', 'PartitionNodeLimit', 'PartitionConfig', 'QOSMaxCpuPerJobLimit'])
    it(`classifies ${reason} as "waits", because the job may start in another partition`, () => {
      expect(explainWait(waiting(reason)).class).to.equal('never-runs');
      const { class: its, advice } = explainWait(waiting(reason, { partition }));
      expect(its).to.equal('waits');
      expect(advice).to.contain('in another one, the job may start');
    });

  for (const reason of ['DependencyNeverSatisfied', 'InvalidAccount', 'AssocMaxWallDurationPerJobLimit'])
    it(`classifies ${reason} as "never-runs"`, () => {
      expect(explainWait(waiting(reason, { partition })).class).to.equal('never-runs');
    });

  it('classifies PartitionDown as "waits", because another partition may be up', () => {
    expect(explainWait(waiting('PartitionDown')).class).to.equal('needs-a-human');
    expect(explainWait(waiting('PartitionDown', { partition })).class).to.equal('waits');
  });

  it('classifies JobHeldUser as "needs-a-human"', () => {
    expect(explainWait(waiting('JobHeldUser', { partition })).class).to.equal('needs-a-human');
  });
});

describe('explainWait (job requeued and held by Slurm)', () => {
  // _set_job_requeue_exit_value() in src/slurmctld/job_mgr.c leaves the reason JobHeldUser; job_requeue() writes a sentence.
  for (const reason of ['JobHeldUser', 'job requeued in special exit state', undefined])
    it(`names RequeueExitHold if the job is in the state SPECIAL_EXIT with ${reason === undefined ? 'no reason' : `the reason "${reason}"`}`, () => {
      const { class: its, explanation, advice } = explainWait(waiting(reason, { state: 'SPECIAL_EXIT' }));
      expect(its).to.equal('needs-a-human');
      expect(explanation).to.contain('RequeueExitHold');
      expect(advice).to.contain('log of the job').and.contain('"scontrol release JOBID"');
    });

  it('distinguishes the reason "job requeued in held state" from JobHeldUser', () => {
    const { explanation, advice } = explainWait(waiting('job requeued in held state'));
    expect(explanation).to.contain('requeued with a hold');
    expect(advice).to.contain('"scontrol release JOBID"').and.contain('abort the task');
  });
});

describe('isNewWait (whether to show the user a reason)', () => {
  /** How often the user is shown something while Slurm prints these reasons. */
  function shownOf(jobs: readonly Waiting[]): string[] {
    const shown: string[] = [];
    for (const job of jobs) if (isNewWait(job, shown.at(-1))) shown.push(whatItWaitsFor(job));
    return shown;
  }

  // As squeue 22.05 printed them, one for each cycle of its two schedulers.
  const RECORDED: readonly (readonly [
    what: string,
    partition: string,
    reasons: readonly (string | undefined)[],
    shown: readonly string[],
  ])[] = [
    [
      'alternates between a reason and no reason',
      'short,debug',
      ['Priority', undefined, 'Priority', undefined, 'Priority', undefined],
      ['Priority'],
    ],
    [
      'alternates between the reasons of two partitions',
      'debug,down',
      ['Priority', 'PartitionDown', 'Resources', 'PartitionDown', 'Resources', 'PartitionDown'],
      ['Priority', 'Resources'],
    ],
    [
      'prints no reason, and then alternates between two reasons',
      'debug,short',
      [undefined, 'PartitionTimeLimit', 'Resources', 'PartitionTimeLimit', 'Resources'],
      ['', 'PartitionTimeLimit', 'Resources'],
    ],
  ];
  for (const [what, partition, reasons, shown] of RECORDED)
    it(`is true once for each reason if squeue ${what}`, () => {
      expect(shownOf(reasons.map((reason) => waiting(reason, { partition })))).to.deep.equal(shown);
    });

  it('is true for each change of the reason or state if the reasons do not alternate', () => {
    const jobs = [
      waiting(undefined),
      waiting('Priority'),
      waiting('JobHeldUser'),
      waiting(undefined),
      waiting('Resources'),
      waiting(undefined, { state: 'CONFIGURING' }),
      waiting(undefined),
      waiting('PartitionDown'),
    ];
    expect(shownOf(jobs)).to.deep.equal([
      '',
      'Priority',
      'JobHeldUser',
      '',
      'Resources',
      'CONFIGURING',
      '',
      'PartitionDown',
    ]);
  });
});
