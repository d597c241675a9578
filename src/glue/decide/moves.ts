// The two moves that several rows of the table share.
import type { Job } from '../../slurm/scheduler.ts';
import type { Action } from './action.ts';
import type { Place } from './sighting.ts';

export function cancel(job: Job, why: string): Action {
  return { do: 'cancel', jobIds: [job.id], why };
}

/** A task that nobody is to run leaves no entry behind in the scheduler queue. */
export function takeIfParked(place: Place): Action[] {
  return place === 'parked' ? [{ do: 'take-entry' }] : [];
}
