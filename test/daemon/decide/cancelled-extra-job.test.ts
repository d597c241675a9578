// Tests rows of the decision table: an extra job of the task started it just before the daemon cancelled that job.
import type { QueueId } from '../../../src/clearml/ids.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { attempt, describeRows, entryOf, GRACES, jobName, jobOf, NOW, recordOf, taskOf } from './observations.ts';

const EXTRA = { id: '8' as JobId, name: jobName(2) };
const BY_EXTRA = { lastWorker: 'login1:slurm:8' };
const BY_TERM = { ...BY_EXTRA, statusReason: 'user abort' };
const ELSEWHERE = { executionQueue: 'x'.repeat(32) as QueueId };
const ended = {
  jobs: [jobOf('FAILED'), jobOf('CANCELLED', EXTRA)],
  record: recordOf({ exitCode: 201 }),
  entry: entryOf({ cancelledExtras: [EXTRA.id], endSeenAt: NOW - GRACES.endMs - 1 }),
};
const recorded = (why: string): { readonly slurmCancelled: string } => ({
  slurmCancelled: `8 ${attempt(2)} ${why}`,
});

describeRows('after an extra job of a task started the task and was cancelled, the daemon', [
  {
    title: 'parks and resubmits the task if it is in progress',
    seen: { ...ended, task: taskOf('in_progress', BY_EXTRA) },
    done: ['park-again', 'resubmit'],
  },
  {
    title: 'waits for the agent to set the status of the task',
    seen: { ...ended, entry: entryOf({ cancelledExtras: [EXTRA.id] }), task: taskOf('in_progress', BY_EXTRA) },
    done: ['note'],
  },
  {
    title: 'parks and resubmits the task if SIGTERM stopped it',
    seen: { ...ended, task: taskOf('stopped', BY_TERM) },
    done: ['park-again', 'resubmit'],
  },
  {
    title: 'parks and resubmits the task if a peer recorded the cancellation on the task',
    seen: {
      ...ended,
      entry: entryOf({ endSeenAt: NOW - GRACES.endMs - 1 }),
      task: taskOf('in_progress', { ...BY_EXTRA, ...recorded('the task has another job, 7') }),
    },
    done: ['park-again', 'resubmit'],
  },
  {
    title: 'returns the task to its queue if it is queued',
    seen: { ...ended, task: taskOf('queued', BY_EXTRA), place: 'nowhere' },
    done: ['return-to-queue'],
  },
  {
    title: 'sets the task to stopped if it is in progress and its user requested an abort',
    seen: { ...ended, task: taskOf('in_progress', { ...BY_EXTRA, statusMessage: 'stopping' }) },
    done: ['end stopped'],
  },
  {
    title: 'leaves the task stopped if its user had requested an abort before SIGTERM arrived',
    seen: {
      ...ended,
      entry: { ...ended.entry, stoppingSince: NOW - 1_000 },
      task: taskOf('stopped', BY_TERM),
    },
    done: ['forget', 'log'],
  },
  {
    title: 'sets the task to stopped if it is in progress and was enqueued elsewhere',
    seen: { ...ended, task: taskOf('in_progress', { ...BY_EXTRA, ...ELSEWHERE, lastUpdate: NOW - GRACES.absentMs }) },
    done: ['end stopped'],
  },
  {
    title: 'sets the task to stopped if it is in progress and a peer cancelled the job for another reason',
    seen: {
      ...ended,
      entry: entryOf({ endSeenAt: NOW - GRACES.endMs - 1 }),
      task: taskOf('in_progress', { ...BY_EXTRA, ...recorded('the task was aborted') }),
    },
    done: ['end stopped'],
  },
]);
