// The health of a daemon from what is known about its work.
import { expect } from 'chai';
import { decideHealth, summarizeHealth, type HealthFacts } from '../../../src/daemon/monitor/decide-readiness.ts';

const NOW = 1_000_000_000;
const WELL: HealthFacts = {
  cluster: undefined,
  phase: 'serving',
  startedAt: NOW - 3_600_000,
  pollMs: 15_000,
  clearmlOkAt: NOW - 1_000,
  slurmOkAt: NOW - 1_000,
  passOkAt: NOW - 1_000,
  passMs: 90,
  dueAt: NOW + 5_000,
  passError: undefined,
  journalError: undefined,
};

describe('the health report of a daemon', () => {
  for (const [what, facts, isLive, isReady, problem] of [
    ['no problem if the daemon polls', {}, true, true, undefined],
    ['the error of one failed poll', { passError: 'no response' }, true, true, 'The last poll failed: no response.'],
    [
      'that no poll has succeeded for more than twelve intervals',
      { passOkAt: NOW - 180_001, passError: 'the list of Slurm jobs could not be read' },
      true,
      false,
      'No poll has succeeded for 3 min: the list of Slurm jobs could not be read.',
    ],
    [
      'that no poll has succeeded since the start',
      { passOkAt: undefined },
      true,
      false,
      'No poll has succeeded for 60 min.',
    ],
    [
      'that Slurm has not responded yet',
      { phase: 'starting' },
      true,
      false,
      'Slurm has not responded yet; no task is claimed.',
    ],
    [
      'that the daemon no longer serves the cluster',
      { phase: 'ended' },
      true,
      false,
      'The daemon does not serve this cluster any more; its log says why.',
    ],
    [
      'that the journal cannot be written because of ENOSPC',
      { journalError: 'ENOSPC' },
      true,
      false,
      'The journal cannot be written: ENOSPC.',
    ],
    [
      'that the reconcile loop hangs',
      { dueAt: NOW - 900_000 },
      false,
      false,
      'The reconcile loop has made no progress for 15 min: restart the daemon.',
    ],
  ] as const satisfies readonly (readonly [string, Partial<HealthFacts>, boolean, boolean, string | undefined])[]) {
    it(`reports ${what}`, () => {
      const health = decideHealth({ ...WELL, ...facts }, NOW);

      expect(health).to.include({ isLive, isReady });
      expect(health.problems).to.deep.equal(problem === undefined ? [] : [problem]);
    });
  }

  it('is "Not ready; waiting for ClearML" while no cluster is known', () => {
    expect(summarizeHealth([])).to.deep.equal({ state: 'Not ready', text: 'Not ready; waiting for ClearML.' });
  });
});
