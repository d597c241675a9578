// Tests complete decisions about an ended job, with every text and journal update.
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { JOB_EXIT_CODES } from '../../../src/sbatch-template/job-script/job-exit-codes.ts';
import {
  attempt,
  describeExactly,
  endTask,
  entryOf,
  GRACES,
  jobName,
  jobOf,
  NOW,
  recordOf,
  taskOf,
} from './observations.ts';

const ENDED = entryOf({ endSeenAt: NOW - GRACES.endMs });
const gate = recordOf({ exitCode: JOB_EXIT_CODES.gateClosed.code });

describeExactly('after the end of a job, the daemon', [
  [
    'fails the task if Slurm requeued the job after a user had enqueued the task in another queue',
    {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { executionQueue: undefined, lastUpdate: NOW - GRACES.absentMs }),
      record: { ...gate, restarts: 1 },
      entry: ENDED,
    },
    endTask(
      'failed',
      'requeued by Slurm',
      'Slurm requeued job 7, but its task is now in another queue, so the job does not run the task again. Enqueue the task in the queue where it should run.',
    ),
  ],
  [
    'fails a task in progress if Slurm no longer knows the job and no agent ever reported',
    {
      task: taskOf('in_progress', { lastUpdate: undefined }),
      entry: entryOf({ absentSince: NOW - GRACES.absentMs }),
      lookedUp: true,
    },
    endTask(
      'failed',
      'job lost',
      'Slurm job 7 is no longer known to Slurm, and its agent never reported. The job was lost, perhaps because the Slurm controller restarted. Enqueue the task again.',
    ),
  ],
  [
    "reads Slurm's record of the newest ended job if Slurm does not list the tracked job",
    {
      jobs: [1, 3, 2].map((number) => jobOf('FAILED', { id: String(number) as JobId, name: jobName(number) })),
      entry: entryOf({ jobId: '99' as JobId }),
    },
    { do: 'read-record', jobId: '3' as JobId },
  ],
  [
    "reads Slurm's record of the tracked job if three jobs of the task have ended",
    {
      jobs: [1, 3, 2].map((number) => jobOf('FAILED', { id: String(number) as JobId, name: jobName(number) })),
      entry: entryOf({ jobId: '2' as JobId }),
    },
    { do: 'read-record', jobId: '2' as JobId },
  ],
  [
    "reads Slurm's record of the job that ran the task if three jobs of the task have ended",
    {
      jobs: [1, 3, 2].map((number) => jobOf('FAILED', { id: String(number) as JobId, name: jobName(number) })),
      task: taskOf('in_progress', { lastWorker: 'login1:slurm:1' }),
      entry: entryOf({ jobId: '2' as JobId }),
    },
    { do: 'read-record', jobId: '1' as JobId },
  ],
  [
    'tracks the job with the name of the current attempt even if the journal has another job id',
    { jobs: [jobOf('FAILED', { id: '8' as JobId })] },
    { do: 'read-record', jobId: '8' as JobId },
  ],
  [
    'records that the tracked job is missing if only a job of an older attempt has ended',
    { jobs: [jobOf('FAILED', { id: '8' as JobId })], entry: entryOf({ attempt: attempt(2) }) },
    { do: 'note', patch: { absentSince: NOW } },
  ],
  [
    'records that the tracked job is missing if the attempt is unknown and the ended job has another id',
    { jobs: [jobOf('FAILED', { id: '8' as JobId })], entry: entryOf({ attempt: undefined }) },
    { do: 'note', patch: { absentSince: NOW } },
  ],
  [
    'fails the task as "rejected by Slurm" if the job ended with the reason BadConstraints (S-03)',
    { jobs: [jobOf('FAILED', { reason: 'BadConstraints' })], place: 'parked', record: recordOf() },
    endTask(
      'failed',
      'rejected by Slurm',
      'Slurm rejected the job: BadConstraints. Change the user property that sets the rejected value, or edit the template of queue "gpu".',
    ),
  ],
  [
    'fails the task if the job reached its time limit before its agent started',
    { jobs: [jobOf('TIMEOUT', { reason: 'BadConstraints' })], place: 'parked', record: 'gone' },
    endTask(
      'failed',
      'Slurm TIMEOUT',
      'Slurm job 7 ended TIMEOUT: Slurm ended it at its time limit. What to do: raise --time, or save checkpoints and continue from them. clearml-agent did not start the task.',
      {
        guess:
          " The job's log shows the cause: for example, a command of the template failed, the node cannot reach the ClearML server, or Python is missing.",
        withLog: true,
      },
    ),
  ],
  [
    'changes the status from "in_progress" to "stopped" once the grace period of a user\'s abort has ended',
    {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { statusMessage: 'stopping' }),
      record: 'gone',
      entry: ENDED,
    },
    endTask('stopped', 'aborted', 'Aborted by the user. Slurm job 7 ended FAILED.'),
  ],
  [
    "reads Slurm's record of the job if the job failed although the task completed",
    { jobs: [jobOf('FAILED')], task: taskOf('completed') },
    { do: 'read-record', jobId: '7' as JobId },
  ],
  [
    'resubmits the task if the task was parked two minutes after the job ended',
    {
      jobs: [jobOf('FAILED', { endedAt: NOW - 120_000 })],
      place: 'parked',
      parkedAt: NOW,
      record: 'gone',
      entry: ENDED,
    },
    { do: 'resubmit', why: 'the task was claimed again after job 7 had ended' },
  ],
  [
    'resubmits a parked task if the job found the gate closed',
    { jobs: [jobOf('FAILED')], place: 'parked', record: gate },
    { do: 'resubmit', why: 'job 7 did not find the task in the scheduler queue' },
  ],
  [
    'returns the task to its queue if no queue contains the task after the job found the gate closed',
    { jobs: [jobOf('FAILED')], record: gate, entry: ENDED },
    { do: 'return-to-queue', why: 'job 7 did not find the task in the scheduler queue' },
  ],
  [
    'leaves a task in progress unchanged until the grace period has ended',
    {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress'),
      record: recordOf(),
      entry: entryOf({ endSeenAt: NOW - GRACES.endMs + 1 }),
    },
  ],
  [
    'fails a task in progress after the grace period',
    { jobs: [jobOf('FAILED')], task: taskOf('in_progress'), record: recordOf(), entry: ENDED },
    endTask('failed', 'Slurm FAILED', 'Slurm job 7 ended FAILED (exit code 1).', { withLog: true }),
  ],
  [
    'fails a stopped task if the agent mistook the SIGTERM at the time limit for an abort',
    { jobs: [jobOf('TIMEOUT')], task: taskOf('stopped', { statusReason: 'user abort' }), record: recordOf() },
    endTask(
      'failed',
      'Slurm TIMEOUT',
      'Slurm job 7 ended TIMEOUT: Slurm ended it at its time limit of 01:00:00. What to do: raise --time, or save checkpoints and continue from them.',
    ),
  ],
  [
    'returns a queued task to its queue if the daemon cancelled the job',
    { jobs: [jobOf('CANCELLED')], record: recordOf(), entry: entryOf({ cancelledFor: 'it was too old' }) },
    { do: 'return-to-queue', why: "the task's job 7 was cancelled because it was too old" },
  ],
  [
    'changes the status from "in_progress" to "stopped" if the daemon cancelled the job',
    {
      jobs: [jobOf('CANCELLED')],
      task: taskOf('in_progress'),
      record: recordOf(),
      entry: { ...ENDED, cancelledFor: 'it was too old' },
    },
    endTask('stopped', 'cancelled', 'Slurm job 7 was cancelled because it was too old.'),
  ],
  [
    'forgets the task if both the task and the job completed',
    { jobs: [jobOf('COMPLETED')], task: taskOf('completed') },
    { do: 'forget' },
    { do: 'log', level: 'INFO', text: 'Slurm job 7 ended COMPLETED.' },
  ],
  [
    'logs a warning about a failed task, but no advice, if Slurm no longer has the record of the job',
    { jobs: [jobOf('FAILED')], task: taskOf('failed'), record: 'gone' },
    { do: 'forget' },
    { do: 'log', level: 'WARNING', text: 'Slurm job 7 ended FAILED.' },
  ],
  [
    "logs a warning about a failed task, with advice from the job's log",
    { jobs: [jobOf('FAILED')], task: taskOf('failed'), record: recordOf({ exitCode: 3 }) },
    { do: 'forget' },
    { do: 'log', level: 'WARNING', text: 'Slurm job 7 ended FAILED (exit code 3).', withAdvice: true },
  ],
  [
    'logs which rank failed first if the job of a failed task ran on two nodes',
    { jobs: [jobOf('FAILED', { nodes: 'n[1-2]' })], task: taskOf('failed'), record: recordOf({ exitCode: 3 }) },
    { do: 'forget' },
    {
      do: 'log',
      level: 'WARNING',
      text: 'Slurm job 7 ended FAILED (exit code 3) on n[1-2].',
      namesRank: true,
      withAdvice: true,
    },
  ],
  [
    "first reads Slurm's record of the job if the job completed although the task failed",
    { jobs: [jobOf('COMPLETED')], task: taskOf('failed') },
    { do: 'read-record', jobId: '7' as JobId },
  ],
  [
    "logs advice from the job's log if the task failed but the job completed",
    { jobs: [jobOf('COMPLETED')], task: taskOf('failed'), record: recordOf() },
    { do: 'forget' },
    { do: 'log', level: 'INFO', text: 'Slurm job 7 ended COMPLETED.', withAdvice: true },
  ],
  [
    'logs why the daemon cancelled the job of a stopped task',
    {
      jobs: [jobOf('CANCELLED')],
      task: taskOf('stopped'),
      record: recordOf(),
      entry: entryOf({ cancelledFor: 'the task was aborted' }),
    },
    { do: 'forget' },
    { do: 'log', level: 'INFO', text: 'Slurm job 7 was cancelled because the task was aborted.' },
  ],
  [
    'fails a parked task if the fifth attempt found the gate closed',
    { jobs: [jobOf('FAILED')], place: 'parked', record: gate, entry: entryOf({ attempts: 5 }) },
    endTask(
      'failed',
      'too many attempts',
      'Gave up after 5 Slurm jobs, none of which started the task: job 7 did not find the task in the scheduler queue. Fix the cause, then enqueue the task again.',
      { withLog: true },
    ),
  ],
]);
