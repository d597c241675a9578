// Tests which of several jobs of a task counts as its job, and what happens to the others.
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { attempt, describeExactly, entryOf, jobName, jobOf, NOW, taskOf } from './observations.ts';

const SECOND = { id: '8' as JobId, name: jobName(2) };
const OF_SECOND = { jobId: SECOND.id, attempt: attempt(2) };
const BY_FIRST = { lastWorker: 'login1:slurm:7' };
const BY_SECOND = { lastWorker: 'login1:slurm:8' };
const ASK = { do: 'read-record', jobId: '7' as JobId } as const;
const FIRST_IS_EXTRA = { do: 'cancel', jobIds: ['7' as JobId], why: 'the task has another job, 8' } as const;

describeExactly('for a task with several jobs, the daemon', [
  [
    'chooses the job that runs the task, even if another running job is older',
    {
      jobs: [jobOf('RUNNING'), jobOf('RUNNING', SECOND)],
      task: taskOf('in_progress', BY_SECOND),
      entry: entryOf({ ...OF_SECOND, told: { startedOn: '8@' } }),
    },
  ],
  [
    'chooses the running job, and cancels no pending job until a job has passed the gate',
    {
      jobs: [jobOf('PENDING'), jobOf('RUNNING', SECOND)],
      place: 'parked',
      entry: entryOf({ ...OF_SECOND, told: { startedOn: '8@' } }),
    },
  ],
  [
    "chooses the running job, and also cancels older pending jobs once the task's queue entry is gone",
    {
      jobs: [jobOf('PENDING'), jobOf('RUNNING', SECOND)],
      place: 'nowhere',
      entry: entryOf({ ...OF_SECOND, told: { startedOn: '8@' } }),
    },
    FIRST_IS_EXTRA,
  ],
  [
    'chooses the running job, even if a pending job ran the task before its requeue',
    {
      jobs: [jobOf('PENDING'), jobOf('RUNNING', SECOND)],
      task: taskOf('in_progress', BY_FIRST),
      entry: entryOf({ ...OF_SECOND, told: { startedOn: '8@' } }),
    },
    FIRST_IS_EXTRA,
  ],
  [
    'chooses the live job, even if an ended job ran the task',
    {
      jobs: [jobOf('FAILED'), jobOf('PENDING', SECOND)],
      task: taskOf('queued', BY_FIRST),
      place: 'parked',
      entry: entryOf({ ...OF_SECOND, told: { reason: '8:debug:' } }),
    },
  ],
  [
    'chooses a live job of an earlier attempt if the tracked job is gone',
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
    'forgets the task if it was deleted and both jobs have ended',
    { jobs: [jobOf('FAILED'), jobOf('FAILED', SECOND)], task: undefined },
    { do: 'forget' },
  ],
  [
    'chooses a cancelled extra job if that job runs the task',
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
    'chooses the tracked job even if it has ended and was cancelled as an extra job',
    { jobs: [jobOf('FAILED')], place: 'parked', entry: entryOf({ cancelledExtras: ['7' as JobId] }) },
    ASK,
  ],
  [
    'chooses the job that ran the task even if it has ended and was cancelled as an extra job',
    {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', BY_FIRST),
      entry: entryOf({ jobId: '9' as JobId, cancelledExtras: ['7' as JobId] }),
    },
    ASK,
  ],
  [
    'chooses the tracked job even if it has ended and the journal has no attempt',
    { jobs: [jobOf('FAILED')], place: 'parked', entry: entryOf({ attempt: undefined }) },
    ASK,
  ],
  [
    'clears the recorded end of a job that runs again',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('in_progress'),
      entry: entryOf({ endSeenAt: NOW, told: { startedOn: '7@' } }),
    },
    { do: 'note', patch: { absentSince: undefined, endSeenAt: undefined, wasTakenAtEnd: undefined } },
  ],
]);
