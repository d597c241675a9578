// Rows of the table for a job that runs: the agent has the word, and we step in only where it can't.
import type { Task } from '../../clearml/task.ts';
import type { Job } from '../../slurm/scheduler.ts';
import { isAskedToStop } from '../agent-words.ts';
import type { Action } from './action.ts';
import { cancel, takeIfParked } from './moves.ts';
import type { Sighting } from './sighting.ts';

export function decideRunning(job: Job, sighting: Sighting): Action[] {
  return [...sayStarted(job, sighting), ...watch(job, sighting)];
}

function sayStarted(job: Job, { entry }: Sighting): Action[] {
  if (job.state !== 'RUNNING' || entry.told.startedOn === startOf(job)) return [];
  const where = job.nodes === undefined ? '' : ` on ${job.nodes}`;
  return [
    { do: 'say', level: 'INFO', text: `Slurm job ${job.id} started in partition ${job.partition}${where}.` },
    { do: 'note', patch: { told: { ...entry.told, startedOn: startOf(job) } } },
  ];
}

/** One start of a job; a requeued job starts again. */
function startOf(job: Job): string {
  return `${job.id}@${job.startAt ?? ''}`;
}

function watch(job: Job, sighting: Sighting): Action[] {
  const { entry, task, place, now, graces } = sighting;
  // Never a status or a status message for a task in progress: it would erase the user's request to abort it.
  if (task?.status === 'in_progress' && !task.archived) {
    if (!isAskedToStop(task)) return settle(entry.astraySince, entry.stoppingSince);
    if (entry.stoppingSince === undefined) return [{ do: 'note', patch: { stoppingSince: now } }];
    if (now - entry.stoppingSince < graces.stopMs) return [];
    return [cancel(job, 'the agent did not end the aborted task in time')];
  }
  // The agent has said its last word; the job is about to end.
  if (task?.status === 'completed' || task?.status === 'published' || task?.status === 'publishing') return [];
  if (task?.status === 'queued' && !task.archived && (place === 'parked' || place === 'nowhere')) {
    return slowStart(job, sighting);
  }

  const why = whyAstray(task);
  if (entry.astraySince === undefined) return [{ do: 'note', patch: { astraySince: now } }];
  if (now - entry.astraySince < graces.endMs) return [];
  return [cancel(job, why), ...takeIfParked(place)];
}

function whyAstray(task: Task | undefined): string {
  if (task === undefined) return 'the task was deleted';
  if (task.archived) return 'the task was archived';
  return task.status === 'queued' ? 'the task was enqueued again' : `the task is ${task.status}`;
}

function slowStart(job: Job, { entry, now, graces }: Sighting): Action[] {
  const runningForMs = job.startAt === undefined ? 0 : now - job.startAt;
  if (runningForMs < graces.startMs || entry.told.slowStart === true) return settle(entry.astraySince, undefined);
  return [
    {
      do: 'say',
      level: 'WARNING',
      text: `Slurm job ${job.id} has been running for ${Math.round(runningForMs / 60_000)} min, but clearml-agent has not begun the task. It may still be installing; look at the job's log on the cluster.`,
    },
    { do: 'note', patch: { told: { ...entry.told, slowStart: true } } },
  ];
}

function settle(astraySince: number | undefined, stoppingSince: number | undefined): Action[] {
  if (astraySince === undefined && stoppingSince === undefined) return [];
  return [{ do: 'note', patch: { astraySince: undefined, stoppingSince: undefined } }];
}
