// When the tasks of a Unix user wait because sudo refused a submission or sbatch hangs, and how long.
import { expect } from 'chai';
import { createSudoHolds } from '../../../src/daemon/users/sudo-holds.ts';
import type { JobId, SubmitOutcome } from '../../../src/slurm/scheduler.ts';

const ACCEPTED: SubmitOutcome = { kind: 'accepted', jobId: '1' as JobId, cluster: undefined };
const REFUSED: SubmitOutcome = { kind: 'unavailable', message: 'no', isOfUser: true };
const STUCK: SubmitOutcome = { kind: 'unknown', message: 'no response', isStuck: true };

describe('the hold of a Unix user', () => {
  it('ends if the clock is set back by a day', () => {
    const holds = createSudoHolds();
    holds.ended('alice', REFUSED, 86_400_000);
    expect(holds.isHeld('alice', 86_400_001)).to.equal(true);
    expect(holds.isHeld('alice', 0)).to.equal(false);
    holds.noteProbe('alice', 0);
    holds.ended('alice', REFUSED, 1);

    expect(holds.isHeld('alice', 2)).to.equal(true);
    expect(holds.isHeld('alice', 120_001)).to.equal(false);
  });

  it('lasts at most an hour if sudo refuses, and at most five minutes if sbatch hangs', () => {
    for (const [outcome, why, longestMs] of [
      [REFUSED, 'refused', 3_600_000],
      [STUCK, 'stuck', 300_000],
    ] as const) {
      const holds = createSudoHolds();
      let nowAt = 0;
      for (let n = 0; n < 10; n += 1) {
        holds.noteProbe('alice', nowAt);
        holds.ended('alice', outcome, nowAt);
        expect(holds.whyHeld('alice', nowAt)).to.equal(why);
        while (holds.isHeld('alice', nowAt)) nowAt += 1_000;
      }
      holds.noteProbe('alice', nowAt);
      holds.ended('alice', outcome, nowAt);
      expect(holds.isHeld('alice', nowAt + longestMs - 1)).to.equal(true);
      expect(holds.isHeld('alice', nowAt + longestMs)).to.equal(false);
    }
  });

  it('ends when Slurm accepts a job, but not when Slurm is unreachable', () => {
    const holds = createSudoHolds();
    holds.ended('alice', STUCK, 0);
    holds.ended('alice', { kind: 'unavailable', message: 'no controller' }, 1);
    expect(holds.isHeld('alice', 1)).to.equal(true);
    holds.ended('alice', ACCEPTED, 2);
    expect(holds.isHeld('alice', 2)).to.equal(false);
  });

  it('begins once sbatch has hung for 10 s, or for 30 s if other submissions of this user end meanwhile', () => {
    const holds = createSudoHolds();
    expect(holds.checkRunning('alice', 0, 9_999)).to.equal(10_000);
    holds.ended('alice', ACCEPTED, 9_999);
    expect(holds.checkRunning('alice', 0, 10_000)).to.equal(19_999);
    holds.ended('alice', ACCEPTED, 19_998);
    expect(holds.checkRunning('alice', 0, 19_999)).to.equal(29_998);
    holds.ended('alice', ACCEPTED, 29_997);
    expect(holds.checkRunning('alice', 0, 29_998)).to.equal(30_000);
    expect(holds.isHeld('alice', 29_999)).to.equal(false);
    expect(holds.checkRunning('alice', 0, 30_000)).to.equal(undefined);
    expect(holds.isHeld('alice', 30_000)).to.equal(true);
    expect(holds.checkRunning('bob', 0, 10_000)).to.equal(undefined);
  });

  it('begins after sbatch has hung for 10 s even if another sbatch ended without a response', () => {
    const holds = createSudoHolds();
    holds.ended('alice', STUCK, 9_000);
    expect(holds.checkRunning('alice', 0, 10_000)).to.equal(undefined);
  });
});
