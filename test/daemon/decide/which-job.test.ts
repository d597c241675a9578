// Tests which of several jobs of a task counts as its job, and what happens to the others.
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { JOB_EXIT_CODES } from '../../../src/sbatch-template/job-script/job-exit-codes.ts';
import { attempt, describeExactly, entryOf, GRACES, jobName, jobOf, NOW, recordOf, taskOf } from './observations.ts';

const SECOND = { id: '8' as JobId, name: jobName(2) };
const OF_SECOND = { jobId: SECOND.id, attempt: attempt(2) };
const BY_FIRST = { lastWorker: 'login1:slurm:7' };
const BY_SECOND = { lastWorker: 'login1:slurm:8' };
const TWIN = { id: '8' as JobId };
const NOBODY = { lastWorker: undefined, lastUpdate: NOW - GRACES.absentMs };
const CLOSED = recordOf({ exitCode: JOB_EXIT_CODES.gateClosed.code });
const ASK = { do: 'read-record', jobId: '7' as JobId } as const;
const FIRST_IS_EXTRA = { do: 'cancel', jobIds: ['7' as JobId], why: 'the task has another job, 8' } as const;

describeExactly('when it chooses the job to track, the daemon', [
  [
    'prefers the job that runs the task to an older running job',
    {
      jobs: [jobOf('RUNNING'), jobOf('RUNNING', SECOND)],
      task: taskOf('in_progress', BY_SECOND),
      entry: entryOf({ ...OF_SECOND, told: { startedOn: '8@' } }),
    },
  ],
  [
    'tracks the running job, and keeps the pending job while the task is still parked',
    {
      jobs: [jobOf('PENDING'), jobOf('RUNNING', SECOND)],
      place: 'parked',
      entry: entryOf({ ...OF_SECOND, told: { startedOn: '8@' } }),
    },
  ],
  [
    "tracks the running job, and cancels an older pending job once the task's queue entry is gone",
    {
      jobs: [jobOf('PENDING'), jobOf('RUNNING', SECOND)],
      place: 'nowhere',
      entry: entryOf({ ...OF_SECOND, told: { startedOn: '8@' } }),
    },
    FIRST_IS_EXTRA,
  ],
  [
    'prefers a running job to a requeued pending job that once ran the task',
    {
      jobs: [jobOf('PENDING'), jobOf('RUNNING', SECOND)],
      task: taskOf('in_progress', BY_FIRST),
      entry: entryOf({ ...OF_SECOND, told: { startedOn: '8@' } }),
    },
    FIRST_IS_EXTRA,
  ],
  [
    'does not park the task again while a cancelled extra job runs',
    {
      jobs: [jobOf('PENDING'), jobOf('RUNNING', SECOND)],
      task: taskOf('in_progress', NOBODY),
      entry: entryOf({ cancelledExtras: [SECOND.id], told: { reason: '7:debug:' } }),
    },
  ],
  [
    'prefers a pending job to an ended job that ran the task',
    {
      jobs: [jobOf('FAILED'), jobOf('PENDING', SECOND)],
      task: taskOf('queued', BY_FIRST),
      place: 'parked',
      entry: entryOf({ ...OF_SECOND, told: { reason: '8:debug:' } }),
    },
  ],
  [
    'takes the running job of an earlier attempt if the tracked job is missing',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('in_progress', BY_FIRST),
      entry: entryOf({ ...OF_SECOND, told: { startedOn: '7@' } }),
    },
    {
      do: 'note',
      patch: {
        jobId: '7' as JobId,
        attempt: attempt(1),
        cancelledFor: undefined,
        cancelledAt: undefined,
        neverStartsSince: undefined,
        mayBeUnparked: true,
        absentSince: undefined,
        endSeenAt: undefined,
        wasTakenAtEnd: undefined,
      },
    },
  ],
  [
    'takes no job if the task was deleted and both jobs have ended',
    { jobs: [jobOf('FAILED'), jobOf('FAILED', SECOND)], task: undefined },
    { do: 'forget' },
  ],
  [
    'takes a cancelled extra job if this job runs the task',
    {
      jobs: [jobOf('RUNNING', SECOND)],
      task: taskOf('in_progress', BY_SECOND),
      entry: entryOf({ cancelledExtras: [SECOND.id], cancelledAt: NOW, told: { startedOn: '8@' } }),
    },
    {
      do: 'note',
      patch: {
        ...OF_SECOND,
        cancelledFor: 'the task has another job',
        cancelledAt: undefined,
        neverStartsSince: undefined,
        mayBeUnparked: true,
        absentSince: undefined,
        endSeenAt: undefined,
        wasTakenAtEnd: undefined,
      },
    },
  ],
  [
    'keeps the tracked job, even if that job was cancelled as an extra job and has ended',
    { jobs: [jobOf('FAILED')], place: 'parked', entry: entryOf({ cancelledExtras: ['7' as JobId] }) },
    ASK,
  ],
  [
    'takes the ended job that ran the task even after its cancellation as an extra job',
    {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', BY_FIRST),
      entry: entryOf({ jobId: '9' as JobId, cancelledExtras: ['7' as JobId] }),
    },
    ASK,
  ],
  [
    'keeps the ended tracked job even if the journal entry has no attempt',
    { jobs: [jobOf('FAILED')], place: 'parked', entry: entryOf({ attempt: undefined }) },
    ASK,
  ],
  [
    'reads the record of a second job of the same sbatch if the first found the gate closed',
    { jobs: [jobOf('FAILED'), jobOf('FAILED', TWIN)], task: taskOf('in_progress', NOBODY), record: CLOSED },
    { do: 'read-record', jobId: TWIN.id },
  ],
  [
    'resubmits the task if a requeued second job of the same sbatch found the gate closed',
    {
      jobs: [jobOf('FAILED'), jobOf('FAILED', TWIN)],
      task: taskOf('in_progress', NOBODY),
      record: { ...CLOSED, restarts: 1 },
      foundGateClosed: ['7' as JobId],
    },
    { do: 'note', patch: { jobId: TWIN.id, attempt: attempt(1) } },
    { do: 'park-again', from: 'in_progress', after: 'requeued by Slurm' },
    { do: 'resubmit', why: 'Slurm requeued job 8, and started it before the task was parked again' },
  ],
  [
    'reads no further record if every job of the task found the gate closed',
    {
      jobs: [jobOf('FAILED'), jobOf('FAILED', TWIN)],
      task: taskOf('in_progress', NOBODY),
      record: CLOSED,
      foundGateClosed: ['7' as JobId],
    },
    { do: 'note', patch: { jobId: TWIN.id, attempt: attempt(1) } },
    { do: 'note', patch: { endSeenAt: NOW, wasTakenAtEnd: true } },
  ],
  [
    'ignores a second job of the same sbatch if the first job ran the task',
    {
      jobs: [jobOf('FAILED'), jobOf('FAILED', TWIN)],
      task: taskOf('in_progress', BY_FIRST),
      record: CLOSED,
    },
    { do: 'note', patch: { endSeenAt: NOW, wasTakenAtEnd: true } },
  ],
  [
    'clears the recorded end of the tracked job if this job runs again',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('in_progress'),
      entry: entryOf({ endSeenAt: NOW, told: { startedOn: '7@' } }),
    },
    { do: 'note', patch: { absentSince: undefined, endSeenAt: undefined, wasTakenAtEnd: undefined } },
  ],
]);
