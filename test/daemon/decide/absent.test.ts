// Rows of the decision table: Slurm no longer shows the job.
import { expect } from 'chai';
import type { QueueId } from '../../../src/clearml/ids.ts';
import { decide } from '../../../src/daemon/decide/decide.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { describeRows, entryOf, GRACES, jobName, jobOf, NOW, recordOf, observation, taskOf } from './observations.ts';

const ELSEWHERE = { executionQueue: 'x'.repeat(32) as QueueId };
const started = entryOf({ told: { startedOn: '7@' } });

describeRows('an absent job', [
  { title: 'S-20 absent from one good poll: remembered, nothing else', seen: {}, done: ['note'] },
  {
    title: 'S-20 absent from a second one: accounting is asked',
    seen: { entry: entryOf({ absentSince: NOW - 15_000 }) },
    done: ['look-up'],
  },
  {
    title: 'absent for a while: still followed',
    seen: { entry: entryOf({ absentSince: NOW - 15_000 }), lookedUp: true, task: taskOf('in_progress') },
    done: [],
  },
  {
    title: 'what accounting knows counts like a row of squeue',
    seen: {
      entry: entryOf({ absentSince: NOW - 15_000 }),
      lookedUp: true,
      jobs: [jobOf('COMPLETED')],
      task: taskOf('completed'),
    },
    done: ['forget', 'log'],
  },
  {
    title: 'of an absent job whose extra one we cancelled, accounting knows only that one: it says nothing',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs, cancelledExtras: ['8' as JobId] }),
      lookedUp: true,
      jobs: [jobOf('CANCELLED', { id: '8' as JobId })],
      place: 'parked',
    },
    done: ['resubmit'],
  },
  {
    title: 'absent, and the task has ended: done',
    seen: { entry: entryOf({ absentSince: NOW - 15_000 }), lookedUp: true, task: taskOf('failed') },
    done: ['forget'],
  },
  {
    title: 'S-37 absent past the deadline but its agent still reports: still followed',
    seen: { entry: entryOf({ absentSince: NOW - GRACES.absentMs }), lookedUp: true, task: taskOf('in_progress') },
    done: [],
  },
  {
    title: 'S-45 absent and silent past the deadline: lost, failed',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs }),
      lookedUp: true,
      task: taskOf('in_progress', { lastUpdate: NOW - GRACES.absentMs }),
    },
    done: ['end failed'],
  },
  {
    title: 'S-45 an acknowledged job that Slurm forgot is submitted again while the task is parked',
    seen: { entry: entryOf({ absentSince: NOW - GRACES.absentMs }), lookedUp: true, place: 'parked' },
    done: ['resubmit'],
  },
  {
    title: 'a task that is nowhere and whose job is lost returns to its queue',
    seen: { entry: entryOf({ absentSince: NOW - GRACES.absentMs }), lookedUp: true },
    done: ['return-to-queue'],
  },
  {
    title: 'attempts are bounded',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs, attempts: 5 }),
      lookedUp: true,
      place: 'parked',
    },
    done: ['end failed'],
  },
  {
    title: 'a lost job whose task the user had asked to stop: stopped, not failed',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs }),
      lookedUp: true,
      task: taskOf('in_progress', { statusMessage: 'stopping', lastUpdate: NOW - GRACES.absentMs }),
    },
    done: ['end stopped'],
  },
  {
    title: 'absent while the task runs in another queue: it is not ours any more',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs }),
      lookedUp: true,
      task: taskOf('in_progress', { ...ELSEWHERE, lastWorker: 'neighbour:0', lastUpdate: 0 }),
    },
    done: ['forget'],
  },
  {
    title:
      'absent, and its agent began the task after a user had enqueued it elsewhere: the run was ours, and is ended',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs }),
      lookedUp: true,
      task: taskOf('in_progress', { ...ELSEWHERE, lastUpdate: 0 }),
    },
    done: ['end failed'],
  },
  {
    title: 'a job of an earlier life of the task is not taken for the absent one',
    seen: { jobs: [jobOf('FAILED', { id: '3' as JobId, name: jobName(0) })], place: 'parked', record: recordOf() },
    done: ['note'],
  },
]);

describe('an absent job', () => {
  it('forgets an absence as soon as the job is seen again', () => {
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
