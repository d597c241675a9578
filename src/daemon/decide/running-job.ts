// Rows of the decision table for a running job: the agent controls the task, and the daemon acts only if the agent cannot.
import { pastTime } from '../../base/past-time.ts';
import type { Task } from '../../clearml/task.ts';
import type { Job } from '../../slurm/scheduler.ts';
import { isAbortedRun, isAbortOverwritten, isAskedToStop, isStoppedByTerm } from './recognize-abort.ts';
import type { Entry } from '../journal/entry.ts';
import {
  ABORT_REPEATED,
  describeSlowStart,
  describeStart,
  describeSuspended,
  describeUnwanted,
} from '../console/console-messages.ts';
import type { Action } from './action.ts';
import { cancel, NOT_ENDED_IN_TIME, logOnce, removeEntryIfParked } from './shared-actions.ts';
import type { Observation } from './observation.ts';
import { hasReportedSinceStatus, ranAs } from './who-runs-the-task.ts';

export function decideRunning(job: Job, observation: Observation): Action[] {
  const { entry } = observation;
  const startedOn = startOf(job);
  // Once for each start: with gang scheduling, Slurm suspends and resumes jobs every half minute.
  if (job.state === 'SUSPENDED' && entry.told.suspended !== true) {
    const told = { ...entry.told, suspended: true };
    return [
      ...logOnce(told, { level: 'WARNING', text: describeSuspended(job) }),
      ...watch(job, { ...observation, entry: { ...entry, told } }),
    ];
  }
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
    if (isAbortOverwritten(task, job, observation)) return repeatAbort(job, task, observation);
    // Its job may have ended while another job of the task lives: the end of that job still needs the record.
    if (!isAskedToStop(task)) return clearTimers(entry, isAbortedRun(task, observation));
    return cancelAborted(job, task, observation);
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

/** The agent has a grace period to end the task, and before that the time of the task's abort callback. */
function cancelAborted(job: Job, task: Task, { entry, now, gracePeriods }: Observation): Action[] {
  const since = entry.stoppingRun === task.started ? pastTime(entry.stoppingSince, now) : undefined;
  if (since === undefined) return [{ do: 'note', patch: { stoppingSince: now, stoppingRun: task.started } }];
  const callbackMs = Math.min(task.abortCallbackMs ?? 0, gracePeriods.abortCallbackMaxMs);
  return now - since < callbackMs + gracePeriods.stopMs ? [] : [cancel(job, NOT_ENDED_IN_TIME)];
}

/**
 * The agent may overwrite the repeated request too: the next pass repeats it again, until the grace period is over. That begins with the
 * first repetition, because the agent may not have seen the request before.
 */
function repeatAbort(job: Job, task: Task, observation: Observation): Action[] {
  const { entry, now } = observation;
  if (!hasReportedSinceStatus(task)) return [];
  if (entry.told.abortRepeated === true) {
    const due = cancelAborted(job, task, observation);
    return due.length > 0 ? due : [{ do: 'repeat-abort' }];
  }
  return [
    { do: 'note', patch: { stoppingSince: now, told: { ...entry.told, abortRepeated: true } } },
    { do: 'repeat-abort' },
    { do: 'log', level: 'INFO', text: ABORT_REPEATED },
  ];
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
  const isSlow = runningForMs >= gracePeriods.startMs && job.state !== 'SUSPENDED';
  if (!isSlow || entry.told.slowStart === true) return clearTimers(entry);
  return logOnce({ ...entry.told, slowStart: true }, { level: 'WARNING', text: describeSlowStart(job, runningForMs) });
}

function clearTimers({ astraySince, stoppingSince }: Entry, keepsAbort = false): Action[] {
  if (astraySince === undefined && (keepsAbort || stoppingSince === undefined)) return [];
  const stopping = keepsAbort ? {} : { stoppingSince: undefined, stoppingRun: undefined };
  return [{ do: 'note', patch: { astraySince: undefined, ...stopping } }];
}
