// How long the tasks of a queue, or of a Unix user in it, wait after Slurm has refused one of their jobs, and which of them is tried first.
import { expect } from 'chai';
import type { QueueId } from '../../../src/clearml/ids.ts';
import { createRefusalHolds, type Refused, type RefusalHolds } from '../../../src/daemon/submit/slurm-refusal-holds.ts';
import { backoffMs } from '../../../src/daemon/submit/backoff-ms.ts';

const FIRST: Refused = { queue: 'f'.repeat(32) as QueueId, user: undefined };
const SECOND: Refused = { queue: 'e'.repeat(32) as QueueId, user: undefined };
const WHY = 'QOSGrpSubmitJobsLimit';
const WAIT_MS = backoffMs(1, 1);

function createHolds(hasPriorities = true): RefusalHolds {
  return createRefusalHolds(() => 1, { queues: [FIRST.queue, SECOND.queue], hasPriorities });
}

describe('while Slurm refuses the jobs of a queue, the daemon', () => {
  it('holds only this queue, and only until the backoff ends', () => {
    const holds = createHolds();
    holds.refused(FIRST, WHY, 0);

    expect(holds.heldUntil(FIRST, 0)).to.equal(WAIT_MS);
    expect(holds.isHeld(FIRST, WAIT_MS)).to.equal(false);
    expect(holds.isHeld(SECOND, 0)).to.equal(false);
  });

  it('holds only one Unix user of the queue if the refusal names this user', () => {
    const holds = createHolds();
    holds.refused({ ...FIRST, user: 'ada' }, WHY, 0);

    expect(holds.isHeld({ ...FIRST, user: 'ada' }, 1)).to.equal(true);
    expect(holds.isHeld({ ...FIRST, user: 'ben' }, 1)).to.equal(false);
    expect(holds.isHeld(FIRST, 1)).to.equal(false);
    expect(holds.isHeld({ ...SECOND, user: 'ada' }, 1)).to.equal(false);
  });

  it('doubles the hold after each refused trial submission, up to five minutes', () => {
    const holds = createHolds();
    let now = 0;
    const waits: number[] = [];
    for (let probe = 1; probe <= 7; probe += 1) {
      holds.startProbe(FIRST, now);
      holds.refused(FIRST, WHY, now);
      holds.refused(FIRST, WHY, now + 1);
      const until = holds.heldUntil(FIRST, now) ?? now;
      waits.push(until - now);
      now = until;
    }

    expect(waits).to.deep.equal([15, 30, 60, 120, 240, 300, 300].map((seconds) => seconds * 1_000));
  });

  it('permits another trial submission after a minute without a response to the last trial', () => {
    const holds = createHolds();
    holds.refused(FIRST, WHY, 0);
    holds.startProbe(FIRST, WAIT_MS);
    expect(holds.heldUntil(FIRST, WAIT_MS)).to.equal(WAIT_MS + 60_000);
    expect(holds.isHeld(FIRST, WAIT_MS + 60_000)).to.equal(false);
    holds.accepted(FIRST, WAIT_MS + 1_000);

    expect(holds.isHeld(FIRST, WAIT_MS + 1_000)).to.equal(false);
    expect(holds.hasAny(WAIT_MS + 1_000)).to.equal(false);
  });

  it('permits another trial submission only after the newest of two running trials has ended', () => {
    const holds = createHolds();
    holds.refused(FIRST, WHY, 0);
    const endLost = holds.startProbe(FIRST, WAIT_MS);
    const endNext = holds.startProbe(FIRST, WAIT_MS + 60_000);
    endLost(WAIT_MS + 61_000);
    expect(holds.isHeld(FIRST, WAIT_MS + 61_000)).to.equal(true);
    endNext(WAIT_MS + 62_000);

    expect(holds.isHeld(FIRST, WAIT_MS + 62_000)).to.equal(false);
    expect(holds.hasAny(WAIT_MS + 62_000)).to.equal(true);
  });

  it('ends the hold if the clock is set back by a day', () => {
    const holds = createHolds();
    const now = 86_400_000;
    holds.refused(FIRST, WHY, now);
    expect(holds.heldUntil(FIRST, 0)).to.equal(undefined);
    holds.startProbe(FIRST, 0);
    holds.refused(FIRST, WHY, 1);

    expect(holds.heldUntil(FIRST, 1)).to.equal(1 + backoffMs(2, 1));
  });

  it('does not end the hold when Slurm accepts a job that was submitted before the refusal', () => {
    const holds = createHolds();
    holds.refused(FIRST, WHY, 0);
    holds.accepted(FIRST, 1);

    expect(holds.isHeld(FIRST, 1)).to.equal(true);
  });

  it('forgets the hold if no task of the queue is submitted for an hour', () => {
    const holds = createHolds();
    holds.refused(FIRST, WHY, 0);

    expect(holds.hasAny(WAIT_MS + 3_599_999)).to.equal(true);
    expect(holds.hasAny(WAIT_MS + 3_600_000)).to.equal(false);
  });
});

