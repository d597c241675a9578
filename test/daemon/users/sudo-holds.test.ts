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
});
