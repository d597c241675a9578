// Rows of the decision table: the job ended at the gate.
import type { QueueId } from '../../../src/clearml/ids.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { JOB_EXIT_CODES } from '../../../src/template/job-exit-codes.ts';
import { describeRows, entryOf, GRACES, jobOf, NOW, recordOf, taskOf } from './observations.ts';

const BY_TERM = { statusReason: 'user abort' };
const waited = entryOf({ endSeenAt: NOW - GRACES.endMs - 1 });
const atGate = recordOf({ exitCode: JOB_EXIT_CODES.gateClosed.code });
const backAtGate = { ...atGate, restarts: 1 };
const started = entryOf({ told: { startedOn: '7@' } });

describeRows('a job that ended at the gate', [
  {
    title: 'ended at the gate while another job has the task: nothing',
    seen: {
      jobs: [jobOf('FAILED', { id: '8' as JobId }), jobOf('RUNNING')],
      task: taskOf('in_progress'),
      record: atGate,
      entry: started,
    },
    done: [],
  },
  {
    title: 'ended at the gate though the task is parked: a new attempt',
    seen: { jobs: [jobOf('FAILED')], place: 'parked', record: atGate },
    done: ['resubmit'],
  },
  {
    title: 'ended at the gate for the second time, a moment after it was submitted: nothing until the backoff is over',
    seen: {
      jobs: [jobOf('FAILED')],
      place: 'parked',
      record: atGate,
      entry: entryOf({ attempts: 2, stepAt: NOW - 11_000 }),
    },
    done: [],
  },
  {
    title: 'ended at the gate for the second time, after the backoff: a new attempt',
    seen: {
      jobs: [jobOf('FAILED')],
      place: 'parked',
      record: atGate,
      entry: entryOf({ attempts: 2, stepAt: NOW - 15_000 }),
    },
    done: ['resubmit'],
  },
  {
    title: 'ended at the gate for the fourth time within a minute: the backoff grows with each attempt',
    seen: {
      jobs: [jobOf('FAILED')],
      place: 'parked',
      record: atGate,
      entry: entryOf({ attempts: 4, stepAt: NOW - 44_000 }),
    },
    done: [],
  },
  {
    title: 'ended at the gate for the second time, and the clock was set back: a new attempt at once',
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
      'S-47 ended at the gate and the task nowhere: its answer was lost, the task returns to its queue after a grace',
    seen: { jobs: [jobOf('FAILED')], record: atGate, entry: waited },
    done: ['return-to-queue'],
  },
  {
    title: 'S-48 back at the gate before a running task was parked again: park and submit anew',
    seen: { jobs: [jobOf('FAILED')], task: taskOf('in_progress'), record: backAtGate },
    done: ['park-again', 'resubmit'],
  },
  {
    title: 'back at the gate before a task that SIGTERM stopped was parked again: park and submit anew',
    seen: { jobs: [jobOf('FAILED')], task: taskOf('stopped', BY_TERM), record: backAtGate },
    done: ['park-again', 'resubmit'],
  },
  {
    title: 'back at the gate, but its user was seen to abort the task before the SIGTERM: it stays stopped',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('stopped', BY_TERM),
      record: backAtGate,
      entry: entryOf({ stoppingSince: NOW - 5_000 }),
    },
    done: ['forget', 'log'],
  },
  {
    title: 'ended, perhaps at the gate, but Slurm has forgotten the job since it was listed: the next poll decides',
    seen: { jobs: [jobOf('FAILED')], place: 'nowhere', record: 'gone', entry: waited },
    done: [],
  },
  {
    title: "a task's own exit code that looks like the gate's is a failure like any other",
    seen: { jobs: [jobOf('FAILED')], task: taskOf('in_progress'), record: atGate, entry: waited },
    done: ['end failed'],
  },
  {
    title: 'back at the gate with a task that the user had asked to stop: it is stopped, not run again',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { statusMessage: 'stopping' }),
      record: backAtGate,
      entry: waited,
    },
    done: ['end stopped'],
  },
  {
    title:
      'back at the gate with a task that a user had enqueued elsewhere before it began: failed, not run again here',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { executionQueue: 'x'.repeat(32) as QueueId, lastUpdate: NOW - GRACES.absentMs }),
      record: backAtGate,
      entry: waited,
    },
    done: ['end failed'],
  },
  {
    title: 'ended at the gate while somebody else runs the task: he is left alone',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { lastWorker: 'neighbour:0' }),
      record: atGate,
      entry: waited,
    },
    done: [],
  },
  {
    title: 'attempts are bounded',
    seen: { jobs: [jobOf('FAILED')], place: 'parked', record: atGate, entry: entryOf({ attempts: 5 }) },
    done: ['end failed'],
  },
]);
