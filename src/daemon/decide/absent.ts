// Rows of the table for a job that Slurm no longer shows: absent is not ended, so other witnesses are heard first.
import { sayDuration } from '../../base/duration.ts';
import type { Task } from '../../clearml/task.ts';
import { isAskedToStop } from '../console/agent-messages.ts';
import type { Action } from './action.ts';
import { dequeue, end, isRemovedByUser, letGo, tryAgain } from './moves.ts';
import type { Sighting } from './observation.ts';
import { hasLeft, isSilent, ranAs } from './whose.ts';

export function decideAbsent(sighting: Sighting): Action[] {
  const { entry, task, place, now, graces } = sighting;

  // One poll may have been begun before the job was known to Slurm's list: two must agree.
  if (entry.absentSince === undefined) return [{ do: 'note', patch: { absentSince: now } }];
  if (sighting.lookedUp !== true) return [{ do: 'look-up' }];

  if (task === undefined) return letGo(place);
  if (task.status !== 'queued' && task.status !== 'in_progress') return letGo(place);
  if (place === 'own queue' || place === 'another queue') return [{ do: 'forget' }];
  if (hasLeft(task, sighting) && !isOwnRun(task, sighting)) return [{ do: 'forget' }];

  if (now - entry.absentSince < graces.absentMs) return [];
  if (task.status === 'in_progress') return decideLost(task, sighting);
  if (isRemovedByUser(sighting)) return [dequeue(entry)];
  const why = `${jobOf(sighting)} is no longer known to Slurm`;
  return place === 'parked' ? tryAgain(why, sighting) : [{ do: 'give-back', why }];
}

/** An agent that still reports is alive, whatever Slurm has forgotten. */
function decideLost(task: Task, sighting: Sighting): Action[] {
  if (!isSilent(task, sighting)) return [];
  const job = jobOf(sighting);
  if (isAskedToStop(task)) {
    const text = `Aborted by the user. ${job} is no longer known to Slurm.`;
    return [end({ status: 'stopped', reason: 'aborted', text, withLog: false })];
  }
  const silence =
    task.lastUpdate === undefined
      ? 'nothing was ever heard of its agent'
      : `its agent has been silent for ${sayDuration(sighting.now - task.lastUpdate)}`;
  const text = `${job} is no longer known to Slurm, and ${silence}: the job was lost, perhaps in a restart of the Slurm controller. Enqueue the task again.`;
  return [end({ status: 'failed', reason: 'job lost', text, withLog: false })];
}

function isOwnRun(task: Task, { entry: { jobId } }: Sighting): boolean {
  return jobId !== undefined && ranAs(task, { id: jobId });
}

function jobOf({ entry }: Sighting): string {
  return entry.jobId === undefined ? 'Its Slurm job' : `Slurm job ${entry.jobId}`;
}
