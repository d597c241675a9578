// Tests complete decisions for a job whose task is elsewhere, was requeued, or cannot start.
import { expect } from 'chai';
import { AFTER_COMPLETION } from '../../../src/daemon/console/ranks.ts';
import { JOB_EXIT_CODES } from '../../../src/sbatch-template/job-script/job-exit-codes.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { decide } from '../../../src/daemon/decide/decide.ts';
import {
  describeExactly,
  endTask,
  entryOf,
  GRACES,
  jobOf,
  NOW,
  recordOf,
  observation,
  taskOf,
} from './observations.ts';

const BY_TERM = { statusReason: 'user abort' };
const STARTED = entryOf({ told: { startedOn: '7@' } });
const ASTRAY = { do: 'note', patch: { astraySince: NOW } } as const;
const back = recordOf({ exitCode: JOB_EXIT_CODES.gateClosed.code, restarts: 1 });
const TEN_MINUTES = 600_000;
const IMPATIENT = { ...GRACES, neverStartsMs: TEN_MINUTES };
const HOPELESS = jobOf('PENDING', { reason: 'PartitionTimeLimit' });
const SUBMIT_BACK = {
  do: 'resubmit',
  why: 'Slurm requeued job 7, and started it before the task was parked again',
} as const;

describeExactly('while a job of the task runs, the daemon', [
  [
    'reports a second start of the same job as "started again"',
    { jobs: [jobOf('RUNNING', { startAt: NOW })], place: 'parked', entry: entryOf({ told: { startedOn: '7@1' } }) },
    { do: 'note', patch: { told: { startedOn: `7@${NOW}` } } },
    { do: 'log', level: 'INFO', text: 'Slurm job 7 started again in partition debug.' },
  ],
  [
    'reports the first start of another job of the task as "started"',
    { jobs: [jobOf('RUNNING', { startAt: NOW })], place: 'parked', entry: entryOf({ told: { startedOn: '6@1' } }) },
    { do: 'note', patch: { told: { startedOn: `7@${NOW}` } } },
    { do: 'log', level: 'INFO', text: 'Slurm job 7 started in partition debug.' },
  ],
  [
    'reports the slow start of the agent only once',
    {
      jobs: [jobOf('RUNNING', { startAt: NOW - GRACES.startMs })],
      entry: entryOf({ told: { startedOn: `7@${NOW - GRACES.startMs}`, slowStart: true } }),
    },
  ],
  [
    'begins a grace period if the task is queued in another queue',
    { jobs: [jobOf('RUNNING')], place: 'another queue', entry: STARTED },
    ASTRAY,
  ],
  [
    'ends the grace period once the job runs the task',
    { jobs: [jobOf('RUNNING')], task: taskOf('in_progress'), entry: { ...STARTED, astraySince: 1 } },
    { do: 'note', patch: { astraySince: undefined, stoppingSince: undefined, stoppingRun: undefined } },
  ],
  ['does nothing if the task was published', { jobs: [jobOf('RUNNING')], task: taskOf('published'), entry: STARTED }],
  [
    'does nothing if the task is being published',
    { jobs: [jobOf('RUNNING')], task: taskOf('publishing'), entry: STARTED },
  ],
  [
    "does nothing if the job's agent stopped the task on SIGTERM",
    { jobs: [jobOf('RUNNING')], task: taskOf('stopped', BY_TERM), entry: STARTED },
  ],
  [
    'begins a grace period if SIGTERM stopped the task in another job',
    {
      jobs: [jobOf('RUNNING')],
      task: taskOf('stopped', { ...BY_TERM, lastWorker: 'login1:slurm:6' }),
      entry: STARTED,
    },
    ASTRAY,
  ],
  [
    'begins a grace period if the user aborted the task',
    { jobs: [jobOf('RUNNING')], task: taskOf('stopped'), entry: STARTED },
    ASTRAY,
  ],
]);

