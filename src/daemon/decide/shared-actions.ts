// Actions that several rows of the decision table share.
import { elapsedMs } from '../../base/past-time.ts';
import { attemptOf, jitterOf } from '../../slurm/job-name.ts';
import { backoffMs } from '../submit/backoff-ms.ts';
import type { Entry } from '../journal/entry.ts';
import type { Job } from '../../slurm/scheduler.ts';
import type { Action, Ending } from './action.ts';
import type { Place, Observation } from './observation.ts';

/** After this many attempts, the cause is one that another attempt does not fix. */
export const MAX_ATTEMPTS = 5;

/**
 * How long the outcome of an sbatch may stay unknown. A request to the controller times out after MessageTimeout; this is longer than all
 * retries of one sbatch.
 */
export function unknownOutcomeMs({ messageTimeoutMs }: { readonly messageTimeoutMs: number }): number {
  return 2 * messageTimeoutMs + 5_000;
}

/** Why an extra job of a task is cancelled; the record of the cancellation also names the other job. */
export const ANOTHER_JOB = 'the task has another job';

/** Whether the daemon cancelled the job as an extra one. Nobody wanted the task to stop: it may have started just before. */
export function isCancelledAsExtra({ state }: Job, { cancelledFor }: Pick<Entry, 'cancelledFor'>): boolean {
  return state === 'CANCELLED' && cancelledFor?.startsWith(ANOTHER_JOB) === true;
}

export function cancel(job: Job, why: string): Action {
  return { do: 'cancel', jobIds: [job.id], why };
}

export function end(ending: Ending): Action {
  return { do: 'end', ending };
}

/** Stops tracking the task, and removes its entry from the scheduler queue, so that no job runs it. */
export function forget(place: Place): Action[] {
  return [...removeEntryIfParked(place), { do: 'forget' }];
}

/** Why the job of an aborted task is cancelled whose agent should have ended it. */
export const NOT_ENDED_IN_TIME = 'the agent did not end the aborted task in time';

/** Why the job of a task is cancelled whose entry a user removed from the scheduler queue. The journal stores this text. */
export const REMOVED_BY_USER = 'the task was removed from the scheduler queue';

/** Whether a user removed the task from the scheduler queue and nothing was done with it since: the user wants it dequeued. */
export function isRemovedByUser({ entry, place }: Pick<Observation, 'entry' | 'place'>): boolean {
  return entry.cancelledFor === REMOVED_BY_USER && place === 'nowhere';
}

/** Whether the journal shows no other job of the task: one that Slurm has forgotten may have passed the gate. */
export function isOnlyKnownJob({ id, name }: Job, { jobId, attempt }: Pick<Entry, 'jobId' | 'attempt'>): boolean {
  return attemptOf(name) === attempt && (jobId === undefined || id === jobId);
}

export function dequeue(entry: Pick<Entry, 'jobId'>): Action {
  const job = entry.jobId === undefined ? '' : ` Slurm job ${entry.jobId} is cancelled.`;
  return { do: 'dequeue', text: `Dequeued: the task was removed from the scheduler queue.${job}` };
}

export function removeEntryIfParked(place: Place): Action[] {
  return place === 'parked' || place === 'unknown' ? [{ do: 'remove-entry' }] : [];
}

/**
 * A new attempt for a parked task, or its failure after too many. The first retry follows immediately, each further one after a longer
 * backoff since the last submission; while it lasts there is no action, and the next pass decides again.
 */
export function resubmitOrFail(
  why: string,
  { entry, now, parkedAt }: Pick<Observation, 'entry' | 'now' | 'parkedAt'>,
): Action[] {
  if (entry.attempts < MAX_ATTEMPTS) return hasWaited(entry, entry.attempts - 1, now) ? [{ do: 'resubmit', why }] : [];
  if (isParkedAgain(entry, parkedAt))
    return [
      { do: 'note', patch: { attempts: 0 } },
      { do: 'resubmit', why },
    ];
  const text = `Gave up after ${entry.attempts} Slurm jobs, none of which started the task: ${why}. Fix the cause, then enqueue the task again.`;
  return [end({ status: 'failed', reason: 'too many attempts', text, withLog: true })];
}

/** Slurm's clock, this one and the server's may differ by so much. */
export const CLOCKS_DIFFER_MS = 60_000;

/**
 * Whether the task was parked after its last submission, as when the journal is a restored older one: its attempts were those of an earlier
 * claim. A task that reached its time limit is parked again by `renewParking` too.
 */
function isParkedAgain({ stepAt, timedOutJobs }: Entry, parkedAt: number | undefined): boolean {
  return timedOutJobs === undefined && parkedAt !== undefined && stepAt + CLOCKS_DIFFER_MS < parkedAt;
}

/** Whether a task whose last sbatch created no job may be submitted again. */
export function isRetryDue(entry: Entry, now: number): boolean {
  return hasWaited(entry, (entry.withoutJob ?? 0) + 1, now);
}

function hasWaited({ attempt = '', stepAt }: Entry, failures: number, now: number): boolean {
  return elapsedMs(stepAt, now) >= backoffMs(failures, jitterOf(attempt));
}

/** Journaled before it is written: a line twice is worse than none. */
export function logOnce(told: Entry['told'], line: Pick<Extract<Action, { do: 'log' }>, 'level' | 'text'>): Action[] {
  return [
    { do: 'note', patch: { told } },
    { do: 'log', ...line },
  ];
}
