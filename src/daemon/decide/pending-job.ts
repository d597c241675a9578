// Rows of the decision table for a pending job: the task is parked, or the user no longer wants it to run.
import { pastTime } from '../../base/past-time.ts';
import type { Task } from '../../clearml/task.ts';
import { isLive, isWaiting, parseJobState } from '../../slurm/job-state.ts';
import { explainWait, isNewWait } from '../../slurm/reasons/explain-wait.ts';
import type { Job } from '../../slurm/scheduler.ts';
import { isAborted, isStoppedByTerm } from './recognize-abort.ts';
import type { Entry } from '../journal/entry.ts';
import { describeCannotStart, describeUnwanted, describeWait, parseWaitKey } from '../console/console-messages.ts';
import type { Action } from './action.ts';
import { cancel, end, isOnlyKnownJob, REMOVED_BY_USER, logOnce, removeEntryIfParked } from './shared-actions.ts';
import type { Observation } from './observation.ts';
import { isEnqueuedElsewhere, mayRunElsewhere, ranAs } from './who-runs-the-task.ts';

export function decidePending(job: Job, observation: Observation): Action[] {
  const { entry, task, place } = observation;
  if (task?.status === 'queued') {
    if (place === 'parked') return decideParked(job, observation);
    return place === 'nowhere' ? decideRemoved(job, observation) : decideMoved(job, task, observation);
  }
  if (task?.status === 'in_progress') return decideRequeued(job, task, observation);
  const isByTerm =
    task !== undefined && isStoppedByTerm(task) && ranAs(task, job) && !isEnqueuedElsewhere(task, observation);
  // The status that the agent set last overwrites an abort request that was seen before.
  if (isByTerm && entry.stoppingSince === undefined) return parkAgain(job, 'stopped');
  return [cancel(job, describeUnwanted(task)), ...removeEntryIfParked(place)];
}

/** The normal case: the console shows the reason; the time counts only for a reason that never clears. */
function decideParked(job: Job, { entry, now, gracePeriods: { neverStartsMs } }: Observation): Action[] {
  const report = reportWait(job, entry.told, now);
  if (neverStartsMs === undefined) return report;
  if (explainWait(job).class !== 'never-runs')
    return entry.neverStartsSince === undefined
      ? report
      : [{ do: 'note', patch: { neverStartsSince: undefined } }, ...report];
  const since = pastTime(entry.neverStartsSince, now);
  if (since === undefined) return [{ do: 'note', patch: { neverStartsSince: now } }, ...report];
  if (now - since < neverStartsMs) return report;
  const text = describeCannotStart(job, now - since);
  return [cancel(job, 'it cannot start'), end({ status: 'failed', reason: 'never starts', text, withLog: false })];
}

/**
 * The entry is gone although the job is pending. A user removed it only if nothing else can have taken it: the job itself in an earlier
 * start, another job of the task, a peer, or this daemon. One sbatch may have created two jobs, one of which passed the gate and has
 * ended since: only a look-up by name finds it. The job's record is read too, as the list may be old.
 */
function decideRemoved(job: Job, observation: Observation): Action[] {
  const { entry, jobs, record, isQueueGone, hasPeers, lookedUp } = observation;
  if (entry.jobId === job.id && entry.cancelledFor !== undefined) return [cancel(job, entry.cancelledFor)];
  if (entry.told.startedOn?.startsWith(`${job.id}@`) === true)
    return [cancel(job, 'Slurm requeued it before clearml-agent started the task')];
  const taken = 'the task is no longer in the scheduler queue';
  // A daemon that was killed while it returned the task to its queue may have removed the entry.
  const mayBeOurs = entry.attempts > 1 || entry.mayBeUnparked === true;
  const hasOtherJob = jobs.length > 1 || !isOnlyKnownJob(job, entry);
  if (isQueueGone === true || hasPeers === true || hasOtherJob || mayBeOurs) return [cancel(job, taken)];
  if (lookedUp !== true) return [{ do: 'look-up' }];
  if (record === undefined) return [{ do: 'read-record', jobId: job.id }];
  const hasNeverStarted =
    record !== 'gone' && record.restarts === 0 && isWaiting({ state: parseJobState(record.stateWord) });
  return [cancel(job, hasNeverStarted ? REMOVED_BY_USER : taken)];
}

/** A user enqueued the task elsewhere, or again in its own queue, from where it is claimed again: no current job may run it. */
function decideMoved(job: Job, task: Task, { entry, hasEntry }: Observation): Action[] {
  const text = `Cancelling Slurm job ${job.id}: the task was moved to another queue.`;
  return [
    cancel(job, describeUnwanted(task)),
    ...(hasEntry === true ? ([{ do: 'remove-entry' }] as const) : []),
    ...(entry.jobId !== job.id || entry.cancelledFor === undefined
      ? ([{ do: 'log', level: 'INFO', text }] as const)
      : []),
  ];
}

/** The task is in progress, and its job is pending: Slurm requeued the job, or another job runs the task. */
function decideRequeued(job: Job, task: Task, observation: Observation): Action[] {
  if (isEnqueuedElsewhere(task, observation)) {
    return [
      cancel(job, ranAs(task, job) ? 'the task was enqueued in another queue' : 'the task runs in another queue'),
    ];
  }
  // An extra job that we cancelled may have started the task before, and its agent may be silent.
  const isRunning = (other: Job): boolean => isLive(other.state) && !isWaiting(other);
  if (mayRunElsewhere(task, job, observation) || observation.jobs.some(isRunning)) return [];
  if (!isAborted(task, job, observation)) return parkAgain(job, 'in_progress');
  const text = `Aborted by the user. Cancelling Slurm job ${job.id}, which Slurm had requeued.`;
  return [cancel(job, 'the task was aborted'), end({ status: 'stopped', reason: 'aborted', text, withLog: false })];
}

/** The task runs again, whatever status the earlier run left. */
function parkAgain(job: Job, from: 'in_progress' | 'stopped'): Action[] {
  const text = `Slurm requeued job ${job.id}: the task waits again and starts from the beginning.`;
  return [{ do: 'park-again', from, after: 'requeued by Slurm' }, ...logOnce({}, { level: 'WARNING', text })];
}

function reportWait(job: Job, { reason, startedOn }: Entry['told'], now: number): Action[] {
  const { key, level, text } = describeWait(job, now);
  if (!isNewWait(job, parseWaitKey(job, reason))) return [];
  // A requeued job starts again.
  const told = startedOn === undefined ? { reason: key } : { startedOn, reason: key };
  // Showing the status twice is harmless: it is repeated until the following actions succeed too.
  return [{ do: 'show-status', text }, ...logOnce(told, { level, text })];
}