describeExactly('for a pending job, the daemon', [
  [
    'keeps the recorded start if Slurm requeued the job before its agent started',
    {
      jobs: [jobOf('PENDING', { reason: 'Priority' })],
      place: 'parked',
      entry: entryOf({ told: { startedOn: '7@5', slowStart: true } }),
    },
    {
      do: 'show-status',
      text: 'Slurm job 7 waits in partition debug: jobs of higher priority are ahead of it (Priority).',
    },
    { do: 'note', patch: { told: { startedOn: '7@5', reason: '7:debug:Priority' } } },
    {
      do: 'log',
      level: 'INFO',
      text: 'Slurm job 7 waits in partition debug: jobs of higher priority are ahead of it (Priority).',
    },
  ],
  [
    'cancels the job if the task is queued in another queue',
    { jobs: [jobOf('PENDING')], place: 'another queue' },
    { do: 'cancel', jobIds: ['7' as JobId], why: 'the task was enqueued again' },
    { do: 'log', level: 'INFO', text: 'Cancelling Slurm job 7: the task was moved to another queue.' },
  ],
  [
    'cancels the job if another worker runs the task from another queue',
    { jobs: [jobOf('PENDING')], task: taskOf('in_progress', { executionQueue: undefined, lastWorker: 'peer:0' }) },
    { do: 'cancel', jobIds: ['7' as JobId], why: 'the task runs in another queue' },
  ],
  [
    'cancels the requeued job of a task in progress that a user has enqueued in another queue',
    { jobs: [jobOf('PENDING')], task: taskOf('in_progress', { executionQueue: undefined }) },
    { do: 'cancel', jobIds: ['7' as JobId], why: 'the task was enqueued in another queue' },
  ],
  [
    'parks the task again if Slurm requeued the job after its agent received SIGTERM',
    { jobs: [jobOf('PENDING')], task: taskOf('stopped', BY_TERM) },
    { do: 'park-again', from: 'stopped', after: 'requeued by Slurm' },
    { do: 'note', patch: { told: {} } },
    {
      do: 'log',
      level: 'WARNING',
      text: 'Slurm requeued job 7: the task waits again and starts from the beginning.',
    },
  ],
  [
    'records the time at which PartitionTimeLimit first kept the job from starting (S-25)',
    {
      jobs: [HOPELESS],
      place: 'parked',
      entry: entryOf({ told: { reason: '7:debug:PartitionTimeLimit' } }),
      gracePeriods: IMPATIENT,
    },
    { do: 'note', patch: { neverStartsSince: NOW } },
  ],
  [
    "clears the recorded time of PartitionTimeLimit once the job's reason is Priority",
    {
      jobs: [jobOf('PENDING', { reason: 'Priority' })],
      place: 'parked',
      entry: entryOf({ told: { reason: '7:debug:Priority' }, neverStartsSince: 1 }),
      gracePeriods: IMPATIENT,
    },
    { do: 'note', patch: { neverStartsSince: undefined } },
  ],
  [
    'does nothing if the job waits for the temporary reason Priority',
    {
      jobs: [jobOf('PENDING', { reason: 'Priority' })],
      place: 'parked',
      entry: entryOf({ told: { reason: '7:debug:Priority' } }),
      gracePeriods: IMPATIENT,
    },
  ],
  [
    'cancels the job and fails the task if the job could not start for never_starts_sec (S-25)',
    {
      jobs: [HOPELESS],
      place: 'parked',
      entry: entryOf({ told: { reason: '7:debug:PartitionTimeLimit' }, neverStartsSince: NOW - TEN_MINUTES }),
      gracePeriods: IMPATIENT,
    },
    { do: 'cancel', jobIds: ['7' as JobId], why: 'it cannot start' },
    endTask(
      'failed',
      'never starts',
      'Cancelling Slurm job 7 in partition debug: after waiting for 10 min, it still cannot start, because it requests more time than its partition allows (PartitionTimeLimit). Lower --time, or choose another --partition.',
    ),
  ],
]);

