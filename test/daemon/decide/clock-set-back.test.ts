// After the clock was set back, what the daemon noted before is in the future: no task waits until the clock has caught up.
import { expect } from 'chai';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import { decide } from '../../../src/daemon/decide/decide.ts';
import type { Observation } from '../../../src/daemon/decide/observation.ts';
import { isCancelDue } from '../../../src/daemon/reconcile/cancel-again.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { entryOf, GRACES, jobOf, NOW, observation, recordOf, taskOf } from './observations.ts';

const HOURS = 3_600_000;
const NEVER_STARTS_MS = 600_000;
const GRACE_MS = Math.max(GRACES.absentMs, GRACES.endMs, GRACES.stopMs, NEVER_STARTS_MS);

/** The kinds of action that follow at each of these times, milliseconds from now; notes are kept in the entry. */
function actionsAt(seen: Observation, ...times: readonly number[]): string[][] {
  let { entry } = seen;
  return times.map((ms) => {
    const actions = decide({ ...seen, entry, now: NOW + ms });
    for (const action of actions) if (action.do === 'note') entry = { ...entry, ...action.patch };
    return actions.map((action) => action.do);
  });
}

describe('if the clock was set back by three hours, the daemon', () => {
  const later = NOW + 3 * HOURS;
  const rows: readonly (readonly [string, Partial<Entry>, Partial<Observation>, string[]])[] = [
    [
      'fails a task in progress whose job ended FAILED',
      { endSeenAt: later },
      { jobs: [jobOf('FAILED')], task: taskOf('in_progress'), record: recordOf() },
      ['end'],
    ],
    [
      'resubmits a parked task whose job is absent',
      { absentSince: later },
      { place: 'parked', lookedUp: true },
      ['resubmit'],
    ],
    [
      'cancels the job of an aborted task whose agent hangs',
      { stoppingSince: later },
      { jobs: [jobOf('RUNNING')], task: taskOf('in_progress', { statusMessage: 'stopping' }) },
      ['cancel'],
    ],
    [
      'cancels a running job whose task was reset',
      { astraySince: later },
      { jobs: [jobOf('RUNNING')], task: taskOf('created') },
      ['cancel'],
    ],
    [
      'fails a task whose job can never start',
      { neverStartsSince: later },
      {
        jobs: [jobOf('PENDING', { reason: 'AssocMaxWallDurationPerJobLimit' })],
        place: 'parked',
        gracePeriods: { ...GRACES, neverStartsMs: NEVER_STARTS_MS },
      },
      ['cancel', 'end'],
    ],
  ];
  for (const [title, entry, seen, expected] of rows)
    it(`waits one more grace period before it ${title}`, () => {
      const [first = [], soon = [], end = []] = actionsAt(
        observation({ entry: entryOf(entry), ...seen }),
        0,
        1,
        GRACE_MS + 1,
      );

      expect(first).to.include('note');
      expect([...first, ...soon].filter((action) => expected.includes(action))).to.deep.equal([]);
      expect(end.filter((action) => expected.includes(action))).to.deep.equal(expected);
    });

  it('repeats the cancellation of a job immediately', () => {
    const entry = entryOf({ cancelledAt: later, cancelledFor: 'the task was aborted' });
    const cancel = { do: 'cancel', jobIds: ['7' as JobId], why: 'the task was aborted' } as const;

    expect(isCancelDue(entry, cancel, NOW)).to.equal(true);
  });
});
