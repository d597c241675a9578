// Rows of the table for a job that waits in Slurm: the task is parked, or the user has changed his mind.
import type { Task } from '../../clearml/task.ts';
import { explainReason } from '../../slurm/reasons.ts';
import type { Job } from '../../slurm/scheduler.ts';
import { isAskedToStop, isStoppedByTerm } from '../agent-words.ts';
import type { Entry } from '../entry.ts';
import { describeNeverStarts, describeUnwanted, describeWait } from '../wording.ts';
import type { Action } from './action.ts';
import { cancel, end, sayOnce, takeIfParked } from './moves.ts';
import type { Sighting } from './sighting.ts';
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
    return [cancel(job, place === 'nowhere' ? describeTakenOut(job, entry) : describeUnwanted(task))];
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

/** Taken by the job itself in an earlier start, as far as we have seen; else by somebody who did not want it run. */
function describeTakenOut(job: Job, { told }: Entry): string {
  const hasStarted = told.startedOn?.startsWith(`${job.id}@`) === true;
  return hasStarted
    ? 'Slurm put it back before clearml-agent began the task'
    : 'the task was taken out of the scheduler queue';
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
