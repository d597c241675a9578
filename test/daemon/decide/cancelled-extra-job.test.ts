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

describeRows('a task that a cancelled extra job had started', [
  {
    title: 'is parked and resubmitted if the status is "in_progress"',
    seen: { ...ended, task: taskOf('in_progress', BY_EXTRA) },
    done: ['park-again', 'resubmit'],
  },
  {
    title: "keeps its status until the grace period of the job's agent has ended",
    seen: { ...ended, entry: entryOf({ cancelledExtras: [EXTRA.id] }), task: taskOf('in_progress', BY_EXTRA) },
    done: ['note'],
  },
  {
    title: 'is parked and resubmitted after SIGTERM has stopped the task',
    seen: { ...ended, task: taskOf('stopped', BY_TERM) },
    done: ['park-again', 'resubmit'],
  },
  {
    title: "is parked and resubmitted if the user property slurm_cancelled shows a peer's cancellation",
    seen: {
      ...ended,
      entry: entryOf({ endSeenAt: NOW - GRACES.endMs - 1 }),
      task: taskOf('in_progress', { ...BY_EXTRA, ...recorded('the task has another job, 7') }),
    },
    done: ['park-again', 'resubmit'],
  },
  {
    title: 'returns to its queue if the task is queued but in no queue',
    seen: { ...ended, task: taskOf('queued', BY_EXTRA), place: 'nowhere' },
    done: ['return-to-queue'],
  },
  {
    title: 'changes from "in_progress" to "stopped" if a user requested an abort',
    seen: { ...ended, task: taskOf('in_progress', { ...BY_EXTRA, statusMessage: 'stopping' }) },
    done: ['end stopped'],
  },
  {
    title: 'stays "stopped" if a user requested an abort before SIGTERM arrived',
    seen: {
      ...ended,
      entry: { ...ended.entry, stoppingSince: NOW - 1_000 },
      task: taskOf('stopped', BY_TERM),
    },
    done: ['forget', 'log'],
  },
  {
    title: 'changes from "in_progress" to "stopped" if its execution queue is now another queue',
    seen: { ...ended, task: taskOf('in_progress', { ...BY_EXTRA, ...ELSEWHERE, lastUpdate: NOW - GRACES.absentMs }) },
    done: ['end stopped'],
  },
  {
    title: 'changes from "in_progress" to "stopped" if a peer cancelled the job because of an abort',
    seen: {
      ...ended,
      entry: entryOf({ endSeenAt: NOW - GRACES.endMs - 1 }),
      task: taskOf('in_progress', { ...BY_EXTRA, ...recorded('the task was aborted') }),
    },
    done: ['end stopped'],
  },
]);
