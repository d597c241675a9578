// Tests rows of the decision table: the job ended at the gate.
import type { QueueId } from '../../../src/clearml/ids.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { JOB_EXIT_CODES } from '../../../src/sbatch-template/job-script/job-exit-codes.ts';
import { describeRows, entryOf, GRACES, jobOf, NOW, recordOf, taskOf } from './observations.ts';

const BY_TERM = { statusReason: 'user abort' };
const waited = entryOf({ endSeenAt: NOW - GRACES.endMs - 1 });
const atGate = recordOf({ exitCode: JOB_EXIT_CODES.gateClosed.code });
const backAtGate = { ...atGate, restarts: 1 };
const started = entryOf({ told: { startedOn: '7@' } });

describeRows('the decision for a job that ended at the gate', [
  {
    title: 'does nothing while another job runs the task',
    seen: {
      jobs: [jobOf('FAILED', { id: '8' as JobId }), jobOf('RUNNING')],
      task: taskOf('in_progress'),
      record: atGate,
      entry: started,
    },
    done: [],
  },
  {
    title: 'waits for the backoff before the third attempt',
    seen: {
      jobs: [jobOf('FAILED')],
      place: 'parked',
      record: atGate,
      entry: entryOf({ attempts: 2, stepAt: NOW - 11_000 }),
    },
    done: [],
  },
  {
    title: 'allows the third attempt after the backoff',
    seen: {
      jobs: [jobOf('FAILED')],
      place: 'parked',
      record: atGate,
      entry: entryOf({ attempts: 2, stepAt: NOW - 15_000 }),
    },
    done: ['resubmit'],
  },
  {
    title: 'increases the backoff with each attempt',
    seen: {
      jobs: [jobOf('FAILED')],
      place: 'parked',
      record: atGate,
      entry: entryOf({ attempts: 4, stepAt: NOW - 44_000 }),
    },
    done: [],
  },
  {
    title: 'resubmits immediately if the clock was set back',
    seen: {
      jobs: [jobOf('FAILED')],
      place: 'parked',
      record: atGate,
      entry: entryOf({ attempts: 2, stepAt: NOW + 1_000 }),
    },
    done: ['resubmit'],
  },
  {
    title: "S-47 returns a task in no queue to its queue after a grace period, as the gate's response may be lost",
    seen: { jobs: [jobOf('FAILED')], record: atGate, entry: waited },
    done: ['return-to-queue'],
  },
  {
    title: 'leaves the task stopped if its abort request was seen before the SIGTERM',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('stopped', BY_TERM),
      record: backAtGate,
      entry: entryOf({ stoppingSince: NOW - 5_000 }),
    },
    done: ['forget', 'log'],
  },
  {
    title: 'waits for the next poll if Slurm has no record of whether the job ended at the gate',
    seen: { jobs: [jobOf('FAILED')], place: 'nowhere', record: 'gone', entry: waited },
    done: [],
  },
  {
    title: "fails a task whose own exit code equals the gate's",
    seen: { jobs: [jobOf('FAILED')], task: taskOf('in_progress'), record: atGate, entry: waited },
    done: ['end failed'],
  },
  {
    title: 'sets an aborted task to stopped if its requeued job ended at the gate',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { statusMessage: 'stopping' }),
      record: backAtGate,
      entry: waited,
    },
    done: ['end stopped'],
  },
  {
    title: 'fails a task that was enqueued elsewhere and whose requeued job ended at the gate',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { executionQueue: 'x'.repeat(32) as QueueId, lastUpdate: NOW - GRACES.absentMs }),
      record: backAtGate,
      entry: waited,
    },
    done: ['end failed'],
  },
  {
    title: 'does nothing while another job may run the task',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { lastWorker: 'peer:0' }),
      record: atGate,
      entry: waited,
    },
    done: [],
  },
]);
