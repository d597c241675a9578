// Rows of the table for a job that Slurm no longer shows: absent is not ended, so other witnesses are heard first.
import type { Action } from './action.ts';
import { MAX_ATTEMPTS } from './ended.ts';
import { takeIfParked } from './moves.ts';
import type { Sighting } from './sighting.ts';

export function decideAbsent(sighting: Sighting): Action[] {
  const { entry, task, place, now, graces } = sighting;
  const job = entry.jobId === undefined ? 'its Slurm job' : `Slurm job ${entry.jobId}`;

  // One poll may have been begun before the job was known to Slurm's list: two must agree.
  if (entry.absentSince === undefined) return [{ do: 'note', patch: { absentSince: now } }];
  if (sighting.lookedUp !== true) return [{ do: 'look-up' }];

  if (task === undefined || task.archived) return [...takeIfParked(place), { do: 'forget' }];
  if (task.status !== 'queued' && task.status !== 'in_progress') return [...takeIfParked(place), { do: 'forget' }];
  if (place === 'own queue' || place === 'another queue') return [{ do: 'forget' }];

  const absentMs = now - entry.absentSince;
  const silentMs = now - (task.lastUpdate ?? 0);
  if (absentMs < graces.absentMs) return [];

  if (task.status === 'in_progress') {
    // An agent that still reports is alive, whatever Slurm has forgotten.
    if (silentMs < graces.absentMs) return [];
    return [
      {
        do: 'end',
        ending: {
          status: 'failed',
          reason: 'job lost',
          text: `${job} is no longer known to Slurm, and its agent has been silent for ${Math.round(silentMs / 60_000)} min: the job was lost, perhaps in a restart of the Slurm controller. Enqueue the task again.`,
          withLog: false,
        },
      },
    ];
  }

  if (place === 'parked' && entry.attempts < MAX_ATTEMPTS) {
    return [{ do: 'submit-again', why: `${job} is no longer known to Slurm` }];
  }
  return [{ do: 'give-back', why: `${job} is no longer known to Slurm` }];
}
