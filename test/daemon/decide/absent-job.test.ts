// Tests rows of the decision table: Slurm no longer lists the job.
import { expect } from 'chai';
import type { QueueId } from '../../../src/clearml/ids.ts';
import { decide } from '../../../src/daemon/decide/decide.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { describeRows, entryOf, GRACES, jobName, jobOf, NOW, recordOf, observation, taskOf } from './observations.ts';

const ELSEWHERE = { executionQueue: 'x'.repeat(32) as QueueId };
const started = entryOf({ told: { startedOn: '7@' } });

describeRows('after a job has disappeared from squeue, the daemon', [
  { title: 'only updates the journal entry in the first poll without the job (S-20)', seen: {}, done: ['note'] },
  {
    title: 'queries accounting in the second poll without the job (S-20)',
    seen: { entry: entryOf({ absentSince: NOW - 15_000 }) },
    done: ['look-up'],
  },
  {
    title: 'does nothing about a task in progress for the first 15 s',
    seen: { entry: entryOf({ absentSince: NOW - 15_000 }), lookedUp: true, task: taskOf('in_progress') },
    done: [],
  },
  {
    title: 'forgets a completed task if accounting lists the job as COMPLETED',
    seen: {
      entry: entryOf({ absentSince: NOW - 15_000 }),
      lookedUp: true,
      jobs: [jobOf('COMPLETED')],
      task: taskOf('completed'),
    },
    done: ['forget', 'log'],
  },
  {
    title: 'resubmits a parked task even if accounting lists a cancelled extra job of the task',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs, cancelledExtras: ['8' as JobId] }),
      lookedUp: true,
      jobs: [jobOf('CANCELLED', { id: '8' as JobId })],
      place: 'parked',
    },
    done: ['resubmit'],
  },
  {
    title: 'resubmits the task even on its fifth attempt if the task was parked again later',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs, attempts: 5, stepAt: NOW - 900_000 }),
      lookedUp: true,
      place: 'parked',
      parkedAt: NOW - 600_000,
    },
    done: ['note', 'resubmit'],
  },
  {
    title: 'fails the task on its fifth attempt if the task was not parked again later',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs, attempts: 5, stepAt: NOW - 900_000 }),
      lookedUp: true,
      place: 'parked',
      parkedAt: NOW - 900_000,
    },
    done: ['end failed'],
  },
  {
    title: 'changes the status from "in_progress" to "stopped" if accounting lists the job as CANCELLED',
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
    title: 'forgets a failed task',
    seen: { entry: entryOf({ absentSince: NOW - 15_000 }), lookedUp: true, task: taskOf('failed') },
    done: ['forget'],
  },
  {
    title: 'waits for more than 10 minutes while the agent of the job still reports (S-37)',
    seen: { entry: entryOf({ absentSince: NOW - GRACES.absentMs }), lookedUp: true, task: taskOf('in_progress') },
    done: [],
  },
  {
    title: 'returns the task to its queue after 10 minutes if no queue contains the task',
    seen: { entry: entryOf({ absentSince: NOW - GRACES.absentMs }), lookedUp: true },
    done: ['return-to-queue'],
  },
  {
    title: 'fails a parked task after 10 minutes if the job was the fifth attempt',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs, attempts: 5 }),
      lookedUp: true,
      place: 'parked',
    },
    done: ['end failed'],
  },
  {
    title: 'forgets the task if another worker runs the task from another queue',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs }),
      lookedUp: true,
      task: taskOf('in_progress', { ...ELSEWHERE, lastWorker: 'peer:0', lastUpdate: 0 }),
    },
    done: ['forget'],
  },
  {
    title: "fails the task of a silent agent even if the task's execution queue has changed",
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs }),
      lookedUp: true,
      task: taskOf('in_progress', { ...ELSEWHERE, lastUpdate: 0 }),
    },
    done: ['end failed'],
  },
  {
    title: 'ignores an ended job of an earlier attempt of the task',
    seen: { jobs: [jobOf('FAILED', { id: '3' as JobId, name: jobName(0) })], place: 'parked', record: recordOf() },
    done: ['note'],
  },
]);

describe('after a job has disappeared from squeue, the daemon', () => {
  it('clears the recorded time of the absence when squeue lists the job again', () => {
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
