// Rows of the decision table for a job that Slurm no longer lists. Absent does not mean ended, so other evidence is checked first.
import { pastTime } from '../../base/past-time.ts';
import { formatDuration } from '../../base/format-duration.ts';
import { capitalized } from '../../base/terminal-text.ts';
import { isQueuedOrRunning, type Task } from '../../clearml/task.ts';
import { isAbortedRun, isAskedToStop } from './recognize-abort.ts';
import type { Action } from './action.ts';
import { dequeue, end, isRemovedByUser, forget, resubmitOrFail } from './shared-actions.ts';
import type { Observation } from './observation.ts';
import { isEnqueuedElsewhere, isSilent, ranAs } from './who-runs-the-task.ts';

export function decideAbsent(observation: Observation): Action[] {
  const { entry, task, place, now, gracePeriods } = observation;

  // A poll may have started before Slurm listed the job: two polls must agree.
  const absentSince = pastTime(entry.absentSince, now);
  if (absentSince === undefined) return [{ do: 'note', patch: { absentSince: now } }];
  if (observation.lookedUp !== true) return [{ do: 'look-up' }];

  if (task === undefined) return forget(place);
  if (!isQueuedOrRunning(task)) return forget(place);
  if (place === 'own queue' || place === 'another queue') return [{ do: 'forget' }];
  if (isEnqueuedElsewhere(task, observation) && !isOwnRun(task, observation)) return [{ do: 'forget' }];

  if (now - absentSince < gracePeriods.absentMs) return [];
  if (task.status === 'in_progress') return decideLost(task, observation);
  if (isRemovedByUser(observation)) return [dequeue(entry)];
  const why = `${jobOf(observation)} is no longer known to Slurm`;
  return place === 'parked' ? resubmitOrFail(why, observation) : [{ do: 'return-to-queue', why }];
}

/** An agent that still reports is alive, even if Slurm has forgotten its job. */
function decideLost(task: Task, observation: Observation): Action[] {
  if (!isSilent(task, observation)) return [];
  const job = capitalized(jobOf(observation));
  if (isAskedToStop(task) || isAbortedRun(task, observation)) {
    const text = `Aborted by the user. ${job} is no longer known to Slurm.`;
    return [end({ status: 'stopped', reason: 'aborted', text, withLog: false })];
  }
  const silence =
    task.lastUpdate === undefined
      ? 'its agent never reported'
      : `its agent has not reported for ${formatDuration(observation.now - task.lastUpdate)}`;
  const text = `${job} is no longer known to Slurm, and ${silence}. The job was lost, perhaps because the Slurm controller restarted. Enqueue the task again.`;
  return [end({ status: 'failed', reason: 'job lost', text, withLog: false })];
}

function isOwnRun(task: Task, { entry: { jobId } }: Observation): boolean {
  return jobId !== undefined && ranAs(task, { id: jobId });
}

function jobOf({ entry }: Observation): string {
  return entry.jobId === undefined ? "the task's Slurm job" : `Slurm job ${entry.jobId}`;
}
