// Rows of the decision table for a running job: the agent controls the task, and the daemon acts only if the agent cannot.
import { pastTime } from '../../base/past-time.ts';
import type { Task } from '../../clearml/task.ts';
import type { Job } from '../../slurm/scheduler.ts';
import { isAskedToStop, isStoppedByTerm } from './recognize-abort.ts';
import type { Entry } from '../journal/entry.ts';
import { describeSlowStart, describeStart, describeUnwanted } from '../console/console-messages.ts';
import type { Action } from './action.ts';
import { cancel, logOnce, removeEntryIfParked } from './shared-actions.ts';
import type { Observation } from './observation.ts';
import { ranAs } from './who-runs-the-task.ts';

export function decideRunning(job: Job, observation: Observation): Action[] {
  const { entry } = observation;
  const startedOn = startOf(job);
  if (job.state !== 'RUNNING' || entry.told.startedOn === startedOn) return watch(job, observation);
  const told = { startedOn };
  const isAgain = entry.told.startedOn?.startsWith(`${job.id}@`) === true;
  return [
    ...logOnce(told, { level: 'INFO', text: describeStart(job, isAgain) }),
    ...watch(job, { ...observation, entry: { ...entry, told } }),
  ];
}

/** Identifies one start of a job; a requeued job starts again. */
function startOf(job: Job): string {
  return `${job.id}@${job.startAt ?? ''}`;
}

function watch(job: Job, observation: Observation): Action[] {
  const { entry, task, place, now, gracePeriods } = observation;
  // Never set a status or a status message of a task in progress: it would erase the user's abort request.
  if (task?.status === 'in_progress') {
    if (!isAskedToStop(task)) return clearTimers(entry);
    const stoppingSince = pastTime(entry.stoppingSince, now);
    if (stoppingSince === undefined) return [{ do: 'note', patch: { stoppingSince: now } }];
    const callbackMs = Math.min(task.abortCallbackMs ?? 0, gracePeriods.abortCallbackMaxMs);
    if (now - stoppingSince < callbackMs + gracePeriods.stopMs) return [];
    return [cancel(job, 'the agent did not end the aborted task in time')];
  }
  if (isAgentFinished(task, job)) return [];
  if (task?.status === 'queued' && (place === 'parked' || place === 'nowhere')) {
    return slowStart(job, observation);
  }

  const astraySince = pastTime(entry.astraySince, now);
  if (astraySince === undefined) return [{ do: 'note', patch: { astraySince: now } }];
  if (now - astraySince < gracePeriods.endMs) return [];
  return [cancel(job, describeUnwanted(task)), ...removeEntryIfParked(place)];
}

/** Whether the job is about to end. After SIGTERM Slurm may also restart it: it then finds the gate closed, and ends. */
function isAgentFinished(task: Task | undefined, job: Job): boolean {
  switch (task?.status) {
    case 'completed':
    case 'published':
    case 'publishing':
      return true;
    // Template commands after the agent, such as saving a log, matter most after a failure.
    case 'failed':
      return ranAs(task, job);
    case 'stopped':
      return isStoppedByTerm(task) && ranAs(task, job);
    default:
      return false;
  }
}

function slowStart(job: Job, { entry, now, gracePeriods }: Observation): Action[] {
  const runningForMs = job.startAt === undefined ? 0 : now - job.startAt;
  if (runningForMs < gracePeriods.startMs || entry.told.slowStart === true) return clearTimers(entry);
  return logOnce({ ...entry.told, slowStart: true }, { level: 'WARNING', text: describeSlowStart(job, runningForMs) });
}

function clearTimers({ astraySince, stoppingSince }: Entry): Action[] {
  if (astraySince === undefined && stoppingSince === undefined) return [];
  return [{ do: 'note', patch: { astraySince: undefined, stoppingSince: undefined } }];
}
