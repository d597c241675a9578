// Tests decisions about an absent, pending or running job in full, with every text and journal update.
import type { Observation } from '../../../src/daemon/decide/observation.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { attempt, describeInFull, entryOf, GRACES, jobName, jobOf, NOW, taskOf } from './observations.ts';

const SINCE = NOW - GRACES.absentMs;
const SILENT = { lastUpdate: NOW - GRACES.absentMs };
const absent = (since: number): Partial<Observation> => ({ entry: entryOf({ absentSince: since }), lookedUp: true });

describeInFull('a decision in full', [
  ['absent for the first time', { place: 'parked' }, [{ do: 'note', patch: { absentSince: NOW } }]],
  ['absent, in its queue', { ...absent(NOW), place: 'own queue' }, [{ do: 'forget' }]],
  ['absent, in another queue', { ...absent(NOW), place: 'another queue' }, [{ do: 'forget' }]],
  ['absent, parked, just before the deadline', { ...absent(SINCE + 1), place: 'parked' }, []],
  [
    'absent, parked, at the deadline',
    { ...absent(SINCE), place: 'parked' },
    [{ do: 'resubmit', why: 'Slurm job 7 is no longer known to Slurm' }],
  ],
  [
    'absent under an unknown id, in no queue',
    { entry: entryOf({ absentSince: SINCE, jobId: undefined }), lookedUp: true },
    [{ do: 'return-to-queue', why: 'Its Slurm job is no longer known to Slurm' }],
  ],
  [
    'absent, its task deleted, parked',
    { ...absent(NOW), task: undefined, place: 'parked' },
    [{ do: 'remove-entry' }, { do: 'forget' }],
  ],
  [
    'absent, its task aborted, parked',
    { ...absent(NOW), task: taskOf('stopped'), place: 'parked' },
    [{ do: 'remove-entry' }, { do: 'forget' }],
  ],
  [
    'absent, with a report of its agent just before the deadline',
    { ...absent(SINCE), task: taskOf('in_progress', { lastUpdate: SINCE + 1 }) },
    [],
  ],
  [
    'absent and silent',
    { ...absent(SINCE), task: taskOf('in_progress', SILENT) },
    [
      {
        do: 'end',
        ending: {
          status: 'failed',
          reason: 'job lost',
          text: 'Slurm job 7 is no longer known to Slurm, and its agent has not reported for 10 min: the job was lost, perhaps because the Slurm controller restarted. Enqueue the task again.',
          withLog: false,
        },
      },
    ],
  ],
  [
    'absent and silent, aborted',
    { ...absent(SINCE), task: taskOf('in_progress', { ...SILENT, statusMessage: 'stopping' }) },
    [
      {
        do: 'end',
        ending: {
          status: 'stopped',
          reason: 'aborted',
          text: 'Aborted by the user. Slurm job 7 is no longer known to Slurm.',
          withLog: false,
        },
      },
    ],
  ],
  [
    'listed again after an absence',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('in_progress'),
      entry: entryOf({ absentSince: NOW, told: { startedOn: '7@' } }),
    },
    [{ do: 'note', patch: { absentSince: undefined, endSeenAt: undefined } }],
  ],
  [
    'running under another job id',
    {
      jobs: [jobOf('RUNNING', { id: '8' as JobId, name: jobName(2) })],
      task: taskOf('in_progress'),
      entry: entryOf({ told: { startedOn: '8@' }, cancelledFor: 'x', cancelledAt: 1 }),
    },
    [
      {
        do: 'note',
        patch: {
          jobId: '8' as JobId,
          attempt: attempt(2),
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
    'two pending jobs: the older one is kept',
    {
      jobs: [jobOf('PENDING', { id: '11' as JobId, name: jobName(2) }), jobOf('PENDING')],
      place: 'parked',
      entry: entryOf({ told: { reason: '7:debug:' } }),
    },
    [{ do: 'cancel', jobIds: ['11' as JobId], why: 'job 7 has the task' }],
  ],
  [
    'two running jobs: neither is cancelled, as the gate has decided',
    {
      jobs: [jobOf('RUNNING'), jobOf('RUNNING', { id: '8' as JobId, name: jobName(2) })],
      task: taskOf('in_progress', { lastWorker: 'login1:slurm:7' }),
      entry: entryOf({ told: { startedOn: '7@' } }),
    },
    [],
  ],
  [
    'a start',
    { jobs: [jobOf('RUNNING', { startAt: NOW, nodes: 'n1' })], place: 'parked' },
    [
      { do: 'note', patch: { told: { startedOn: `7@${NOW}` } } },
      { do: 'log', level: 'INFO', text: 'Slurm job 7 started in partition debug on n1.' },
    ],
  ],
  [
    'slow start',
    {
      jobs: [jobOf('RUNNING', { startAt: NOW - GRACES.startMs })],
      entry: entryOf({ told: { startedOn: `7@${NOW - GRACES.startMs}` } }),
    },
    [
      { do: 'note', patch: { told: { startedOn: `7@${NOW - GRACES.startMs}`, slowStart: true } } },
      {
        do: 'log',
        level: 'WARNING',
        text: "Slurm job 7 has been running for 5 min, but clearml-agent has not started the task. It may still be installing packages; see the job's log on the cluster.",
      },
    ],
  ],
  [
    'recovered',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('in_progress'),
      entry: entryOf({ told: { startedOn: '7@' }, stoppingSince: 1 }),
    },
    [{ do: 'note', patch: { astraySince: undefined, stoppingSince: undefined } }],
  ],
  [
    'the abort is seen',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('in_progress', { statusMessage: 'stopping' }),
      entry: entryOf({ told: { startedOn: '7@' } }),
    },
    [{ do: 'note', patch: { stoppingSince: NOW } }],
  ],
  [
    'aborted, just before the end of the grace period',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('in_progress', { statusMessage: 'stopping' }),
      entry: entryOf({ told: { startedOn: '7@' }, stoppingSince: NOW - GRACES.stopMs + 1 }),
    },
    [],
  ],
  [
    'aborted, after the grace period',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('in_progress', { statusMessage: 'stopping' }),
      entry: entryOf({ told: { startedOn: '7@' }, stoppingSince: NOW - GRACES.stopMs }),
    },
    [{ do: 'cancel', jobIds: ['7' as JobId], why: 'the agent did not end the aborted task in time' }],
  ],
  [
    'running, its task reset, just before the end of the grace period',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('created'),
      entry: entryOf({ told: { startedOn: '7@' }, astraySince: NOW - GRACES.endMs + 1 }),
    },
    [],
  ],
  [
    'running, its task reset and still parked, after the grace period',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('created'),
      place: 'parked',
      entry: entryOf({ told: { startedOn: '7@' }, astraySince: NOW - GRACES.endMs }),
    },
    [{ do: 'cancel', jobIds: ['7' as JobId], why: 'the task is a draft again' }, { do: 'remove-entry' }],
  ],
  [
    'pending with a reason',
    { jobs: [jobOf('PENDING', { reason: 'Priority' })], place: 'parked' },
    [
      {
        do: 'show-status',
        text: 'Slurm job 7 waits in partition debug: jobs of higher priority are before it (Priority).',
      },
      { do: 'note', patch: { told: { reason: '7:debug:Priority' } } },
      {
        do: 'log',
        level: 'INFO',
        text: 'Slurm job 7 waits in partition debug: jobs of higher priority are before it (Priority).',
      },
    ],
  ],
  [
    'pending, its entry gone, after an earlier start',
    { jobs: [jobOf('PENDING')], entry: entryOf({ told: { startedOn: '7@5' } }) },
    [{ do: 'cancel', jobIds: ['7' as JobId], why: 'Slurm requeued it before clearml-agent started the task' }],
  ],
  [
    'pending, its entry gone, after a start of an earlier job',
    { jobs: [jobOf('PENDING')], entry: entryOf({ told: { startedOn: '6@5' } }) },
    [{ do: 'read-record', jobId: '7' as JobId }],
  ],
  [
    'pending, its entry gone, without a record',
    { jobs: [jobOf('PENDING')], record: 'gone' },
    [{ do: 'cancel', jobIds: ['7' as JobId], why: 'the task is no longer in the scheduler queue' }],
  ],
  [
    'requeued',
    { jobs: [jobOf('PENDING')], task: taskOf('in_progress') },
    [
      { do: 'park-again', from: 'in_progress' },
      { do: 'note', patch: { told: {} } },
      {
        do: 'log',
        level: 'WARNING',
        text: 'Slurm requeued job 7: the task waits again and starts from the beginning.',
      },
    ],
  ],
  [
    'requeued while it was aborted',
    { jobs: [jobOf('PENDING')], task: taskOf('in_progress', { statusMessage: 'stopping' }) },
    [
      { do: 'cancel', jobIds: ['7' as JobId], why: 'the task was aborted' },
      {
        do: 'end',
        ending: {
          status: 'stopped',
          reason: 'aborted',
          text: 'Aborted by the user. Slurm had requeued job 7; it is cancelled.',
          withLog: false,
        },
      },
    ],
  ],
]);
