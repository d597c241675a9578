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

describeRows('after a job has found the gate closed, the daemon', [
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
    title: 'starts no third attempt within 11 s',
    seen: {
      jobs: [jobOf('FAILED')],
      place: 'parked',
      record: atGate,
      entry: entryOf({ attempts: 2, stepAt: NOW - 11_000 }),
    },
    done: [],
  },
  {
    title: 'starts the third attempt of the task after a backoff of 15 s',
    seen: {
      jobs: [jobOf('FAILED')],
      place: 'parked',
      record: atGate,
      entry: entryOf({ attempts: 2, stepAt: NOW - 15_000 }),
    },
    done: ['resubmit'],
  },
  {
    title: 'starts no fifth attempt within 44 s',
    seen: {
      jobs: [jobOf('FAILED')],
      place: 'parked',
      record: atGate,
      entry: entryOf({ attempts: 4, stepAt: NOW - 44_000 }),
    },
    done: [],
  },
  {
    title: 'resubmits the task without a backoff if the clock was set back',
    seen: {
      jobs: [jobOf('FAILED')],
      place: 'parked',
      record: atGate,
      entry: entryOf({ attempts: 2, stepAt: NOW + 1_000 }),
    },
    done: ['resubmit'],
  },
  {
    title: 'returns the task to its queue after a grace period if no queue contains the task (S-47)',
    seen: { jobs: [jobOf('FAILED')], record: atGate, entry: waited },
    done: ['return-to-queue'],
  },
  {
    title: 'sets the status to "stopped" if a user requested an abort before SIGTERM arrived',
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
    title: "fails a task in progress, because the task's program must have returned the exit code",
    seen: { jobs: [jobOf('FAILED')], task: taskOf('in_progress'), record: atGate, entry: waited },
    done: ['end failed'],
  },
  {
    title: 'changes the status from "in_progress" to "stopped" if a user aborted the task of a requeued job',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { statusMessage: 'stopping' }),
      record: backAtGate,
      entry: waited,
    },
    done: ['end stopped'],
  },
  {
    title: "fails a requeued job's task in progress if the execution queue has changed",
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { executionQueue: 'x'.repeat(32) as QueueId, lastUpdate: NOW - GRACES.absentMs }),
      record: backAtGate,
      entry: waited,
    },
    done: ['end failed'],
  },
  {
    title: 'does nothing while another worker may run the task',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { lastWorker: 'peer:0' }),
      record: atGate,
      entry: waited,
    },
    done: [],
  },
]);

describe('the gate of an ended job', () => {
  const failed = jobOf('FAILED');
  const cases = [
    {
      title: 'counts as closed if the exit code is that of a closed gate',
      job: failed,
      record: atGate,
      isClosed: true,
      isBack: false,
    },
    {
      title: 'counts as closed even if Slurm had requeued the job',
      job: failed,
      record: backAtGate,
      isClosed: true,
      isBack: true,
    },
    {
      title: 'does not count as closed if the exit code is 1',
      job: failed,
      record: recordOf({ exitCode: 1, restarts: 1 }),
      isClosed: false,
      isBack: false,
    },
    {
      title: 'does not count as closed if the job ended CANCELLED',
      job: jobOf('CANCELLED'),
      record: backAtGate,
      isClosed: false,
      isBack: false,
    },
    {
      title: "does not count as closed before Slurm's record of the job is read",
      job: failed,
      record: undefined,
      isClosed: false,
      isBack: false,
    },
    {
      title: 'does not count as closed if Slurm has no record of the job',
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
