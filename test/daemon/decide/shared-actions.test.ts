// Actions that several rows of the decision table share, with their exact texts and bounds.
import { expect } from 'chai';
import {
  CLOCKS_DIFFER_MS,
  dequeue,
  forget,
  isRemovedByUser,
  MAX_ATTEMPTS,
  REMOVED_BY_USER,
  resubmitOrFail,
} from '../../../src/daemon/decide/shared-actions.ts';
import type { Place } from '../../../src/daemon/decide/observation.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { entryOf, NOW } from './observations.ts';

describe('after a user removed a task from the scheduler queue, the daemon', () => {
  it('names the cancelled job in its message if the journal entry has a job id', () => {
    const text = 'Dequeued: the task was removed from the scheduler queue.';

    expect(dequeue({ jobId: '7' as JobId })).to.deep.equal({
      do: 'dequeue',
      text: `${text} Slurm job 7 is cancelled.`,
    });
    expect(dequeue({ jobId: undefined })).to.deep.equal({ do: 'dequeue', text });
  });

  it("restores the task's former status only while the task is in no queue", () => {
    const entry = entryOf({ cancelledFor: REMOVED_BY_USER });
    const isRemoved = (place: Place): boolean => isRemovedByUser({ entry, place });

    expect([isRemoved('nowhere'), isRemoved('parked'), isRemoved('own queue')]).to.deep.equal([true, false, false]);
  });
});

describe('when it forgets a task, the daemon', () => {
  for (const [place, actions] of [
    ['parked', ['remove-entry', 'forget']],
    ['unknown', ['remove-entry', 'forget']],
    ['own queue', ['forget']],
    ['nowhere', ['forget']],
  ] as const)
    it(`${actions.length > 1 ? 'removes the task' : 'removes nothing'} from the scheduler queue if the snapshot shows the task's place as "${place}"`, () => {
      expect(forget(place).map((action) => action.do)).to.deep.equal(actions);
    });
});

describe('after the fifth attempt, the daemon', () => {
  const submittedAt = NOW - 600_000;

  function decided(overrides: Partial<Entry>, parkedAt: number | undefined): readonly unknown[] {
    const entry = entryOf({ attempts: MAX_ATTEMPTS, stepAt: submittedAt, ...overrides });
    return resubmitOrFail('why', { entry, now: NOW, parkedAt });
  }

  it('resubmits the task, and counts attempts from zero, if the task was parked after this attempt', () => {
    expect(decided({}, submittedAt + CLOCKS_DIFFER_MS + 1)).to.deep.equal([
      { do: 'note', patch: { attempts: 0 } },
      { do: 'resubmit', why: 'why' },
    ]);
  });

  const failing: readonly [string, Partial<Entry>, number | undefined][] = [
    ['the time at which the task was parked is unknown', {}, undefined],
    [
      'the task was parked only the permitted clock difference after the submission',
      {},
      submittedAt + CLOCKS_DIFFER_MS,
    ],
    ['an earlier job of the task reached its time limit', { timedOutJobs: ['6' as JobId] }, NOW],
  ];
  for (const [what, overrides, parkedAt] of failing)
    it(`fails the task if ${what}`, () => {
      expect(decided(overrides, parkedAt)).to.have.nested.property('0.ending.reason', 'too many attempts');
    });
});

describe('after the third attempt, the daemon', () => {
  it('resubmits the task immediately if the clock is set back during the backoff', () => {
    const entry = entryOf({ attempts: 3, stepAt: NOW });

    expect(resubmitOrFail('why', { entry, now: NOW, parkedAt: undefined })).to.deep.equal([]);
    expect(resubmitOrFail('why', { entry, now: NOW - 1, parkedAt: undefined })).to.deep.equal([
      { do: 'resubmit', why: 'why' },
    ]);
  });
});
