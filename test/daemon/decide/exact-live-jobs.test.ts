// Tests complete decisions about an absent, pending or running job, with every text and journal update.
import type { Observation } from '../../../src/daemon/decide/observation.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { attempt, describeExactly, endTask, entryOf, GRACES, jobName, jobOf, NOW, taskOf } from './observations.ts';

const SINCE = NOW - GRACES.absentMs;
const SILENT = { lastUpdate: NOW - GRACES.absentMs };
const absent = (since: number): Partial<Observation> => ({ entry: entryOf({ absentSince: since }), lookedUp: true });

describeExactly('the daemon', [
  [
    'records the absence of the job when the job is first missing',
    { place: 'parked' },
    { do: 'note', patch: { absentSince: NOW } },
  ],
  [
    'forgets the task if the job is absent and the task is in its own queue',
    { ...absent(NOW), place: 'own queue' },
    { do: 'forget' },
  ],
  [
    'forgets the task if the job is absent and the task is in another queue',
    { ...absent(NOW), place: 'another queue' },
    { do: 'forget' },
  ],
  [
    'does nothing before the deadline if the job is absent and the task is parked',
    { ...absent(SINCE + 1), place: 'parked' },
  ],
  [
    'resubmits the task at the deadline if the job is absent and the task is parked (S-45)',
    { ...absent(SINCE), place: 'parked' },
    { do: 'resubmit', why: 'Slurm job 7 is no longer known to Slurm' },
  ],
  [
    'returns the task to its queue if the task is in no queue and the absent job has no known id',
    { entry: entryOf({ absentSince: SINCE, jobId: undefined }), lookedUp: true },
    { do: 'return-to-queue', why: "the task's Slurm job is no longer known to Slurm" },
  ],
  [
    "removes the task's queue entry if the job is absent and the task was deleted",
    { ...absent(NOW), task: undefined, place: 'parked' },
    { do: 'remove-entry' },
    { do: 'forget' },
  ],
  [
    "removes the task's queue entry if the job is absent and the task was aborted",
    { ...absent(NOW), task: taskOf('stopped'), place: 'parked' },
    { do: 'remove-entry' },
    { do: 'forget' },
  ],
  [
    'does nothing if the job is absent but its agent reported within the deadline',
    { ...absent(SINCE), task: taskOf('in_progress', { lastUpdate: SINCE + 1 }) },
  ],
  [
    'fails the task if the job is absent and no agent reports (S-45)',
    { ...absent(SINCE), task: taskOf('in_progress', SILENT) },
    endTask(
      'failed',
      'job lost',
      'Slurm job 7 is no longer known to Slurm, and its agent has not reported for 10 min. The job was lost, perhaps because the Slurm controller restarted. Enqueue the task again.',
    ),
  ],
  [
    'sets the task to stopped if the job is absent, no agent reports, and a user aborted the task',
    { ...absent(SINCE), task: taskOf('in_progress', { ...SILENT, statusMessage: 'stopping' }) },
    endTask('stopped', 'aborted', 'Aborted by the user. Slurm job 7 is no longer known to Slurm.'),
  ],
  [
    "removes the record of the job's absence when Slurm lists the job again",
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('in_progress'),
      entry: entryOf({ absentSince: NOW, told: { startedOn: '7@' } }),
    },
    { do: 'note', patch: { absentSince: undefined, endSeenAt: undefined, wasTakenAtEnd: undefined } },
  ],
  [
    'tracks the job that runs the task even if the journal records another job',
    {
      jobs: [jobOf('RUNNING', { id: '8' as JobId, name: jobName(2) })],
      task: taskOf('in_progress'),
      entry: entryOf({ told: { startedOn: '8@' }, cancelledFor: 'x', cancelledAt: 1 }),
    },
    {
      do: 'note',
      patch: {
        jobId: '8' as JobId,
        attempt: attempt(2),
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
    'cancels the younger of two pending jobs',
    {
      jobs: [jobOf('PENDING', { id: '11' as JobId, name: jobName(2) }), jobOf('PENDING')],
      place: 'parked',
      entry: entryOf({ told: { reason: '7:debug:' } }),
    },
    { do: 'cancel', jobIds: ['11' as JobId], why: 'the task has another job, 7' },
  ],
  [
    'cancels neither of two running jobs, because one job has passed the gate',
    {
      jobs: [jobOf('RUNNING'), jobOf('RUNNING', { id: '8' as JobId, name: jobName(2) })],
      task: taskOf('in_progress', { lastWorker: 'login1:slurm:7' }),
      entry: entryOf({ told: { startedOn: '7@' } }),
    },
  ],
  [
    'records and reports the start of the job',
    { jobs: [jobOf('RUNNING', { startAt: NOW, nodes: 'n1' })], place: 'parked' },
    { do: 'note', patch: { told: { startedOn: `7@${NOW}` } } },
    { do: 'log', level: 'INFO', text: 'Slurm job 7 started in partition debug on n1.' },
  ],
  [
    'logs a warning if the agent has not started the task for a long time',
    {
      jobs: [jobOf('RUNNING', { startAt: NOW - GRACES.startMs })],
      entry: entryOf({ told: { startedOn: `7@${NOW - GRACES.startMs}` } }),
    },
    { do: 'note', patch: { told: { startedOn: `7@${NOW - GRACES.startMs}`, slowStart: true } } },
    {
      do: 'log',
      level: 'WARNING',
      text: 'Slurm job 7 has been running for 5 min, but clearml-agent has not started the task. The job may still be installing packages: see its log on the cluster.',
    },
  ],
  [
    'clears a recorded abort that names no run once the task is in progress again',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('in_progress'),
      entry: entryOf({ told: { startedOn: '7@' }, stoppingSince: 1 }),
    },
    { do: 'note', patch: { astraySince: undefined, stoppingSince: undefined, stoppingRun: undefined } },
  ],
  [
    'records when an abort is first seen',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('in_progress', { statusMessage: 'stopping' }),
      entry: entryOf({ told: { startedOn: '7@' } }),
    },
    { do: 'note', patch: { stoppingSince: NOW, stoppingRun: undefined } },
  ],
  [
    'does nothing before the grace period has ended if the task was aborted',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('in_progress', { statusMessage: 'stopping' }),
      entry: entryOf({ told: { startedOn: '7@' }, stoppingSince: NOW - GRACES.stopMs + 1 }),
    },
  ],
  [
    'cancels the job after the grace period if the task was aborted (C-09)',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('in_progress', { statusMessage: 'stopping' }),
      entry: entryOf({ told: { startedOn: '7@' }, stoppingSince: NOW - GRACES.stopMs }),
    },
    { do: 'cancel', jobIds: ['7' as JobId], why: 'the agent did not end the aborted task in time' },
  ],
  [
    'does nothing before the grace period has ended if the task was reset',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('created'),
      entry: entryOf({ told: { startedOn: '7@' }, astraySince: NOW - GRACES.endMs + 1 }),
    },
  ],
  [
    'cancels the running job after the grace period if the task was reset but is still in the scheduler queue',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('created'),
      place: 'parked',
      entry: entryOf({ told: { startedOn: '7@' }, astraySince: NOW - GRACES.endMs }),
    },
    { do: 'cancel', jobIds: ['7' as JobId], why: 'the task is a draft again' },
    { do: 'remove-entry' },
  ],
  [
    'shows and records why a pending job waits',
    { jobs: [jobOf('PENDING', { reason: 'Priority' })], place: 'parked' },
    {
      do: 'show-status',
      text: 'Slurm job 7 waits in partition debug: jobs of higher priority are ahead of it (Priority).',
    },
    { do: 'note', patch: { told: { reason: '7:debug:Priority' } } },
    {
      do: 'log',
      level: 'INFO',
      text: 'Slurm job 7 waits in partition debug: jobs of higher priority are ahead of it (Priority).',
    },
  ],
  [
    "cancels a pending job that had started before a requeue if the task's queue entry is gone",
    { jobs: [jobOf('PENDING')], entry: entryOf({ told: { startedOn: '7@5' } }) },
    { do: 'cancel', jobIds: ['7' as JobId], why: 'Slurm requeued it before clearml-agent started the task' },
  ],
  [
    "reads the record of a pending job if the task's queue entry is gone and only an earlier job started",
    { jobs: [jobOf('PENDING')], lookedUp: true, entry: entryOf({ told: { startedOn: '6@5' } }) },
    { do: 'read-record', jobId: '7' as JobId },
  ],
  [
    "cancels a pending job if the task's queue entry is gone and Slurm has no record of the job",
    { jobs: [jobOf('PENDING')], lookedUp: true, record: 'gone' },
    { do: 'cancel', jobIds: ['7' as JobId], why: 'the task is no longer in the scheduler queue' },
  ],
  [
    'parks the task again if the job was requeued (S-24)',
    { jobs: [jobOf('PENDING')], task: taskOf('in_progress') },
    { do: 'park-again', from: 'in_progress', after: 'requeued by Slurm' },
    { do: 'note', patch: { told: {} } },
    {
      do: 'log',
      level: 'WARNING',
      text: 'Slurm requeued job 7: the task waits again and starts from the beginning.',
    },
  ],
  [
    'cancels the requeued job, and sets the task to stopped, if the task was aborted',
    { jobs: [jobOf('PENDING')], task: taskOf('in_progress', { statusMessage: 'stopping' }) },
    { do: 'cancel', jobIds: ['7' as JobId], why: 'the task was aborted' },
    endTask('stopped', 'aborted', 'Aborted by the user. Cancelling Slurm job 7, which Slurm had requeued.'),
  ],
]);
