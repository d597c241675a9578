// Looking up jobs by name in two sources, one of which may be down.
import { expect } from 'chai';
import { mergeLookUp } from '../../src/slurm/look-up-sacct-jobs.ts';
import type { Job, JobId } from '../../src/slurm/scheduler.ts';

function job(id: string, name: string, state: Job['state']): Job {
  return {
    id: id as JobId,
    name,
    state,
    stateWord: state,
    reason: undefined,
    partition: 'gpu',
    nodes: undefined,
    submittedAt: 0,
    startAt: undefined,
    endedAt: undefined,
  };
}

const AWAY = { kind: 'failed', message: 'Problem talking to the database' } as const;

describe('the look-up by job name', () => {
  it('returns the jobs that squeue lists and the jobs that sacct lists', () => {
    const shown = [job('2', 'a', 'RUNNING'), job('3', 'other', 'RUNNING')];
    const past = { kind: 'listed', jobs: [job('1', 'a', 'FAILED'), job('4', 'b', 'COMPLETED')] } as const;

    expect(mergeLookUp(['a', 'b'], past, shown)).to.deep.equal({
      kind: 'listed',
      jobs: [job('2', 'a', 'RUNNING'), job('1', 'a', 'FAILED'), job('4', 'b', 'COMPLETED')],
    });
  });

  it('returns the state in squeue if both squeue and sacct list the job', () => {
    const past = { kind: 'listed', jobs: [job('1', 'a', 'PENDING')] } as const;

    expect(mergeLookUp(['a'], past, [job('1', 'a', 'RUNNING')])).to.deep.equal({
      kind: 'listed',
      jobs: [job('1', 'a', 'RUNNING')],
    });
  });

  for (const state of ['PENDING', 'RUNNING', 'REQUEUED', 'UNKNOWN'] as const) {
    it(`ignores a job in the state ${state} that only sacct lists`, () => {
      const past = { kind: 'listed', jobs: [job('1', 'a', state)] } as const;

      expect(mergeLookUp(['a'], past, [])).to.deep.equal({ kind: 'listed', jobs: [] });
    });
  }

  it('fails if sacct fails and a requested job is not in squeue (S-21)', () => {
    expect(mergeLookUp(['a', 'b'], AWAY, [job('1', 'a', 'RUNNING')])).to.deep.equal(AWAY);
  });

  it('ignores a failure of sacct if squeue lists every requested job', () => {
    expect(mergeLookUp(['a'], AWAY, [job('1', 'a', 'RUNNING')])).to.deep.equal({
      kind: 'listed',
      jobs: [job('1', 'a', 'RUNNING')],
    });
  });

  it('finds 20,000 ended jobs beside 20,000 pending jobs in less than a second', () => {
    const names = Array.from({ length: 20_000 }, (_, n) => `missing ${n}`);
    const past = names.map((name, n) => job(String(n), name, 'COMPLETED'));
    const shown = names.map((_, n) => job(String(n + 100_000), `other ${n}`, 'PENDING'));

    const startedAt = performance.now();
    const found = mergeLookUp(names, { kind: 'listed', jobs: past }, shown);

    expect(performance.now() - startedAt).to.be.lessThan(1_000);
    expect(found).to.deep.include({ kind: 'listed' }).and.to.have.property('jobs').with.length(20_000);
  });
});
