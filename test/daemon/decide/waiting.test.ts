// Tests rows of the decision table: the job is pending.
import type { QueueId } from '../../../src/clearml/ids.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { describeRows, entryOf, GRACES, jobOf, NOW, recordOf, taskOf } from './observations.ts';

const BY_TERM = { statusReason: 'user abort' };
const HOPELESS = { jobs: [jobOf('PENDING', { reason: 'PartitionTimeLimit' })], place: 'parked' } as const;
const TOLD = { told: { reason: '7:debug:PartitionTimeLimit' } };
const IMPATIENT = { ...GRACES, neverStartsMs: 600_000 };
const ELSE = { lastWorker: 'peer:0' };

describeRows('a pending job', [
  {
    title: 'shows why a pending job of a parked task waits',
    seen: { jobs: [jobOf('PENDING', { reason: 'Resources' })], place: 'parked' },
    done: ['show-status', 'note', 'log'],
  },
  {
    title: 'does not show the same reason twice',
    seen: {
      jobs: [jobOf('PENDING', { reason: 'Resources' })],
      place: 'parked',
      entry: entryOf({ told: { reason: '7:debug:Resources' } }),
    },
    done: [],
  },
  {
    title: 'S-25 shows the reason of a job that cannot start if no limit is set',
    seen: { ...HOPELESS, entry: entryOf({ ...TOLD, neverStartsSince: NOW - 900_000 }) },
    done: [],
  },
  {
    title: 'S-25 starts to count the time when such a reason is first seen',
    seen: { ...HOPELESS, entry: entryOf(TOLD), gracePeriods: IMPATIENT },
    done: ['note'],
  },
  {
    title: 'S-25 lets the job wait until the limit',
    seen: { ...HOPELESS, entry: entryOf({ ...TOLD, neverStartsSince: NOW - 599_999 }), gracePeriods: IMPATIENT },
    done: [],
  },
  {
    title: 'S-25 cancels the job and fails the task after the limit',
    seen: { ...HOPELESS, entry: entryOf({ ...TOLD, neverStartsSince: NOW - 600_000 }), gracePeriods: IMPATIENT },
    done: ['cancel', 'end failed'],
  },
  {
    title: 'S-25 resets the count when another kind of reason appears',
    seen: {
      jobs: [jobOf('PENDING', { reason: 'Resources' })],
      place: 'parked',
      entry: entryOf({ told: { reason: '7:debug:Resources' }, neverStartsSince: NOW - 900_000 }),
      gracePeriods: IMPATIENT,
    },
    done: ['note'],
  },
  {
    title: 'cancels the job of an aborted task, and removes an entry that the abort missed',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('stopped'), place: 'parked' },
    done: ['cancel', 'remove-entry'],
  },
  {
    title: 'cancels the pending job of a task that became a draft',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('created') },
    done: ['cancel'],
  },
  {
    title: 'C-16 cancels the pending job of a deleted task',
    seen: { jobs: [jobOf('PENDING')], task: undefined },
    done: ['cancel'],
  },
  {
    title: 'cancels the pending job of an archived task',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('created', { archived: true }) },
    done: ['cancel'],
  },
  {
    title: 'cancels the pending job of a task that was moved to another queue, and reports it',
    seen: { jobs: [jobOf('PENDING')], place: 'another queue' },
    done: ['cancel', 'log'],
  },
  {
    title: "also removes the task's entry from the scheduler queue",
    seen: { jobs: [jobOf('PENDING')], place: 'another queue', hasEntry: true },
    done: ['cancel', 'remove-entry', 'log'],
  },
  {
    title: 'reports that once',
    seen: { jobs: [jobOf('PENDING')], place: 'another queue', entry: entryOf({ cancelledFor: 'so' }) },
    done: ['cancel'],
  },
  {
    title: 'cancels the pending job of a task that is back in its queue',
    seen: { jobs: [jobOf('PENDING')], place: 'own queue' },
    done: ['cancel', 'log'],
  },
  {
    title: 'reads the record of a pending job whose entry is gone from the scheduler queue',
    seen: { jobs: [jobOf('PENDING')], place: 'nowhere' },
    done: ['read-record'],
  },
  {
    title: 'cancels it otherwise',
    seen: { jobs: [jobOf('PENDING')], place: 'nowhere', record: recordOf({ stateWord: 'PENDING' }) },
    done: ['cancel'],
  },
  {
    title: 'S-24 parks a running task again whose job Slurm requeued',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('in_progress') },
    done: ['park-again', 'note', 'log'],
  },
  {
    title: 'cancels the requeued job of an aborted task, and stops the task',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('in_progress', { statusMessage: 'stopping' }) },
    done: ['cancel', 'end stopped'],
  },
  {
    title: 'leaves a task alone that another job may run',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('in_progress', ELSE) },
    done: [],
  },
  {
    title: 'parks a task again whose agent died before its first report, after a long silence',
    seen: {
      jobs: [jobOf('PENDING')],
      task: taskOf('in_progress', { lastWorker: undefined, lastUpdate: NOW - GRACES.absentMs }),
    },
    done: ['park-again', 'note', 'log'],
  },
  {
    title: 'cancels the pending job of a task that runs in another queue',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('in_progress', { executionQueue: 'x'.repeat(32) as QueueId }) },
    done: ['cancel'],
  },
  {
    title: 'parks a task again that SIGTERM stopped before Slurm requeued its job',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('stopped', BY_TERM) },
    done: ['park-again', 'note', 'log'],
  },
  {
    title: 'does not park a task again whose abort request was seen before the SIGTERM',
    seen: {
      jobs: [jobOf('PENDING')],
      task: taskOf('stopped', BY_TERM),
      entry: entryOf({ stoppingSince: NOW - 5_000 }),
    },
    done: ['cancel'],
  },
  {
    title: 'leaves a task stopped that SIGTERM stopped under another agent',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('stopped', { ...BY_TERM, ...ELSE }) },
    done: ['cancel'],
  },
  {
    title: 'clears what was recorded of another job of the task',
    seen: {
      jobs: [jobOf('PENDING', { reason: 'Resources' })],
      place: 'parked',
      entry: entryOf({
        jobId: '6' as JobId,
        cancelledFor: 'it was one too many',
        told: { reason: '7:debug:Resources' },
      }),
    },
    done: ['note'],
  },
]);
