// Tests rows of the decision table: the job is pending.
import type { QueueId } from '../../../src/clearml/ids.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { describeRows, entryOf, GRACES, jobOf, NOW, recordOf, taskOf } from './observations.ts';

const BY_TERM = { statusReason: 'user abort' };
const HOPELESS = { jobs: [jobOf('PENDING', { reason: 'PartitionTimeLimit' })], place: 'parked' } as const;
const TOLD = { told: { reason: '7:debug:PartitionTimeLimit' } };
const IMPATIENT = { ...GRACES, neverStartsMs: 600_000 };
const ELSE = { lastWorker: 'peer:0' };

describeRows('while a job is pending, the daemon', [
  {
    title: 'shows why the job waits',
    seen: { jobs: [jobOf('PENDING', { reason: 'Resources' })], place: 'parked' },
    done: ['show-status', 'note', 'log'],
  },
  {
    title: 'shows the reason for the wait only once if the reason stays the same',
    seen: {
      jobs: [jobOf('PENDING', { reason: 'Resources' })],
      place: 'parked',
      entry: entryOf({ told: { reason: '7:debug:Resources' } }),
    },
    done: [],
  },
  {
    title: 'does not cancel a job with the reason PartitionTimeLimit if never_starts_sec is not set (S-25)',
    seen: { ...HOPELESS, entry: entryOf({ ...TOLD, neverStartsSince: NOW - 900_000 }) },
    done: [],
  },
  {
    title: 'does not cancel a job with the reason PartitionTimeLimit before never_starts_sec has passed (S-25)',
    seen: { ...HOPELESS, entry: entryOf({ ...TOLD, neverStartsSince: NOW - 599_999 }), gracePeriods: IMPATIENT },
    done: [],
  },
  {
    title: 'counts never_starts_sec from zero again after the job has waited for Resources (S-25)',
    seen: {
      jobs: [jobOf('PENDING', { reason: 'Resources' })],
      place: 'parked',
      entry: entryOf({ told: { reason: '7:debug:Resources' }, neverStartsSince: NOW - 900_000 }),
      gracePeriods: IMPATIENT,
    },
    done: ['note'],
  },
  {
    title: 'does not cancel a job with the reason PartitionTimeLimit if the job has two partitions (S-25)',
    seen: {
      jobs: [jobOf('PENDING', { reason: 'PartitionTimeLimit', partition: 'debug,short' })],
      place: 'parked',
      entry: entryOf({ told: { reason: '7:debug,short:PartitionTimeLimit' }, neverStartsSince: NOW - 900_000 }),
      gracePeriods: IMPATIENT,
    },
    done: ['note'],
  },
  {
    title: 'shows nothing new if Slurm temporarily has no reason for the job',
    seen: { jobs: [jobOf('PENDING')], place: 'parked', entry: entryOf({ told: { reason: '7:debug:Priority' } }) },
    done: [],
  },
  {
    title: 'shows again why the job waits after the job was moved to another partition',
    seen: { jobs: [jobOf('PENDING')], place: 'parked', entry: entryOf({ told: { reason: '7:other:Priority' } }) },
    done: ['show-status', 'note', 'log'],
  },
  {
    title: "cancels the job of an aborted task, and removes the task's entry from the scheduler queue",
    seen: { jobs: [jobOf('PENDING')], task: taskOf('stopped'), place: 'parked' },
    done: ['cancel', 'remove-entry'],
  },
  {
    title: 'cancels the job if the task became a draft',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('created') },
    done: ['cancel'],
  },
  {
    title: 'cancels the job if the task was deleted (C-16)',
    seen: { jobs: [jobOf('PENDING')], task: undefined },
    done: ['cancel'],
  },
  {
    title: 'cancels the job if the task was archived',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('created', { archived: true }) },
    done: ['cancel'],
  },
  {
    title: 'cancels the job, and removes the task from the scheduler queue, if the task is in another queue',
    seen: { jobs: [jobOf('PENDING')], place: 'another queue', hasEntry: true },
    done: ['cancel', 'remove-entry', 'log'],
  },
  {
    title: 'reports only once that the task was moved to another queue',
    seen: { jobs: [jobOf('PENDING')], place: 'another queue', entry: entryOf({ cancelledFor: 'so' }) },
    done: ['cancel'],
  },
  {
    title: 'cancels the job if the task is in its own queue again',
    seen: { jobs: [jobOf('PENDING')], place: 'own queue' },
    done: ['cancel', 'log'],
  },
  {
    title: "looks up the jobs of the attempt if the task's entry in the scheduler queue is gone",
    seen: { jobs: [jobOf('PENDING')], place: 'nowhere' },
    done: ['look-up'],
  },
  {
    title: "reads Slurm's record of the job after the look-up by job name",
    seen: { jobs: [jobOf('PENDING')], place: 'nowhere', lookedUp: true },
    done: ['read-record'],
  },
  {
    title: "cancels the job if the task's queue entry is gone and Slurm has not requeued the job",
    seen: { jobs: [jobOf('PENDING')], place: 'nowhere', lookedUp: true, record: recordOf({ stateWord: 'PENDING' }) },
    done: ['cancel'],
  },
  {
    title: 'does nothing if another worker runs the task',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('in_progress', ELSE) },
    done: [],
  },
  {
    title: 'parks the task again if no agent has reported for 10 minutes',
    seen: {
      jobs: [jobOf('PENDING')],
      task: taskOf('in_progress', { lastWorker: undefined, lastUpdate: NOW - GRACES.absentMs }),
    },
    done: ['park-again', 'note', 'log'],
  },
  {
    title: 'cancels the job if the task runs in another queue',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('in_progress', { executionQueue: 'x'.repeat(32) as QueueId }) },
    done: ['cancel'],
  },
  {
    title: 'does not park the task again if a user requested an abort before SIGTERM arrived',
    seen: {
      jobs: [jobOf('PENDING')],
      task: taskOf('stopped', BY_TERM),
      entry: entryOf({ stoppingSince: NOW - 5_000 }),
    },
    done: ['cancel'],
  },
  {
    title: 'cancels the job, but keeps the status "stopped", if SIGTERM stopped another agent',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('stopped', { ...BY_TERM, ...ELSE }) },
    done: ['cancel'],
  },
  {
    title: 'clears the cancellation of an earlier job from the journal entry',
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
