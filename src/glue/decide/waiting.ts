// Rows of the table for a job that waits in Slurm: the task is parked, or the user has changed his mind.
import type { Job } from '../../slurm/scheduler.ts';
import { isStoppedByTerm } from '../agent-words.ts';
import { describeWait } from '../wording.ts';
import type { Action } from './action.ts';
import { cancel, takeIfParked } from './moves.ts';
import type { Sighting } from './sighting.ts';

const WAITING = new Set([
  'PENDING',
  'CONFIGURING',
  'REQUEUED',
  'REQUEUE_FED',
  'REQUEUE_HOLD',
  'SPECIAL_EXIT',
  'RESV_DEL_HOLD',
  'POWER_UP_NODE',
  'EXPEDITING',
]);

/** Whether nothing of the job runs (yet, or any more). */
export function isWaiting(job: Job): boolean {
  return WAITING.has(job.state);
}

export function decideWaiting(job: Job, { entry, task, place, now }: Sighting): Action[] {
  if (task === undefined) return [cancel(job, 'the task was deleted')];
  if (task.archived) return [cancel(job, 'the task was archived'), ...takeIfParked(place)];

  if (task.status === 'queued') {
    if (place === 'parked') return waitWords(job, entry.told.reason, now);
    return [
      cancel(
        job,
        place === 'nowhere' ? 'the task was taken out of the scheduler queue' : 'the task was enqueued again',
      ),
    ];
  }

  // Slurm put the job back: whatever the earlier run made of the task, it is going to run again.
  const wasRunning = task.status === 'in_progress' || isStoppedByTerm(task);
  if (wasRunning && (task.status === 'in_progress' || task.status === 'stopped')) {
    return [
      { do: 'say', level: 'WARNING', text: `Slurm put job ${job.id} back: the task waits again and will start anew.` },
      { do: 'park-again', from: task.status },
      { do: 'note', patch: { told: {} } },
    ];
  }

  return [cancel(job, `the task is ${task.status}`), ...takeIfParked(place)];
}

function waitWords(job: Job, toldReason: string | undefined, now: number): Action[] {
  const words = describeWait(job, now);
  if (words.key === toldReason) return [];
  return [
    { do: 'say', level: words.level, text: words.text },
    { do: 'show-status', text: words.text },
    { do: 'note', patch: { told: { reason: words.key } } },
  ];
}
