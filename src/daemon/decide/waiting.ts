// Rows of the table for a job that waits in Slurm: the task is parked, or the user has changed his mind.
import type { Task } from '../../clearml/task.ts';
import { explainReason } from '../../slurm/reasons.ts';
import type { Job } from '../../slurm/scheduler.ts';
import { isAskedToStop, isStoppedByTerm } from '../console/agent-messages.ts';
import type { Entry } from '../journal/entry.ts';
import { describeNeverStarts, describeUnwanted, describeWait } from '../console/console-messages.ts';
import type { Action } from './action.ts';
import { cancel, end, REMOVED_BY_USER, sayOnce, takeIfParked } from './moves.ts';
import type { Sighting } from './observation.ts';
import { hasLeft, mayBeSomebodyElses, ranAs } from './whose.ts';

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

export function decideWaiting(job: Job, sighting: Sighting): Action[] {
  const { entry, task, place } = sighting;
  if (task?.status === 'queued') {
    if (place === 'parked') return decideParked(job, sighting);
    return place === 'nowhere' ? decideTakenOut(job, sighting) : decideMoved(job, task, sighting);
  }
  if (task?.status === 'in_progress') return decideRequeued(job, task, sighting);
  const isByTerm = task !== undefined && isStoppedByTerm(task) && ranAs(task, job) && !hasLeft(task, sighting);
  // The agent's last word takes the place of a request to abort that was seen before.
  if (isByTerm && entry.stoppingSince === undefined) return putBack(job, 'stopped');
  return [cancel(job, describeUnwanted(task)), ...takeIfParked(place)];
}

/** It waits as it should: that is told, and for how long is watched only where it never starts. */
function decideParked(job: Job, { entry, now, graces: { neverStartsMs } }: Sighting): Action[] {
  const words = waitWords(job, entry.told, now);
  if (neverStartsMs === undefined) return words;
  const since = entry.neverStartsSince;
  if (explainReason(job.reason).class !== 'never-runs')
    return since === undefined ? words : [{ do: 'note', patch: { neverStartsSince: undefined } }, ...words];
  if (since === undefined) return [{ do: 'note', patch: { neverStartsSince: now } }, ...words];
  if (now - since < neverStartsMs) return words;
  const text = describeNeverStarts(job, now - since);
  return [cancel(job, 'it would never start'), end({ status: 'failed', reason: 'never starts', text, withLog: false })];
}

/**
 * Its entry is gone although its job waits. By a user's act only where nobody else can have taken it: the job itself in an earlier
 * start, another job of the task, a peer, or ourselves before we cancelled it. Slurm is asked once more: its list may be old.
 */
function decideTakenOut(job: Job, { entry, jobs, record, isQueueGone, hasPeers }: Sighting): Action[] {
  if (entry.jobId === job.id && entry.cancelledFor !== undefined) return [cancel(job, entry.cancelledFor)];
  if (entry.told.startedOn?.startsWith(`${job.id}@`) === true)
    return [cancel(job, 'Slurm put it back before clearml-agent began the task')];
  const taken = 'the task was taken out of the scheduler queue';
  // Of a later attempt: a daemon that was killed on the way back to the queue has taken the entry itself, and then found it queued.
  const isFirst = entry.attempts === 1;
  if (isQueueGone === true || hasPeers === true || jobs.length > 1 || !isFirst) return [cancel(job, taken)];
  if (record === undefined) return [{ do: 'ask-record', jobId: job.id }];
  const hasNeverStarted = record !== 'gone' && record.restarts === 0 && WAITING.has(record.stateWord);
  return [cancel(job, hasNeverStarted ? REMOVED_BY_USER : taken)];
}

/** A user put it into another queue, or back into its own, from where it goes on: no job of ours is to run it. */
function decideMoved(job: Job, task: Task, { entry, hasEntry }: Sighting): Action[] {
  const text = `The task was put into another queue: Slurm job ${job.id} is cancelled.`;
  return [
    cancel(job, describeUnwanted(task)),
    ...(hasEntry === true ? ([{ do: 'take-entry' }] as const) : []),
    ...(entry.jobId !== job.id || entry.cancelledFor === undefined
      ? ([{ do: 'say', level: 'INFO', text }] as const)
      : []),
  ];
}

/** The task runs, and its job waits: Slurm has put the job back, or somebody else runs the task. */
function decideRequeued(job: Job, task: Task, sighting: Sighting): Action[] {
  if (hasLeft(task, sighting)) {
    return [cancel(job, ranAs(task, job) ? 'the task had been enqueued elsewhere' : 'the task runs in another queue')];
  }
  if (mayBeSomebodyElses(task, job, sighting)) return [];
  if (!isAskedToStop(task)) return putBack(job, 'in_progress');
  const text = `Aborted by the user. Slurm had put job ${job.id} back; it is cancelled.`;
  return [cancel(job, 'the task was aborted'), end({ status: 'stopped', reason: 'aborted', text, withLog: false })];
}

/** Whatever the earlier run made of the task, it is going to run again. */
function putBack(job: Job, from: 'in_progress' | 'stopped'): Action[] {
  const text = `Slurm put job ${job.id} back: the task waits again and will start anew.`;
  return [{ do: 'park-again', from }, ...sayOnce({}, { level: 'WARNING', text })];
}

function waitWords(job: Job, { reason, startedOn }: Entry['told'], now: number): Action[] {
  const { key, level, text } = describeWait(job, now);
  if (key === reason) return [];
  // A job that Slurm has put back starts again.
  const told = startedOn === undefined ? { reason: key } : { startedOn, reason: key };
  // Shown twice is no harm: what comes first is done again until the rest could be done as well.
  return [{ do: 'show-status', text }, ...sayOnce(told, { level, text })];
}
