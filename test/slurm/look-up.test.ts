// What is known of jobs by name from two sources, one of which may be away.
import { expect } from 'chai';
import { mergeLookUp } from '../../src/slurm/look-up.ts';
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

describe('a look-up by name', () => {
  it('finds what squeue shows and what only accounting remembers', () => {
    const shown = [job('2', 'a', 'RUNNING'), job('3', 'other', 'RUNNING')];
    const past = { kind: 'listed', jobs: [job('1', 'a', 'FAILED'), job('4', 'b', 'COMPLETED')] } as const;

    expect(mergeLookUp(['a', 'b'], shown, past)).to.deep.equal({
      kind: 'listed',
      jobs: [job('2', 'a', 'RUNNING'), job('1', 'a', 'FAILED'), job('4', 'b', 'COMPLETED')],
    });
  });

  it('believes squeue where both know the job', () => {
    const past = { kind: 'listed', jobs: [job('1', 'a', 'PENDING')] } as const;

    expect(mergeLookUp(['a'], [job('1', 'a', 'RUNNING')], past)).to.deep.equal({
      kind: 'listed',
      jobs: [job('1', 'a', 'RUNNING')],
    });
  });

  it('says nothing of a job that squeue does not show while accounting is away', () => {
    expect(mergeLookUp(['a', 'b'], [job('1', 'a', 'RUNNING')], AWAY)).to.deep.equal(AWAY);
  });

  it('does without accounting when squeue shows them all', () => {
    expect(mergeLookUp(['a'], [job('1', 'a', 'RUNNING')], AWAY)).to.deep.equal({
      kind: 'listed',
      jobs: [job('1', 'a', 'RUNNING')],
    });
  });
});
