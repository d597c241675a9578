// Rows of the table for a job that waits in Slurm: the task is parked, or the user has changed his mind.
import type { Task } from '../../clearml/task.ts';
import { explainReason } from '../../slurm/reasons.ts';
import type { Job } from '../../slurm/scheduler.ts';
import { isAskedToStop, isStoppedByTerm } from '../console/agent-messages.ts';
import type { Entry } from '../journal/entry.ts';
import { describeCannotStart, describeUnwanted, describeWait } from '../console/console-messages.ts';
import type { Action } from './action.ts';
import { cancel, end, REMOVED_BY_USER, logOnce, removeEntryIfParked } from './shared-actions.ts';
import type { Observation } from './observation.ts';
import { isEnqueuedElsewhere, mayRunElsewhere, ranAs } from './ownership.ts';

const WAITING = new Set([
  'PENDING',
  'CONFIGURING',
  'REQUEUED',
  'REQUEUE_FED',
  'REQUEUE_HOLD',
  'SPECIAL_EXIT',
  'RESV_DEL_HOLD',
  'POWER_UP_NODE',
  'EXPEDITING',
]);

/** Whether nothing of the job runs (yet, or any more). */
export function isWaiting(job: Job): boolean {
  return WAITING.has(job.state);
}

export function decideWaiting(job: Job, observation: Observation): Action[] {
  const { entry, task, place } = observation;
  if (task?.status === 'queued') {
    if (place === 'parked') return decideParked(job, observation);
    return place === 'nowhere' ? decideRemoved(job, observation) : decideMoved(job, task, observation);
  }
  if (task?.status === 'in_progress') return decideRequeued(job, task, observation);
  const isByTerm =
    task !== undefined && isStoppedByTerm(task) && ranAs(task, job) && !isEnqueuedElsewhere(task, observation);
  // The agent's last word takes the place of a request to abort that was seen before.
  if (isByTerm && entry.stoppingSince === undefined) return parkAgain(job, 'stopped');
  return [cancel(job, describeUnwanted(task)), ...removeEntryIfParked(place)];
}

/** It waits as it should: that is told, and for how long is watched only where it never starts. */
function decideParked(job: Job, { entry, now, gracePeriods: { neverStartsMs } }: Observation): Action[] {
  const words = reportWait(job, entry.told, now);
  if (neverStartsMs === undefined) return words;
  const since = entry.neverStartsSince;
  if (explainReason(job.reason).class !== 'never-runs')
    return since === undefined ? words : [{ do: 'note', patch: { neverStartsSince: undefined } }, ...words];
  if (since === undefined) return [{ do: 'note', patch: { neverStartsSince: now } }, ...words];
  if (now - since < neverStartsMs) return words;
  const text = describeCannotStart(job, now - since);
  return [cancel(job, 'it cannot start'), end({ status: 'failed', reason: 'never starts', text, withLog: false })];
}

/**
 * Its entry is gone although its job waits. By a user's act only where nobody else can have taken it: the job itself in an earlier
 * start, another job of the task, a peer, or ourselves before we cancelled it. Slurm is asked once more: its list may be old.
 */
function decideRemoved(job: Job, { entry, jobs, record, isQueueGone, hasPeers }: Observation): Action[] {
  if (entry.jobId === job.id && entry.cancelledFor !== undefined) return [cancel(job, entry.cancelledFor)];
  if (entry.told.startedOn?.startsWith(`${job.id}@`) === true)
    return [cancel(job, 'Slurm requeued it before clearml-agent started the task')];
  const taken = 'the task was taken out of the scheduler queue';
  // Of a later attempt: a daemon that was killed on the way back to the queue has taken the entry itself, and then found it queued.
  const isFirst = entry.attempts === 1;
  if (isQueueGone === true || hasPeers === true || jobs.length > 1 || !isFirst) return [cancel(job, taken)];
  if (record === undefined) return [{ do: 'read-record', jobId: job.id }];
  const hasNeverStarted = record !== 'gone' && record.restarts === 0 && WAITING.has(record.stateWord);
  return [cancel(job, hasNeverStarted ? REMOVED_BY_USER : taken)];
}

/** A user put it into another queue, or back into its own, from where it goes on: no job of ours is to run it. */
function decideMoved(job: Job, task: Task, { entry, hasEntry }: Observation): Action[] {
  const text = `The task was moved to another queue; Slurm job ${job.id} is cancelled.`;
  return [
    cancel(job, describeUnwanted(task)),
    ...(hasEntry === true ? ([{ do: 'remove-entry' }] as const) : []),
    ...(entry.jobId !== job.id || entry.cancelledFor === undefined
      ? ([{ do: 'log', level: 'INFO', text }] as const)
      : []),
  ];
}

/** The task runs, and its job waits: Slurm has put the job back, or somebody else runs the task. */
function decideRequeued(job: Job, task: Task, observation: Observation): Action[] {
  if (isEnqueuedElsewhere(task, observation)) {
    return [cancel(job, ranAs(task, job) ? 'the task was enqueued elsewhere' : 'the task runs in another queue')];
  }
  if (mayRunElsewhere(task, job, observation)) return [];
  if (!isAskedToStop(task)) return parkAgain(job, 'in_progress');
  const text = `Aborted by the user. Slurm had requeued job ${job.id}; it is cancelled.`;
  return [cancel(job, 'the task was aborted'), end({ status: 'stopped', reason: 'aborted', text, withLog: false })];
}

/** Whatever the earlier run made of the task, it is going to run again. */
function parkAgain(job: Job, from: 'in_progress' | 'stopped'): Action[] {
  const text = `Slurm requeued job ${job.id}: the task waits again and starts from the beginning.`;
  return [{ do: 'park-again', from }, ...logOnce({}, { level: 'WARNING', text })];
}

function reportWait(job: Job, { reason, startedOn }: Entry['told'], now: number): Action[] {
  const { key, level, text } = describeWait(job, now);
  if (key === reason) return [];
  // A job that Slurm has put back starts again.
  const told = startedOn === undefined ? { reason: key } : { startedOn, reason: key };
  // Shown twice is no harm: what comes first is done again until the rest could be done as well.
  return [{ do: 'show-status', text }, ...logOnce(told, { level, text })];
}
