// Every reason of Slurm is explained, in one of four classes, with a text for a task's console.
import { expect } from 'chai';
import fc from 'fast-check';
import { explainReason } from '../../../src/slurm/reasons/explain-reason.ts';
import { fixture } from '../recorded-output.ts';

/** The words in Slurm's own tables, 20.11 to 26.05. */
const ALL = fixture('reasons.txt').trim().split('\n');

describe("explainReason (text for Slurm's reason of a job)", () => {
  it('explains every reason of Slurm 20.11 to 26.05', () => {
    const unexplained = ALL.filter((word) => explainReason(word).explanation.includes(word));

    expect(ALL.length).to.be.greaterThan(200);
    expect(unexplained).to.deep.equal([]);
  });

  it('gives advice for every reason that waiting does not resolve (S-25)', () => {
    const helpless = ALL.filter((word) => {
      const reason = explainReason(word);
      return (reason.class === 'never-runs' || reason.class === 'needs-a-human') && reason.advice === undefined;
    });

    expect(helpless).to.deep.equal([]);
  });

  it('ends each advice, but no explanation, with a period', () => {
    for (const word of ALL) {
      const { explanation, advice } = explainReason(word);
      expect(explanation, word).to.match(/^(?!.*undefined)[a-zA-Z].*[^.]$/);
      if (advice !== undefined) expect(advice, word).to.match(/^(?!.*undefined)[A-Z].*\.$/);
    }
  });

  it('never returns the word "stopping", which the agent reads as an abort', () => {
    for (const word of ALL) {
      const { explanation, advice } = explainReason(word);
      expect(`${explanation} ${advice ?? ''}`, word).not.to.contain('stopping');
    }
  });

  for (const [reason, cls] of [
    [undefined, 'waits'],
    ['Priority', 'waits'],
    ['Resources', 'waits'],
    ['Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions', 'waits'],
    ['Nodes_required_for_job_are_DOWN,_DRAINED_or_reserved_for_jobs_in_higher_priority_partitions', 'waits'],
    ['ReqNodeNotAvail, UnavailableNodes:n[1-4]', 'waits'],
    ['ReqNodeNotAvail, Reserved for maintenance', 'waits'],
    ['ReqNodeNotAvail(Unavailable:n1)', 'waits'],
    ['QOSMaxJobsPerUserLimit', 'waits'],
    ['AssocGrpGRES', 'waits'],
    ['BurstBufferStageIn', 'waits'],
    ['AssocGrpCPUMinutesLimit', 'needs-a-human'],
    ['JobHeldUser', 'needs-a-human'],
    ['launch failed requeued held', 'needs-a-human'],
    ['launch failure limit exceeded requeued held', 'needs-a-human'],
    ['job requeued in held state', 'needs-a-human'],
    ['job requeued in special exit state', 'needs-a-human'],
    ['user env retrieval failed requeued held', 'needs-a-human'],
    ['PartitionDown', 'needs-a-human'],
    ['Reservation weekly was deleted', 'needs-a-human'],
    ['burst_buffer/lua: slurm_bb_pools: failed', 'needs-a-human'],
    ['PartitionTimeLimit', 'never-runs'],
    ['PartitionConfig', 'never-runs'],
    ['BadConstraints', 'never-runs'],
    ['DependencyNeverSatisfied', 'never-runs'],
    ['AssocMaxWallDurationPerJobLimit', 'never-runs'],
    ['QOSMaxCpuPerJobLimit', 'never-runs'],
    ['QOSMinGRES', 'never-runs'],
    ['uid 1000 not in group permitted to use this partition (gpu). groups allowed: lab', 'never-runs'],
    ["Job's account not permitted to use this partition (gpu allows lab not guests)", 'never-runs'],
    ["Job's account not known, …", 'never-runs'],
    ["Job's QOS not permitted to use this partition (gpu denies low including low)", 'never-runs'],
    ["Job's QOS not known, …", 'never-runs'],
    ['NonZeroExitCode', 'ended'],
    ['RaisedSignal:9(Killed)', 'ended'],
    ['Reservation weekly, which this job was running under, has ended', 'ended'],
  ] as const) {
    it(`classifies ${reason === undefined ? 'a missing reason' : `the reason "${reason}"`} as "${cls}"`, () => {
      expect(explainReason(reason).class).to.equal(cls);
    });
  }

  it('names the output file as the cause of RaisedSignal:53, but not of RaisedSignal:5 (S-14)', () => {
    expect(explainReason('RaisedSignal:53(Real-time_signal_19)').explanation).to.contain('output file');
    expect(explainReason('RaisedSignal:5(Trace/breakpoint_trap)').explanation).not.to.contain('output file');
  });

  it('advises scontrol release for a job that Slurm requeued and held', () => {
    for (const reason of [
      'job requeued in held state',
      'job requeued in special exit state',
      'launch failed requeued held',
      'user env retrieval failed requeued held',
    ])
      expect(explainReason(reason).advice, reason).to.contain('"scontrol release JOBID"');
  });

  // _update_job() in src/slurmctld/job_mgr.c lets a user release JobHeldUser and ReservationDeleted only.
  it('advises that only an admin can release a job with the reason JobHeldAdmin', () => {
    for (const reason of ['JobHeldAdmin', 'JobHoldMaxRequeue', 'launch failure limit exceeded requeued held'])
      expect(explainReason(reason).advice, reason).to.contain('Only an admin can release the job');
  });

  it('names --nodes and --mem in the advice for PartitionConfig', () => {
    expect(explainReason('PartitionConfig').advice).to.include('--nodes').and.to.include('--mem');
  });

  it('names the limited resource and the limited user or account', () => {
    expect(explainReason('AssocGrpGRES').explanation).to.equal(
      'with this job, the users of your account would use more GPUs (or other generic resources) than allowed; the job starts when other jobs have ended',
    );
    expect(explainReason('QOSMaxMemoryPerUser').explanation).to.match(
      /^with this job, you would use more memory than allowed/,
    );
    expect(explainReason('MaxCpuRunMinsPerUser').advice).to.contain('--time');
  });

  it('warns that a job never starts if the job is larger than a limit', () => {
    for (const reason of ['QOSMaxNodePerUserLimit', 'QOSGrpCpuLimit', 'AssocGrpGRES'])
      expect(explainReason(reason).advice, reason).to.contain('never starts');
    expect(explainReason('QOSMaxJobsPerUserLimit').advice).to.equal(undefined);
  });

  it('quotes a reason that Slurm does not document', () => {
    expect(explainReason('MoonPhase, waxing')).to.deep.equal({
      class: 'waits',
      explanation: 'Slurm\'s reason is "MoonPhase, waxing"',
    });
  });

  it('returns an explanation for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString')), (garbage) => {
        expect(explainReason(garbage).explanation).to.be.a('string').and.not.equal('');
      }),
    );
  });
});
