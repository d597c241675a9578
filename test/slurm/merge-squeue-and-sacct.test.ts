// Looking up jobs by name in two sources, one of which may be down.
import { expect } from 'chai';
import { mergeLookUp } from '../../src/slurm/merge-squeue-and-sacct.ts';
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

describe('a look-up by job name', () => {
  it('merges the jobs of squeue and accounting', () => {
    const shown = [job('2', 'a', 'RUNNING'), job('3', 'other', 'RUNNING')];
    const past = { kind: 'listed', jobs: [job('1', 'a', 'FAILED'), job('4', 'b', 'COMPLETED')] } as const;

    expect(mergeLookUp(['a', 'b'], past, shown)).to.deep.equal({
      kind: 'listed',
      jobs: [job('2', 'a', 'RUNNING'), job('1', 'a', 'FAILED'), job('4', 'b', 'COMPLETED')],
    });
  });

  it('prefers squeue for a job that both list', () => {
    const past = { kind: 'listed', jobs: [job('1', 'a', 'PENDING')] } as const;

    expect(mergeLookUp(['a'], past, [job('1', 'a', 'RUNNING')])).to.deep.equal({
      kind: 'listed',
      jobs: [job('1', 'a', 'RUNNING')],
    });
  });

  for (const state of ['PENDING', 'RUNNING', 'REQUEUED', 'UNKNOWN'] as const) {
    it(`ignores a job in state ${state} that only accounting lists`, () => {
      const past = { kind: 'listed', jobs: [job('1', 'a', state)] } as const;

      expect(mergeLookUp(['a'], past, [])).to.deep.equal({ kind: 'listed', jobs: [] });
    });
  }

  it('fails if accounting is down and squeue does not list a job (S-21)', () => {
    expect(mergeLookUp(['a', 'b'], AWAY, [job('1', 'a', 'RUNNING')])).to.deep.equal(AWAY);
  });

  it('succeeds without accounting if squeue lists all jobs', () => {
    expect(mergeLookUp(['a'], AWAY, [job('1', 'a', 'RUNNING')])).to.deep.equal({
      kind: 'listed',
      jobs: [job('1', 'a', 'RUNNING')],
    });
  });
});
