// Tests rows of the decision table: the entry of a parked task is gone. If a user removed it, the task is dequeued.
import { expect } from 'chai';
import type { Action } from '../../../src/daemon/decide/action.ts';
import { decide } from '../../../src/daemon/decide/decide.ts';
import { REMOVED_BY_USER } from '../../../src/daemon/decide/shared-actions.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { describeRows, entryOf, GRACES, jobName, jobOf, NOW, recordOf, observation, taskOf } from './observations.ts';

const WAITS = { jobs: [jobOf('PENDING')], place: 'nowhere' } as const;
const FRESH = { ...WAITS, lookedUp: true, record: recordOf({ stateWord: 'PENDING' }) };
const REMOVED = entryOf({ cancelledFor: REMOVED_BY_USER });
const PAST = { endSeenAt: NOW - GRACES.endMs };
const ENDED = { jobs: [jobOf('CANCELLED')], place: 'nowhere', record: recordOf({ stateWord: 'CANCELLED' }) } as const;

function reasonOf(actions: readonly Action[]): string | undefined {
  return actions.flatMap((action) => (action.do === 'cancel' ? [action.why] : []))[0];
}

describe('when the queue entry of a parked task is missing, the daemon', () => {
  it('concludes that a user removed the entry if the job never started and no program removed the entry', () => {
    expect(reasonOf(decide(observation(FRESH)))).to.equal(REMOVED_BY_USER);
  });

  for (const [what, seen] of [
    ['the scheduler queue was deleted', { ...FRESH, isQueueGone: true }],
    [
      'Slurm requeued the job after the job had passed the gate',
      { ...FRESH, record: recordOf({ stateWord: 'PENDING', restarts: 1 }) },
    ],
    [
      'the job has started since the daemon read the list of jobs',
      { ...FRESH, record: recordOf({ stateWord: 'RUNNING' }) },
    ],
    ['Slurm has no record of the job', { ...FRESH, record: 'gone' }],
    ['a peer may have removed the entry', { ...FRESH, hasPeers: true }],
    ['the task is in its second attempt', { ...FRESH, entry: entryOf({ attempts: 2 }) }],
    ['a killed daemon may have removed the entry', { ...FRESH, entry: entryOf({ mayBeUnparked: true }) }],
    ['the job has already started once', { ...FRESH, entry: entryOf({ told: { startedOn: '7@5' } }) }],
    ['this daemon already cancelled the job', { ...FRESH, entry: entryOf({ cancelledFor: 'it cannot start' }) }],
    ['the previously tracked job may have removed the entry', { ...FRESH, entry: entryOf({ jobId: '6' as JobId }) }],
    [
      'an ended job with the same name may have passed the gate',
      { ...FRESH, jobs: [jobOf('PENDING'), jobOf('FAILED', { id: '8' as JobId })] },
    ],
    ['the journal entry has no attempt', { ...FRESH, entry: entryOf({ attempt: undefined }) }],
    [
      'the job of an earlier attempt may have removed the entry',
      { ...FRESH, jobs: [jobOf('PENDING'), jobOf('FAILED', { id: '6' as JobId, name: jobName(1) })] },
    ],
  ] as const)
    it(`leaves open who removed the entry if ${what}`, () => {
      const reason = reasonOf(decide(observation(seen)));
      expect(reason).to.be.a('string').and.not.equal(REMOVED_BY_USER);
    });
});

describe('when a queue entry disappears after the daemon found a job, the daemon', () => {
  const LATE = { id: '5' as JobId, name: jobName(0) };

  it('leaves open who removed the entry if the job is from an earlier submission', () => {
    const seen = observation({
      ...FRESH,
      jobs: [jobOf('PENDING', LATE)],
      record: recordOf({ stateWord: 'PENDING', name: LATE.name }),
    });
    for (const place of ['parked', 'nowhere'] as const)
      // Without an id: the outcome of the last sbatch is unknown.
      for (const entry of [entryOf(), entryOf({ jobId: undefined })]) {
        const [note] = decide({ ...seen, place, entry });
        const patch = note?.do === 'note' ? note.patch : {};
        const next = decide({ ...seen, entry: { ...entry, ...patch } });
        expect(patch.jobId).to.equal(LATE.id);
        expect(reasonOf(next)).to.be.a('string').and.not.equal(REMOVED_BY_USER);
      }
  });

  it('concludes that a user removed the entry if the job is from the last submission', () => {
    const seen = observation({ ...FRESH, entry: entryOf({ jobId: undefined }) });
    const [note] = decide({ ...seen, place: 'parked' });
    const patch = note?.do === 'note' ? note.patch : {};
    const next = decide({ ...seen, entry: { ...seen.entry, ...patch } });
    expect(reasonOf(next)).to.equal(REMOVED_BY_USER);
  });
});

describeRows('after a user removed a task from the scheduler queue, the daemon', [
  {
    title: 'waits for a grace period after the end of the job',
    seen: { ...ENDED, entry: REMOVED },
    done: ['note'],
  },
  {
    title: "restores the task's former status after the grace period",
    seen: { ...ENDED, entry: { ...REMOVED, ...PAST } },
    done: ['dequeue'],
  },
  {
    title: "restores the task's former status if the job still started and found the gate closed",
    seen: {
      jobs: [jobOf('FAILED')],
      place: 'nowhere',
      record: recordOf({ exitCode: 201 }),
      entry: { ...REMOVED, ...PAST },
    },
    done: ['dequeue'],
  },
  {
    title: "restores the task's former status if Slurm no longer knows the job",
    seen: { lookedUp: true, entry: { ...REMOVED, absentSince: NOW - GRACES.absentMs } },
    done: ['dequeue'],
  },
  {
    title: 'forgets the task if a user has enqueued the task again',
    seen: { ...ENDED, place: 'own queue', entry: { ...REMOVED, ...PAST } },
    done: ['forget'],
  },
  {
    title: 'does nothing if another worker has started the task',
    seen: { ...ENDED, task: taskOf('in_progress', { lastWorker: 'other:0' }), entry: { ...REMOVED, ...PAST } },
    done: [],
  },
]);

describeRows('while a parked task is also in another queue, the daemon', [
  {
    title: 'removes the task from the scheduler queue when the job has ended',
    seen: { ...ENDED, place: 'another queue', hasEntry: true },
    done: ['remove-entry', 'forget'],
  },
]);
