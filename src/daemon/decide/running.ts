// Rows of the table for a job that runs: the agent has the word, and we step in only where it can't.
import type { Task } from '../../clearml/task.ts';
import type { Job } from '../../slurm/scheduler.ts';
import { isAskedToStop, isStoppedByTerm } from '../console/agent-messages.ts';
import type { Entry } from '../journal/entry.ts';
import { describeSlowStart, describeStart, describeUnwanted } from '../console/console-messages.ts';
import type { Action } from './action.ts';
import { cancel, sayOnce, takeIfParked } from './moves.ts';
import type { Sighting } from './observation.ts';
import { ranAs } from './whose.ts';

export function decideRunning(job: Job, sighting: Sighting): Action[] {
  const { entry } = sighting;
  const startedOn = startOf(job);
  if (job.state !== 'RUNNING' || entry.told.startedOn === startedOn) return watch(job, sighting);
  const told = { startedOn };
  const isAgain = entry.told.startedOn?.startsWith(`${job.id}@`) === true;
  return [
    ...sayOnce(told, { level: 'INFO', text: describeStart(job, isAgain) }),
    ...watch(job, { ...sighting, entry: { ...entry, told } }),
  ];
}

/** One start of a job; a requeued job starts again. */
function startOf(job: Job): string {
  return `${job.id}@${job.startAt ?? ''}`;
}

function watch(job: Job, sighting: Sighting): Action[] {
  const { entry, task, place, now, graces } = sighting;
  // Never a status or a status message for a task in progress: it would erase the user's request to abort it.
  if (task?.status === 'in_progress') {
    if (!isAskedToStop(task)) return allIsWell(entry);
    if (entry.stoppingSince === undefined) return [{ do: 'note', patch: { stoppingSince: now } }];
    const callbackMs = Math.min(task.abortCallbackMs ?? 0, graces.abortCallbackMaxMs);
    if (now - entry.stoppingSince < callbackMs + graces.stopMs) return [];
    return [cancel(job, 'the agent did not end the aborted task in time')];
  }
  if (hasSaidLastWord(task, job)) return [];
  if (task?.status === 'queued' && (place === 'parked' || place === 'nowhere')) {
    return slowStart(job, sighting);
  }

  if (entry.astraySince === undefined) return [{ do: 'note', patch: { astraySince: now } }];
  if (now - entry.astraySince < graces.endMs) return [];
  return [cancel(job, describeUnwanted(task)), ...takeIfParked(place)];
}

/** The job is about to end. After a SIGTERM it may also come back: then it finds the gate closed, and ends. */
function hasSaidLastWord(task: Task | undefined, job: Job): boolean {
  switch (task?.status) {
    case 'completed':
    case 'published':
    case 'publishing':
      return true;
    // What a template does after the agent, such as keeping a log, it does most of all after a failure.
    case 'failed':
      return ranAs(task, job);
    case 'stopped':
      return isStoppedByTerm(task) && ranAs(task, job);
    default:
      return false;
  }
}

function slowStart(job: Job, { entry, now, graces }: Sighting): Action[] {
  const runningForMs = job.startAt === undefined ? 0 : now - job.startAt;
  if (runningForMs < graces.startMs || entry.told.slowStart === true) return allIsWell(entry);
  return sayOnce({ ...entry.told, slowStart: true }, { level: 'WARNING', text: describeSlowStart(job, runningForMs) });
}

function allIsWell({ astraySince, stoppingSince }: Entry): Action[] {
  if (astraySince === undefined && stoppingSince === undefined) return [];
  return [{ do: 'note', patch: { astraySince: undefined, stoppingSince: undefined } }];
}
