// Tests rows of the decision table: Slurm no longer lists the job.
import { expect } from 'chai';
import type { QueueId } from '../../../src/clearml/ids.ts';
import { decide } from '../../../src/daemon/decide/decide.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { describeRows, entryOf, GRACES, jobName, jobOf, NOW, recordOf, observation, taskOf } from './observations.ts';

const ELSEWHERE = { executionQueue: 'x'.repeat(32) as QueueId };
const started = entryOf({ told: { startedOn: '7@' } });

describeRows('for an absent job, the daemon', [
  { title: 'records the absence, and does nothing else, in the first poll (S-20)', seen: {}, done: ['note'] },
  {
    title: 'queries accounting in the second poll (S-20)',
    seen: { entry: entryOf({ absentSince: NOW - 15_000 }) },
    done: ['look-up'],
  },
  {
    title: 'keeps tracking the job while it has been absent only for a short time',
    seen: { entry: entryOf({ absentSince: NOW - 15_000 }), lookedUp: true, task: taskOf('in_progress') },
    done: [],
  },
  {
    title: 'treats a job in accounting like a job in squeue',
    seen: {
      entry: entryOf({ absentSince: NOW - 15_000 }),
      lookedUp: true,
      jobs: [jobOf('COMPLETED')],
      task: taskOf('completed'),
    },
    done: ['forget', 'log'],
  },
  {
    title: 'ignores a cancelled extra job of the task that accounting lists',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs, cancelledExtras: ['8' as JobId] }),
      lookedUp: true,
      jobs: [jobOf('CANCELLED', { id: '8' as JobId })],
      place: 'parked',
    },
    done: ['resubmit'],
  },
  {
    title:
      'counts attempts from zero if the task was parked after the last attempt (as after an old journal was restored)',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs, attempts: 5, stepAt: NOW - 900_000 }),
      lookedUp: true,
      place: 'parked',
      parkedAt: NOW - 600_000,
    },
    done: ['note', 'resubmit'],
  },
  {
    title: 'fails the task after too many attempts since the parking',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs, attempts: 5, stepAt: NOW - 900_000 }),
      lookedUp: true,
      place: 'parked',
      parkedAt: NOW - 900_000,
    },
    done: ['end failed'],
  },
  {
    title: 'sets the task to stopped if only accounting shows that a user cancelled the job',
    seen: {
      entry: entryOf({ absentSince: NOW - 15_000, endSeenAt: NOW - GRACES.endMs }),
      lookedUp: true,
      jobs: [jobOf('CANCELLED')],
      task: taskOf('in_progress'),
      record: recordOf({ stateWord: 'CANCELLED' }),
    },
    done: ['end stopped'],
  },
  {
    title: 'forgets the task if it has ended',
    seen: { entry: entryOf({ absentSince: NOW - 15_000 }), lookedUp: true, task: taskOf('failed') },
    done: ['forget'],
  },
  {
    title: 'keeps tracking the job past the deadline while its agent reports (S-37)',
    seen: { entry: entryOf({ absentSince: NOW - GRACES.absentMs }), lookedUp: true, task: taskOf('in_progress') },
    done: [],
  },
  {
    title: 'returns the task to its queue at the deadline if the task is in no queue',
    seen: { entry: entryOf({ absentSince: NOW - GRACES.absentMs }), lookedUp: true },
    done: ['return-to-queue'],
  },
  {
    title: 'fails the task after the maximum number of attempts',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs, attempts: 5 }),
      lookedUp: true,
      place: 'parked',
    },
    done: ['end failed'],
  },
  {
    title: 'forgets the task if the task was claimed from another queue and runs',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs }),
      lookedUp: true,
      task: taskOf('in_progress', { ...ELSEWHERE, lastWorker: 'peer:0', lastUpdate: 0 }),
    },
    done: ['forget'],
  },
  {
    title: 'fails a task that this job ran and that no longer reports, even if a user had enqueued it in another queue',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs }),
      lookedUp: true,
      task: taskOf('in_progress', { ...ELSEWHERE, lastUpdate: 0 }),
    },
    done: ['end failed'],
  },
  {
    title: 'ignores a job of an earlier run of the task',
    seen: { jobs: [jobOf('FAILED', { id: '3' as JobId, name: jobName(0) })], place: 'parked', record: recordOf() },
    done: ['note'],
  },
]);

describe('for an absent job, the daemon', () => {
  it('clears the recorded absence when Slurm lists the job again', () => {
    const [note] = decide(
      observation({
        jobs: [jobOf('RUNNING')],
        task: taskOf('in_progress'),
        entry: { ...started, absentSince: NOW - 1000 },
      }),
    );
    expect(note).to.deep.include({ do: 'note' });
    expect(note).to.have.nested.property('patch.absentSince', undefined);
  });
});
