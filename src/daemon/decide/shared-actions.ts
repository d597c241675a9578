// The moves that several rows of the table share.
import { jitterOf } from '../../slurm/job-name.ts';
import { backoffMs } from '../submit/backoff.ts';
import type { Entry } from '../journal/entry.ts';
import type { Job } from '../../slurm/scheduler.ts';
import type { Action, Ending } from './action.ts';
import type { Place, Observation } from './observation.ts';

/** So many attempts for one task; more would mean that something is wrong which another attempt doesn't mend. */
export const MAX_ATTEMPTS = 5;

export function cancel(job: Job, why: string): Action {
  return { do: 'cancel', jobIds: [job.id], why };
}

export function end(ending: Ending): Action {
  return { do: 'end', ending };
}

/** Nothing more is to be done for the task. One that nobody is to run leaves no entry behind in the scheduler queue. */
export function forget(place: Place): Action[] {
  return [...removeEntryIfParked(place), { do: 'forget' }];
}

/** Why the job of a task is cancelled whose entry a user took out of the scheduler queue: the task is dequeued then. */
export const REMOVED_BY_USER = 'the task was removed from the scheduler queue';

/** The task was removed there, and nobody has done anything with it since: that is what a user means by dequeuing. */
export function isRemovedByUser({ entry, place }: Pick<Observation, 'entry' | 'place'>): boolean {
  return entry.cancelledFor === REMOVED_BY_USER && place === 'nowhere';
}

export function dequeue(entry: Pick<Entry, 'jobId'>): Action {
  const job = entry.jobId === undefined ? '' : ` Slurm job ${entry.jobId} is cancelled.`;
  return { do: 'dequeue', text: `Dequeued: the task was removed from the scheduler queue.${job}` };
}

export function removeEntryIfParked(place: Place): Action[] {
  return place === 'parked' || place === 'unknown' ? [{ do: 'remove-entry' }] : [];
}

/**
 * A new attempt for a parked task, as long as there is hope. The first follows at once, each further one after a longer backoff
 * since the last was submitted: until it is over nothing is done, and the next pass decides again.
 */
export function resubmitOrFail(why: string, { entry, now }: Pick<Observation, 'entry' | 'now'>): Action[] {
  if (entry.attempts < MAX_ATTEMPTS) return isBackoffOver(entry, now) ? [{ do: 'resubmit', why }] : [];
  const text = `Gave up after ${entry.attempts} Slurm jobs, none of which started the task: ${why}. Fix the cause, then enqueue the task again.`;
  return [end({ status: 'failed', reason: 'too many attempts', text, withLog: true })];
}

/** A clock that was set back ends the backoff: it must not last until the clock has caught up. */
function isBackoffOver({ attempt = '', attempts, stepAt }: Entry, now: number): boolean {
  const sinceMs = now - stepAt;
  return sinceMs < 0 || sinceMs >= backoffMs(attempts - 1, jitterOf(attempt));
}

/** What is said is remembered first: a line twice is worse than none. */
export function logOnce(told: Entry['told'], line: Pick<Extract<Action, { do: 'log' }>, 'level' | 'text'>): Action[] {
  return [
    { do: 'note', patch: { told } },
    { do: 'log', ...line },
  ];
}
