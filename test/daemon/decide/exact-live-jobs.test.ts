// Tests complete decisions about an absent, pending or running job, with every text and journal update.
import type { Observation } from '../../../src/daemon/decide/observation.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { attempt, describeExactly, endTask, entryOf, GRACES, jobName, jobOf, NOW, taskOf } from './observations.ts';

const SINCE = NOW - GRACES.absentMs;
const SILENT = { lastUpdate: NOW - GRACES.absentMs };
const absent = (since: number): Partial<Observation> => ({ entry: entryOf({ absentSince: since }), lookedUp: true });

describeExactly('the daemon', [
  [
    'records the time of the first poll that lacks the tracked job',
    { place: 'parked' },
    { do: 'note', patch: { absentSince: NOW } },
  ],
  [
    'forgets a task with a missing job if the task waits in its own queue',
    { ...absent(NOW), place: 'own queue' },
    { do: 'forget' },
  ],
  [
    'forgets a task with a missing job if the task waits in another queue',
    { ...absent(NOW), place: 'another queue' },
    { do: 'forget' },
  ],
  [
    'leaves a parked task unchanged until its job has been missing for 10 minutes',
    { ...absent(SINCE + 1), place: 'parked' },
  ],
  [
    'resubmits a parked task after its job has been missing for 10 minutes (S-45)',
    { ...absent(SINCE), place: 'parked' },
    { do: 'resubmit', why: 'Slurm job 7 is no longer known to Slurm' },
  ],
  [
    'returns a task that is in no queue to its queue if the id of the missing job is unknown',
    { entry: entryOf({ absentSince: SINCE, jobId: undefined }), lookedUp: true },
    { do: 'return-to-queue', why: "the task's Slurm job is no longer known to Slurm" },
  ],
  [
    'removes the queue entry of a deleted task with a missing job',
    { ...absent(NOW), task: undefined, place: 'parked' },
    { do: 'remove-entry' },
    { do: 'forget' },
  ],
  [
    'removes the queue entry of an aborted task with a missing job',
    { ...absent(NOW), task: taskOf('stopped'), place: 'parked' },
    { do: 'remove-entry' },
    { do: 'forget' },
  ],
  [
    'does nothing about a missing job if its agent has reported in the last 10 minutes',
    { ...absent(SINCE), task: taskOf('in_progress', { lastUpdate: SINCE + 1 }) },
  ],
  [
    'fails a task with a missing job if the agent has been silent for 10 minutes (S-45)',
    { ...absent(SINCE), task: taskOf('in_progress', SILENT) },
    endTask(
      'failed',
      'job lost',
      'Slurm job 7 is no longer known to Slurm, and its agent has not reported for 10 min. The job was lost, perhaps because the Slurm controller restarted. Enqueue the task again.',
    ),
  ],
  [
    'sets the status of an aborted task to "stopped" if both its job and its agent are gone',
    { ...absent(SINCE), task: taskOf('in_progress', { ...SILENT, statusMessage: 'stopping' }) },
    endTask('stopped', 'aborted', 'Aborted by the user. Slurm job 7 is no longer known to Slurm.'),
  ],
  [
    "clears the recorded time of a job's absence when Slurm lists the job again",
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
    'logs a warning if the agent has not started the task five minutes after the start of the job',
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
    'clears the record of an old abort once the task is in progress without an abort request',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('in_progress'),
      entry: entryOf({ told: { startedOn: '7@' }, stoppingSince: 1 }),
    },
    { do: 'note', patch: { astraySince: undefined, stoppingSince: undefined, stoppingRun: undefined } },
  ],
  [
    'records the time of the first poll that shows an abort request',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('in_progress', { statusMessage: 'stopping' }),
      entry: entryOf({ told: { startedOn: '7@' } }),
    },
    { do: 'note', patch: { stoppingSince: NOW, stoppingRun: undefined } },
  ],
  [
    'does not cancel the job of an aborted task before the grace period has ended',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('in_progress', { statusMessage: 'stopping' }),
      entry: entryOf({ told: { startedOn: '7@' }, stoppingSince: NOW - GRACES.stopMs + 1 }),
    },
  ],
  [
    'cancels the job of an aborted task after the grace period (C-09)',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('in_progress', { statusMessage: 'stopping' }),
      entry: entryOf({ told: { startedOn: '7@' }, stoppingSince: NOW - GRACES.stopMs }),
    },
    { do: 'cancel', jobIds: ['7' as JobId], why: 'the agent did not end the aborted task in time' },
  ],
  [
    'does not cancel the job of a reset task before the grace period has ended',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('created'),
      entry: entryOf({ told: { startedOn: '7@' }, astraySince: NOW - GRACES.endMs + 1 }),
    },
  ],
  [
    'cancels the job and removes the queue entry of a reset task after the grace period',
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
    'cancels a requeued job if the task is still queued but its queue entry is gone',
    { jobs: [jobOf('PENDING')], entry: entryOf({ told: { startedOn: '7@5' } }) },
    { do: 'cancel', jobIds: ['7' as JobId], why: 'Slurm requeued it before clearml-agent started the task' },
  ],
  [
    "reads Slurm's record of a pending job that never started if the task's queue entry is gone",
    { jobs: [jobOf('PENDING')], lookedUp: true, entry: entryOf({ told: { startedOn: '6@5' } }) },
    { do: 'read-record', jobId: '7' as JobId },
  ],
  [
    "cancels a pending job if the task's queue entry is gone and Slurm has no record of the job",
    { jobs: [jobOf('PENDING')], lookedUp: true, record: 'gone' },
    { do: 'cancel', jobIds: ['7' as JobId], why: 'the task is no longer in the scheduler queue' },
  ],
  [
    'parks the task again if Slurm requeued the job (S-24)',
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
    'cancels the requeued job of an aborted task, and sets the status to "stopped"',
    { jobs: [jobOf('PENDING')], task: taskOf('in_progress', { statusMessage: 'stopping' }) },
    { do: 'cancel', jobIds: ['7' as JobId], why: 'the task was aborted' },
    endTask('stopped', 'aborted', 'Aborted by the user. Cancelling Slurm job 7, which Slurm had requeued.'),
  ],
]);