describeExactly('for an ended job, the daemon', [
  [
    "reads Slurm's record of the job if the task is still queued",
    { jobs: [jobOf('COMPLETED')], place: 'parked' },
    { do: 'read-record', jobId: '7' as JobId },
  ],
  [
    'forgets a task that is queued in another queue',
    { jobs: [jobOf('FAILED')], place: 'another queue', record: recordOf() },
    { do: 'forget' },
  ],
  [
    'waits for a late status from the agent if the job failed after the gate',
    { jobs: [jobOf('FAILED')], place: 'nowhere', record: recordOf() },
    { do: 'note', patch: { endSeenAt: NOW, wasTakenAtEnd: true } },
  ],
  [
    'parks and resubmits a task in progress if the requeued job found the gate closed (S-48)',
    { jobs: [jobOf('FAILED')], task: taskOf('in_progress'), record: back },
    { do: 'park-again', from: 'in_progress', after: 'requeued by Slurm' },
    SUBMIT_BACK,
  ],
  [
    'parks and resubmits a task stopped by SIGTERM if the requeued job found the gate closed',
    { jobs: [jobOf('FAILED')], task: taskOf('stopped', BY_TERM), record: back },
    { do: 'park-again', from: 'stopped', after: 'requeued by Slurm' },
    SUBMIT_BACK,
  ],
  [
    'forgets the task if the job completed although its agent received SIGTERM',
    { jobs: [jobOf('COMPLETED')], task: taskOf('stopped', BY_TERM), record: recordOf({ exitCode: 0 }) },
    { do: 'forget' },
    { do: 'log', level: 'INFO', text: 'Slurm job 7 ended COMPLETED.' },
  ],
  [
    'forgets a completed task, and logs that the job failed after the completion',
    { jobs: [jobOf('FAILED')], task: taskOf('completed'), record: 'gone' },
    { do: 'forget' },
    { do: 'log', level: 'WARNING', text: `Slurm job 7 ended FAILED. ${AFTER_COMPLETION}` },
  ],
  [
    'forgets a completed task, and logs that the job reached its time limit',
    { jobs: [jobOf('TIMEOUT')], task: taskOf('completed'), record: 'gone' },
    { do: 'forget' },
    {
      do: 'log',
      level: 'WARNING',
      text: 'Slurm job 7 ended TIMEOUT: Slurm ended it at its time limit. What to do: raise --time, or save checkpoints and continue from them.',
    },
  ],
  [
    'sets the status to "stopped" if a user cancelled the job in Slurm before its agent started',
    { jobs: [jobOf('CANCELLED')], place: 'parked', record: 'gone' },
    endTask('stopped', 'cancelled in Slurm', 'Slurm job 7 ended CANCELLED: it was cancelled in Slurm.'),
  ],
  [
    "lets the job's log decide whether a user or the memory limit cancelled the job",
    {
      jobs: [jobOf('CANCELLED', { nodes: 'n1' })],
      task: taskOf('stopped', BY_TERM),
      record: recordOf({ memoryLimit: '1G' }),
    },
    {
      do: 'end',
      ending: {
        status: 'stopped',
        reason: 'cancelled in Slurm',
        text: 'Slurm job 7 ended CANCELLED on n1: it was cancelled in Slurm.',
        withLog: true,
        atMemoryLimit: {
          status: 'failed',
          reason: 'Slurm OUT_OF_MEMORY',
          text: 'Slurm job 7 ended CANCELLED on n1: a process was killed because the job used more memory than it requested (limit 1G). What to do: raise --mem.',
          withLog: true,
        },
      },
    },
  ],
]);

describe('for a task that SIGTERM stopped, the daemon', () => {
  for (const [word, nodes, isSearched] of [
    ['FAILED', 'n[1-3]', true],
    ['OUT_OF_MEMORY', 'n[1-3]', true],
    ['TIMEOUT', 'n[1-3]', false],
    ['FAILED', 'n1', false],
  ] as const) {
    it(`${isSearched ? 'searches the log' : 'does not search the log'} for the first failed rank if the job ended ${word} on ${nodes}`, () => {
      const [action] = decide(
        observation({ jobs: [jobOf(word, { nodes })], task: taskOf('stopped', BY_TERM), record: recordOf() }),
      );
      const ending = action?.do === 'end' ? action.ending : undefined;

      expect(ending?.status).to.equal('failed');
      expect([ending?.withLog, ending?.namesRank === true]).to.deep.equal([isSearched, isSearched]);
    });
  }
});
