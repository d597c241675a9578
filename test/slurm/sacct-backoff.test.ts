// After a timeout of sacct, further calls fail at once for a while.
import { expect } from 'chai';
import { createSacctBackoff, type SacctBackoff } from '../../src/slurm/sacct-backoff.ts';
import { SlurmUnavailableError } from '../../src/slurm/errors.ts';

const MINUTE_MS = 60_000;

function createBed(): {
  readonly backoff: SacctBackoff;
  readonly may: (user?: string) => boolean;
  readonly pass: (ms: number) => void;
} {
  let nowAt = 0;
  const backoff = createSacctBackoff(() => nowAt);
  return {
    backoff,
    may(user) {
      try {
        backoff.check(user);
        return true;
      } catch (error) {
        expect(error).to.be.instanceOf(SlurmUnavailableError);
        return false;
      }
    },
    pass: (ms) => void (nowAt += ms),
  };
}

describe('the backoff of sacct', () => {
  it('doubles from one to ten minutes with each timeout', () => {
    const { backoff, may, pass } = createBed();
    for (const minutes of [1, 2, 4, 8, 10, 10]) {
      expect(may()).to.equal(true);
      backoff.timedOut(undefined);
      pass(minutes * MINUTE_MS - 1);
      expect(may()).to.equal(false);
      pass(1);
    }
    backoff.responded(undefined);
    backoff.timedOut(undefined);
    pass(MINUTE_MS);
    expect(may()).to.equal(true);
  });

  it('applies only to the user whose sacct timed out (S-67)', () => {
    const { backoff, may } = createBed();
    backoff.timedOut('alice');
    expect([may('alice'), may('bob'), may()]).to.deep.equal([false, true, true]);
  });

  it('applies to a user who has had no response yet if sacct times out for two other users', () => {
    const { backoff, may, pass } = createBed();
    backoff.responded('bob');
    for (const user of ['alice', 'carol']) backoff.timedOut(user);
    expect([may('alice'), may('bob'), may('dave')]).to.deep.equal([false, true, false]);
    pass(MINUTE_MS);
    expect(may('dave')).to.equal(true);
  });

  it('applies to all users if sacct times out for a user who has had a response', () => {
    const { backoff, may } = createBed();
    for (const user of ['bob', 'erin']) backoff.responded(user);
    for (const user of ['alice', 'carol', 'bob']) backoff.timedOut(user);
    expect(may('erin')).to.equal(false);
  });

  it('ends at the next sacct response, except for users whose own sacct timed out', () => {
    const { backoff, may } = createBed();
    backoff.responded('bob');
    for (const user of ['alice', 'carol']) backoff.timedOut(user);
    backoff.responded('bob');
    expect([may('alice'), may('dave')]).to.deep.equal([false, true]);
  });
});
