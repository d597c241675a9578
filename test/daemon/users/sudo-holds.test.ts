// How long the tasks of a Unix user wait after sudo has refused a submission.
import { expect } from 'chai';
import { createSudoHolds } from '../../../src/daemon/users/sudo-holds.ts';

describe('the hold of a Unix user after a refusal by sudo', () => {
  it('ends if the clock is set back, and begins again with the next refusal', () => {
    const holds = createSudoHolds();
    holds.hold('alice', 86_400_000);
    expect(holds.isHeld('alice', 86_400_001)).to.equal(true);
    expect(holds.isHeld('alice', 0)).to.equal(false);
    holds.noteProbe('alice', 0);
    holds.hold('alice', 1);

    expect(holds.isHeld('alice', 2)).to.equal(true);
    expect(holds.isHeld('alice', 120_001)).to.equal(false);
  });

  it('lasts up to an hour, but only five minutes if sbatch hangs, because Slurm may be the cause', () => {
    for (const [why, longestMs] of [
      ['refused', 3_600_000],
      ['stuck', 300_000],
    ] as const) {
      const holds = createSudoHolds();
      let nowAt = 0;
      for (let n = 0; n < 10; n += 1) {
        holds.noteProbe('alice', nowAt);
        holds.hold('alice', nowAt, why);
        expect(holds.whyHeld('alice', nowAt)).to.equal(why);
        while (holds.isHeld('alice', nowAt)) nowAt += 1_000;
      }
      holds.noteProbe('alice', nowAt);
      holds.hold('alice', nowAt, why);
      expect(holds.isHeld('alice', nowAt + longestMs - 1)).to.equal(true);
      expect(holds.isHeld('alice', nowAt + longestMs)).to.equal(false);
    }
  });
});
