// Which tasks wait after failed sbatch calls, and how many users they show to be concerned.
import { expect } from 'chai';
import type { QueueId, TaskId } from '../../../src/clearml/ids.ts';
import {
  createFailureHolds,
  MAX_FAILURES,
  type Submitter,
} from '../../../src/daemon/submit/failed-submission-holds.ts';

const A = 'a' as QueueId;
const B = 'b' as QueueId;
const TASK = 't' as TaskId;
const OTHER = 'o' as TaskId;
const EVE: Submitter = { queue: A, user: 'eve' };
const MALLORY: Submitter = { queue: A, user: 'mallory' };
const ALICE: Submitter = { queue: B, user: 'alice' };

describe('the holds after failed sbatch calls', () => {
  it('count the users whose first failure came after the last accepted job', () => {
    const holds = createFailureHolds(() => 1);
    expect([holds.failed(EVE, 0), holds.failed(EVE, 1), holds.failed(MALLORY, 2)]).to.deep.equal([1, 1, 2]);
    expect([EVE, ALICE].map((of) => holds.isBestProbe(of))).to.deep.equal([false, true]);
    holds.accepted(OTHER, ALICE, 3);

    expect(holds.haveSeveralFailed()).to.equal(false);
    expect([holds.failed(EVE, 1_000_000), holds.failed(MALLORY, 1_000_000)]).to.deep.equal([0, 0]);
  });

  it('count two users of one queue as one user, and a user of two queues only once', () => {
    const holds = createFailureHolds(() => 1, { hasSeveralQueues: true });
    expect([holds.failed(EVE, 0), holds.failed(MALLORY, 0)]).to.deep.equal([1, 1]);
    expect(holds.failed(ALICE, 0)).to.equal(3);
    const ofOne = createFailureHolds(() => 1, { hasSeveralQueues: true });
    expect([ofOne.failed(EVE, 0), ofOne.failed({ queue: B, user: 'eve' }, 0)]).to.deep.equal([1, 1]);
  });

  it('apply to the user of the failed submission, and to unknown users of the same queue', () => {
    const holds = createFailureHolds(() => 1);
    holds.failed(EVE, 0);
    expect([EVE, MALLORY, ALICE, { queue: A }, { queue: B }].map((of) => holds.isHeld(of, 14_999))).to.deep.equal([
      true,
      false,
      false,
      true,
      false,
    ]);
    expect(holds.isHeld(EVE, 15_000)).to.equal(false);
  });

  it('last longer for a task with two failed submissions than for other tasks of the same user', () => {
    const holds = createFailureHolds(() => 1);
    for (const now of [0, 15_000]) {
      holds.failed(EVE, now);
      holds.returned(TASK, now);
      expect(holds.isTaskHeld(TASK, now)).to.equal(now > 0);
    }
    expect([holds.isHeld(EVE, 45_000), holds.isTaskHeld(TASK, 45_000)]).to.deep.equal([false, true]);
    expect(holds.isTaskHeld(TASK, 75_000)).to.equal(false);
    // The clock was set back.
    expect(holds.isTaskHeld(TASK, 14_999)).to.equal(false);
  });

  it('let a task fail only if Slurm accepted other jobs between its failures', () => {
    const holds = createFailureHolds(() => 1);
    for (let failure = 0; failure < 3 * MAX_FAILURES; failure += 1) holds.returned(TASK, failure);
    expect(holds.isHopeless(TASK)).to.equal(false);
    for (let failure = 1; failure <= MAX_FAILURES; failure += 1) {
      expect(holds.isHopeless(TASK)).to.equal(false);
      holds.accepted(OTHER, ALICE, failure);
      holds.returned(TASK, failure);
    }
    expect(holds.isHopeless(TASK)).to.equal(true);
    holds.accepted(TASK, EVE, 1_000);
    expect(holds.isHopeless(TASK)).to.equal(false);
  });

  it('are deleted an hour after their end', () => {
    const holds = createFailureHolds(() => 1);
    holds.failed(EVE, 0);
    holds.returned(TASK, 0);
    expect(holds.hasAny(3_600_000)).to.equal(true);
    expect(holds.hasAny(3_700_000)).to.equal(false);
  });
});
