// Tests the recognition of a closed gate, and rows of the decision table: the job ended at the gate.
import { expect } from 'chai';
import type { QueueId } from '../../../src/clearml/ids.ts';
import { isBackAtGate, isGateClosed } from '../../../src/daemon/decide/who-runs-the-task.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { JOB_EXIT_CODES } from '../../../src/sbatch-template/job-script/job-exit-codes.ts';
import { describeRows, entryOf, GRACES, jobOf, NOW, recordOf, taskOf } from './observations.ts';

const BY_TERM = { statusReason: 'user abort' };
const waited = entryOf({ endSeenAt: NOW - GRACES.endMs - 1 });
const atGate = recordOf({ exitCode: JOB_EXIT_CODES.gateClosed.code });
const backAtGate = { ...atGate, restarts: 1 };
const started = entryOf({ told: { startedOn: '7@' } });

describeRows('for a job that ended at the gate, the daemon', [
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
    title: 'waits longer for each further attempt',
    seen: {
      jobs: [jobOf('FAILED')],
      place: 'parked',
      record: atGate,
      entry: entryOf({ attempts: 4, stepAt: NOW - 44_000 }),
    },
    done: [],
  },
  {
    title: 'resubmits the task immediately if the clock was set back',
    seen: {
      jobs: [jobOf('FAILED')],
      place: 'parked',
      record: atGate,
      entry: entryOf({ attempts: 2, stepAt: NOW + 1_000 }),
    },
    done: ['resubmit'],
  },
  {
    title:
      "returns the task to its queue after a grace period if it is in no queue, because the gate's response may be lost (S-47)",
    seen: { jobs: [jobOf('FAILED')], record: atGate, entry: waited },
    done: ['return-to-queue'],
  },
  {
    title: 'sets the task to stopped if a user had requested an abort before SIGTERM arrived',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('stopped', BY_TERM),
      record: backAtGate,
      entry: entryOf({ stoppingSince: NOW - 5_000 }),
    },
    done: ['end stopped'],
  },
  {
    title: 'waits for the next poll if Slurm has no record of the job',
    seen: { jobs: [jobOf('FAILED')], place: 'nowhere', record: 'gone', entry: waited },
    done: [],
  },
  {
    title: "fails the task if it is in progress, because then its program itself ended with the gate's exit code",
    seen: { jobs: [jobOf('FAILED')], task: taskOf('in_progress'), record: atGate, entry: waited },
    done: ['end failed'],
  },
  {
    title: 'sets the task to stopped if a user aborted it and Slurm had requeued the job',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { statusMessage: 'stopping' }),
      record: backAtGate,
      entry: waited,
    },
    done: ['end stopped'],
  },
  {
    title: 'fails the task if it was enqueued elsewhere and Slurm had requeued the job',
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

describe('the daemon', () => {
  const failed = jobOf('FAILED');
  const cases = [
    {
      title: 'concludes from the exit code of a failed job that the job was refused at the gate',
      job: failed,
      record: atGate,
      isClosed: true,
      isBack: false,
    },
    {
      title: 'concludes that the job was refused at the gate even after Slurm requeued the job',
      job: failed,
      record: backAtGate,
      isClosed: true,
      isBack: true,
    },
    {
      title:
        'does not conclude that the gate refused the job if the job ended with an exit code that is not one of the gate',
      job: failed,
      record: recordOf({ exitCode: 1, restarts: 1 }),
      isClosed: false,
      isBack: false,
    },
    {
      title: 'does not conclude that the job was refused at the gate if the job was cancelled',
      job: jobOf('CANCELLED'),
      record: backAtGate,
      isClosed: false,
      isBack: false,
    },
    {
      title: "does not conclude that the job was refused at the gate until Slurm's record of the job is read",
      job: failed,
      record: undefined,
      isClosed: false,
      isBack: false,
    },
    {
      title: 'does not conclude that the job was refused at the gate if Slurm has forgotten the job',
      job: failed,
      record: 'gone',
      isClosed: false,
      isBack: false,
    },
  ] as const;
  for (const { title, job, record, isClosed, isBack } of cases) {
    it(title, () => {
      expect(isGateClosed(job, record)).to.equal(isClosed);
      expect(isBackAtGate(job, record)).to.equal(isBack);
    });
  }
});
