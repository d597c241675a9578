// Which of several jobs under the names of one task is taken for the task's own, and what becomes of the others.
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { attempt, describeInFull, entryOf, jobName, jobOf, NOW, taskOf } from './observations.ts';

const SECOND = { id: '8' as JobId, name: jobName(2) };
const OF_SECOND = { jobId: SECOND.id, attempt: attempt(2) };
const BY_FIRST = { lastWorker: 'login1:slurm:7' };
const BY_SECOND = { lastWorker: 'login1:slurm:8' };
const ASK = { do: 'read-record', jobId: '7' as JobId } as const;
const FIRST_IS_EXTRA = { do: 'cancel', jobIds: ['7' as JobId], why: 'job 8 has the task' } as const;

describeInFull('of several jobs of one task', [
  [
    'of two that run it is the one that is at work on it, though the other is older',
    {
      jobs: [jobOf('RUNNING'), jobOf('RUNNING', SECOND)],
      task: taskOf('in_progress', BY_SECOND),
      entry: entryOf({ ...OF_SECOND, told: { startedOn: '8@' } }),
    },
    [],
  ],
  [
    'it is the one that runs: the one that waits is left until the gate has decided, lest it takes the task and is cancelled then',
    {
      jobs: [jobOf('PENDING'), jobOf('RUNNING', SECOND)],
      place: 'parked',
      entry: entryOf({ ...OF_SECOND, told: { startedOn: '8@' } }),
    },
    [],
  ],
  [
    'it is the one that runs: once the entry is taken the one that waits is cancelled, though it is older',
    {
      jobs: [jobOf('PENDING'), jobOf('RUNNING', SECOND)],
      place: 'nowhere',
      entry: entryOf({ ...OF_SECOND, told: { startedOn: '8@' } }),
    },
    [FIRST_IS_EXTRA],
  ],
  [
    'it is the one that runs, though the other had been at work on it before Slurm put it back',
    {
      jobs: [jobOf('PENDING'), jobOf('RUNNING', SECOND)],
      task: taskOf('in_progress', BY_FIRST),
      entry: entryOf({ ...OF_SECOND, told: { startedOn: '8@' } }),
    },
    [FIRST_IS_EXTRA],
  ],
  [
    'it is the one that lives, though one that has ended was at work on it',
    {
      jobs: [jobOf('FAILED'), jobOf('PENDING', SECOND)],
      task: taskOf('queued', BY_FIRST),
      place: 'parked',
      entry: entryOf({ ...OF_SECOND, told: { reason: '8:debug:' } }),
    },
    [],
  ],
  [
    'it is the one that lives, though it is of an earlier attempt than the known one, which is gone',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('in_progress', BY_FIRST),
      entry: entryOf({ ...OF_SECOND, told: { startedOn: '7@' } }),
    },
    [
      {
        do: 'note',
        patch: {
          jobId: '7' as JobId,
          attempt: attempt(1),
          cancelledFor: undefined,
          cancelledAt: undefined,
          neverStartsSince: undefined,
          absentSince: undefined,
          endSeenAt: undefined,
        },
      },
    ],
  ],
  [
    'of two that have ended, of a task that was deleted, the known one is forgotten with it',
    { jobs: [jobOf('FAILED'), jobOf('FAILED', SECOND)], task: undefined },
    [{ do: 'forget' }],
  ],
  [
    'it is one that we had cancelled as an extra one, where it is at work on the task: it is known why it will end',
    {
      jobs: [jobOf('RUNNING', SECOND)],
      task: taskOf('in_progress', BY_SECOND),
      entry: entryOf({ cancelledExtras: [SECOND.id], cancelledAt: NOW, told: { startedOn: '8@' } }),
    },
    [
      {
        do: 'note',
        patch: {
          ...OF_SECOND,
          cancelledFor: 'another job had the task',
          cancelledAt: undefined,
          neverStartsSince: undefined,
          absentSince: undefined,
          endSeenAt: undefined,
        },
      },
    ],
  ],
  [
    'the known one counts once it has ended, though we had cancelled it as an extra one',
    { jobs: [jobOf('FAILED')], place: 'parked', entry: entryOf({ cancelledExtras: ['7' as JobId] }) },
    [ASK],
  ],
  [
    'one that ran the task counts once it has ended, though we had cancelled it as an extra one of another',
    {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', BY_FIRST),
      entry: entryOf({ jobId: '9' as JobId, cancelledExtras: ['7' as JobId] }),
    },
    [ASK],
  ],
  [
    'the known one counts once it has ended, though nobody remembers which attempt it was',
    { jobs: [jobOf('FAILED')], place: 'parked', entry: entryOf({ attempt: undefined }) },
    [ASK],
  ],
  [
    'one whose end was seen, and that runs again, has not ended',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('in_progress'),
      entry: entryOf({ endSeenAt: NOW, told: { startedOn: '7@' } }),
    },
    [{ do: 'note', patch: { absentSince: undefined, endSeenAt: undefined } }],
  ],
]);
