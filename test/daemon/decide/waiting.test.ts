// Rows of the decision table: the job waits in Slurm.
import type { QueueId } from '../../../src/clearml/ids.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { describeRows, entryOf, GRACES, jobOf, NOW, recordOf, taskOf } from './observations.ts';

const BY_TERM = { statusReason: 'user abort' };
const HOPELESS = { jobs: [jobOf('PENDING', { reason: 'PartitionTimeLimit' })], place: 'parked' } as const;
const TOLD = { told: { reason: '7:debug:PartitionTimeLimit' } };
const IMPATIENT = { ...GRACES, neverStartsMs: 600_000 };
const ELSE = { lastWorker: 'neighbour:0' };

describeRows('a job that waits', [
  {
    title: 'a waiting job of a parked task tells why it waits',
    seen: { jobs: [jobOf('PENDING', { reason: 'Resources' })], place: 'parked' },
    done: ['show-status', 'note', 'log'],
  },
  {
    title: 'the same reason is not told twice',
    seen: {
      jobs: [jobOf('PENDING', { reason: 'Resources' })],
      place: 'parked',
      entry: entryOf({ told: { reason: '7:debug:Resources' } }),
    },
    done: [],
  },
  {
    title: 'S-25 a job that never starts waits, and says so, where nobody has said for how long',
    seen: { ...HOPELESS, entry: entryOf({ ...TOLD, neverStartsSince: NOW - 900_000 }) },
    done: [],
  },
  {
    title: 'S-25 from the first sight of such a reason the time is counted',
    seen: { ...HOPELESS, entry: entryOf(TOLD), gracePeriods: IMPATIENT },
    done: ['note'],
  },
  {
    title: 'S-25 until it is over the job waits',
    seen: { ...HOPELESS, entry: entryOf({ ...TOLD, neverStartsSince: NOW - 599_999 }), gracePeriods: IMPATIENT },
    done: [],
  },
  {
    title: 'S-25 then the job is cancelled and the task fails',
    seen: { ...HOPELESS, entry: entryOf({ ...TOLD, neverStartsSince: NOW - 600_000 }), gracePeriods: IMPATIENT },
    done: ['cancel', 'end failed'],
  },
  {
    title: 'S-25 a reason of another kind in between ends the count',
    seen: {
      jobs: [jobOf('PENDING', { reason: 'Resources' })],
      place: 'parked',
      entry: entryOf({ told: { reason: '7:debug:Resources' }, neverStartsSince: NOW - 900_000 }),
      gracePeriods: IMPATIENT,
    },
    done: ['note'],
  },
  {
    title: 'the job of an aborted task is cancelled, and the entry that the abort missed taken out',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('stopped'), place: 'parked' },
    done: ['cancel', 'remove-entry'],
  },
  {
    title: 'the waiting job of a task that became a draft is cancelled',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('created') },
    done: ['cancel'],
  },
  {
    title: 'C-16 the waiting job of a deleted task is cancelled',
    seen: { jobs: [jobOf('PENDING')], task: undefined },
    done: ['cancel'],
  },
  {
    title: 'the waiting job of an archived task is cancelled',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('created', { archived: true }) },
    done: ['cancel'],
  },
  {
    title: 'the waiting job of a task that was moved to another queue is cancelled, and the user told so',
    seen: { jobs: [jobOf('PENDING')], place: 'another queue' },
    done: ['cancel', 'log'],
  },
  {
    title: 'the entry that the task still has in the scheduler queue is taken out with that',
    seen: { jobs: [jobOf('PENDING')], place: 'another queue', hasEntry: true },
    done: ['cancel', 'remove-entry', 'log'],
  },
  {
    title: 'which is told once',
    seen: { jobs: [jobOf('PENDING')], place: 'another queue', entry: entryOf({ cancelledFor: 'so' }) },
    done: ['cancel'],
  },
  {
    title: 'the waiting job of a task that is back in its own queue is cancelled',
    seen: { jobs: [jobOf('PENDING')], place: 'own queue' },
    done: ['cancel', 'log'],
  },
  {
    title:
      'of a waiting job whose entry was taken out of the scheduler queue Slurm is asked whether it has started before',
    seen: { jobs: [jobOf('PENDING')], place: 'nowhere' },
    done: ['read-record'],
  },
  {
    title: 'it is cancelled when it has not',
    seen: { jobs: [jobOf('PENDING')], place: 'nowhere', record: recordOf({ stateWord: 'PENDING' }) },
    done: ['cancel'],
  },
  {
    title: 'S-24 a running task whose job Slurm put back is parked again',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('in_progress') },
    done: ['park-again', 'note', 'log'],
  },
  {
    title: 'a running task that the user had asked to stop is not run again: its job is cancelled, the task stopped',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('in_progress', { statusMessage: 'stopping' }) },
    done: ['cancel', 'end stopped'],
  },
  {
    title: 'a task that somebody else may run is left alone',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('in_progress', ELSE) },
    done: [],
  },
  {
    title: 'a running task whose agent died before its first report is parked again once it has been silent for long',
    seen: {
      jobs: [jobOf('PENDING')],
      task: taskOf('in_progress', { lastWorker: undefined, lastUpdate: NOW - GRACES.absentMs }),
    },
    done: ['park-again', 'note', 'log'],
  },
  {
    title: 'the waiting job of a task that runs in another queue is cancelled',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('in_progress', { executionQueue: 'x'.repeat(32) as QueueId }) },
    done: ['cancel'],
  },
  {
    title: 'a task that SIGTERM stopped before Slurm put its job back is parked again',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('stopped', BY_TERM) },
    done: ['park-again', 'note', 'log'],
  },
  {
    title: 'a task whose user was seen to abort it is not, though the SIGTERM then had the last word',
    seen: {
      jobs: [jobOf('PENDING')],
      task: taskOf('stopped', BY_TERM),
      entry: entryOf({ stoppingSince: NOW - 5_000 }),
    },
    done: ['cancel'],
  },
  {
    title: "a task that SIGTERM stopped under somebody else's agent stays stopped",
    seen: { jobs: [jobOf('PENDING')], task: taskOf('stopped', { ...BY_TERM, ...ELSE }) },
    done: ['cancel'],
  },
  {
    title: 'what was done to another job of the task is no longer kept in mind',
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