describe('while Slurm refuses the jobs of two queues, the daemon', () => {
  /** The first queue was refused three times, and waits longer than the second one. */
  function refuseBoth(hasPriorities: boolean, secondWhy = WHY): RefusalHolds {
    const holds = createHolds(hasPriorities);
    for (const now of [0, 15_000, 45_000]) {
      holds.startProbe(FIRST, now);
      holds.refused(FIRST, WHY, now);
    }
    expect(holds.heldUntil(FIRST, 45_000)).to.equal(105_000);
    holds.refused(SECOND, secondWhy, 46_000);
    return holds;
  }

  it('gives the next trial submission to the queue of higher priority', () => {
    const holds = refuseBoth(true);
    expect(holds.heldUntil(SECOND, 61_000)).to.equal(105_000);

    holds.startProbe(FIRST, 105_000);
    expect(holds.isHeld(SECOND, 105_001)).to.equal(true);
    holds.refused(FIRST, WHY, 105_002);
    expect(holds.isHeld(SECOND, 105_002)).to.equal(false);
  });

  it('alternates between the queues if a trial submission ends without a response', () => {
    const holds = refuseBoth(true);
    expect(holds.turnOf(SECOND, 110_000)).to.equal(undefined);
    const end = holds.startProbe(FIRST, 110_000);
    expect(holds.isHeld(SECOND, 110_001)).to.equal(true);
    end(110_002);

    expect(holds.isHeld(SECOND, 110_002)).to.equal(false);
    expect(holds.turnOf(SECOND, 110_002)).to.equal(46_000);
    expect(holds.turnOf(FIRST, 110_002)).to.equal(undefined);
    holds.startProbe(SECOND, 110_003)(110_004);
    expect(holds.turnOf(SECOND, 110_004)).to.equal(undefined);
    expect(holds.turnOf(FIRST, 110_004)).to.equal(110_002);
  });

  it("holds one user during another user's trial submission only if both users may share the limit", () => {
    const [ada, ben] = [
      { ...FIRST, user: 'ada' },
      { ...SECOND, user: 'ben' },
    ];
    const policy = "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)";
    for (const [name, isShared] of [
      ['QOSMaxSubmitJobPerUserLimit', false],
      ['AssocMaxSubmitJobLimit', false],
      ['QOSGrpSubmitJobsLimit', true],
      ['MaxSubmitJobsPerAccount', true],
    ] as const) {
      const why = `${name}; ${policy}`;
      const holds = createHolds();
      holds.refused(ada, why, 0);
      holds.refused(ben, why, 0);
      holds.startProbe(ada, WAIT_MS);
      expect(holds.isHeld(ben, WAIT_MS), name).to.equal(isShared);
    }
  });

  it('permits about equally many trial submissions from both queues in two hours', () => {
    const holds = refuseBoth(true);
    const tries = [0, 0];
    for (let now = 105_000; now < 7_200_000; now += 5_000)
      for (const [index, of] of [FIRST, SECOND].entries()) {
        if (holds.isHeld(of, now)) continue;
        holds.startProbe(of, now);
        holds.refused(of, WHY, now);
        tries[index] = (tries[index] ?? 0) + 1;
      }
    expect(tries[0]).to.be.above(20);
    expect(Math.abs((tries[0] ?? 0) - (tries[1] ?? 0))).to.be.below(3);
  });

  it('permits a trial submission from the second queue at once if the first queue has no task', () => {
    expect(refuseBoth(true).isHeld(SECOND, 105_000)).to.equal(false);
  });

  it('prefers neither queue if `order_fairness` is set or the refusals have different reasons', () => {
    expect(refuseBoth(false).isHeld(SECOND, 61_000)).to.equal(false);
    expect(refuseBoth(true, 'Partition in DOWN state').isHeld(SECOND, 61_000)).to.equal(false);
  });
});
