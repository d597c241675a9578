// What is known of jobs by name from two sources, one of which may be away.
import { expect } from 'chai';
import { mergeLookUp } from '../../src/slurm/job-lookup.ts';
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

const AWAY = { kind: 'failed', words: 'Problem talking to the database' } as const;

describe('looking up a job by name', () => {
  it('finds what squeue shows and what only accounting remembers', () => {
    const shown = [job('2', 'a', 'RUNNING'), job('3', 'other', 'RUNNING')];
    const past = { kind: 'listed', jobs: [job('1', 'a', 'FAILED'), job('4', 'b', 'COMPLETED')] } as const;

    expect(mergeLookUp(['a', 'b'], past, shown)).to.deep.equal({
      kind: 'listed',
      jobs: [job('2', 'a', 'RUNNING'), job('1', 'a', 'FAILED'), job('4', 'b', 'COMPLETED')],
    });
  });

  it('believes squeue where both know the job', () => {
    const past = { kind: 'listed', jobs: [job('1', 'a', 'PENDING')] } as const;

    expect(mergeLookUp(['a'], past, [job('1', 'a', 'RUNNING')])).to.deep.equal({
      kind: 'listed',
      jobs: [job('1', 'a', 'RUNNING')],
    });
  });

  for (const state of ['PENDING', 'RUNNING', 'REQUEUED', 'UNKNOWN'] as const) {
    it(`does not find a job that only accounting takes for ${state}`, () => {
      const past = { kind: 'listed', jobs: [job('1', 'a', state)] } as const;

      expect(mergeLookUp(['a'], past, [])).to.deep.equal({ kind: 'listed', jobs: [] });
    });
  }

  it('S-21 says nothing of a job that squeue does not show while accounting is away', () => {
    expect(mergeLookUp(['a', 'b'], AWAY, [job('1', 'a', 'RUNNING')])).to.deep.equal(AWAY);
  });

  it('does without accounting when squeue shows them all', () => {
    expect(mergeLookUp(['a'], AWAY, [job('1', 'a', 'RUNNING')])).to.deep.equal({
      kind: 'listed',
      jobs: [job('1', 'a', 'RUNNING')],
    });
  });
});
