// Tests rows of the decision table: Slurm no longer lists the job.
import { expect } from 'chai';
import type { QueueId } from '../../../src/clearml/ids.ts';
import { decide } from '../../../src/daemon/decide/decide.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { describeRows, entryOf, GRACES, jobName, jobOf, NOW, recordOf, observation, taskOf } from './observations.ts';

const ELSEWHERE = { executionQueue: 'x'.repeat(32) as QueueId };
const started = entryOf({ told: { startedOn: '7@' } });

describeRows('an absent job', [
  { title: 'S-20 only records the first absence', seen: {}, done: ['note'] },
  {
    title: 'S-20 queries accounting after the second absence',
    seen: { entry: entryOf({ absentSince: NOW - 15_000 }) },
    done: ['look-up'],
  },
  {
    title: 'keeps tracking a job that is absent for a short time',
    seen: { entry: entryOf({ absentSince: NOW - 15_000 }), lookedUp: true, task: taskOf('in_progress') },
    done: [],
  },
  {
    title: 'treats an accounting row like a row of squeue',
    seen: {
      entry: entryOf({ absentSince: NOW - 15_000 }),
      lookedUp: true,
      jobs: [jobOf('COMPLETED')],
      task: taskOf('completed'),
    },
    done: ['forget', 'log'],
  },
  {
    title: 'ignores the accounting row of an extra job that we cancelled',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs, cancelledExtras: ['8' as JobId] }),
      lookedUp: true,
      jobs: [jobOf('CANCELLED', { id: '8' as JobId })],
      place: 'parked',
    },
    done: ['resubmit'],
  },
  {
    title: 'finishes if the task has ended',
    seen: { entry: entryOf({ absentSince: NOW - 15_000 }), lookedUp: true, task: taskOf('failed') },
    done: ['forget'],
  },
  {
    title: 'S-37 keeps tracking a job past the deadline while its agent reports',
    seen: { entry: entryOf({ absentSince: NOW - GRACES.absentMs }), lookedUp: true, task: taskOf('in_progress') },
    done: [],
  },
  {
    title: 'S-45 fails the task of a job that is absent and silent past the deadline',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs }),
      lookedUp: true,
      task: taskOf('in_progress', { lastUpdate: NOW - GRACES.absentMs }),
    },
    done: ['end failed'],
  },
  {
    title: 'S-45 resubmits a parked task whose submitted job Slurm forgot',
    seen: { entry: entryOf({ absentSince: NOW - GRACES.absentMs }), lookedUp: true, place: 'parked' },
    done: ['resubmit'],
  },
  {
    title: 'returns a task to its queue that is nowhere and whose job is lost',
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
    title: 'stops the aborted task of a lost job',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs }),
      lookedUp: true,
      task: taskOf('in_progress', { statusMessage: 'stopping', lastUpdate: NOW - GRACES.absentMs }),
    },
    done: ['end stopped'],
  },
  {
    title: 'forgets a task that runs in another queue',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs }),
      lookedUp: true,
      task: taskOf('in_progress', { ...ELSEWHERE, lastWorker: 'peer:0', lastUpdate: 0 }),
    },
    done: ['forget'],
  },
  {
    title: 'ends our run of a task that was enqueued elsewhere before its agent started',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs }),
      lookedUp: true,
      task: taskOf('in_progress', { ...ELSEWHERE, lastUpdate: 0 }),
    },
    done: ['end failed'],
  },
  {
    title: 'does not take a job of an earlier run of the task for the absent one',
    seen: { jobs: [jobOf('FAILED', { id: '3' as JobId, name: jobName(0) })], place: 'parked', record: recordOf() },
    done: ['note'],
  },
]);

describe('an absent job', () => {
  it('clears the absence when the job is listed again', () => {
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
