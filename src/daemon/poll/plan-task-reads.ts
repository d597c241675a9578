// Which tasks a poll reads in full, and of which it only asks whether they changed. Pure.
import { isWaiting } from '../../slurm/job-state.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { Task } from '../../clearml/task.ts';
import type { Job } from '../../slurm/scheduler.ts';
import { isAskedToStop } from '../decide/recognize-abort.ts';
import type { ReadLimits } from '../deps.ts';
import type { Entry } from '../journal/entry.ts';
import { isAwaitingChange } from './poll-interval.ts';

export const READ_LIMITS: ReadLimits = { fullUpTo: 100, perSweep: 20 };

/** With very many tasks, each is still read in full once in this many polls. */
const POLLS_PER_SWEEP = 250;

export interface ReadPlan {
  readonly inFull: readonly TaskId[];
  readonly ifChanged: readonly TaskId[];
}

/**
 * @param remembered the tasks as they were last read, the one that was read longest ago first
 * @param readNext tasks that were not at rest at the last poll
 */
export function planRead(
  entries: ReadonlyMap<TaskId, Entry>,
  remembered: ReadonlyMap<TaskId, Task>,
  readNext: ReadonlySet<TaskId>,
  { perSweep }: ReadLimits,
): ReadPlan {
  const inFull: TaskId[] = [];
  const resting = new Set<TaskId>();
  for (const [task, entry] of entries) {
    if (!remembered.has(task) || readNext.has(task) || isAwaitingChange(entry)) inFull.push(task);
    else resting.add(task);
  }
  let left = Math.min(Math.max(perSweep, Math.ceil(resting.size / POLLS_PER_SWEEP)), resting.size);
  for (const task of remembered.keys()) {
    if (left === 0) break;
    if (!resting.delete(task)) continue;
    inFull.push(task);
    left -= 1;
  }
  return { inFull, ifChanged: [...resting] };
}

/**
 * Whether nothing but a change of the task's status, of its queue entry or of its job can lead to an action. What else the decision
 * table reads of a task, such as who reported on it and when, counts only for a task that is not at rest.
 */
export function isAtRest({ jobId }: Entry, task: Task, jobs: readonly Job[]): boolean {
  const [job, ...others] = jobs;
  if (job === undefined || others.length > 0 || job.id !== jobId) return false;
  if (task.status === 'queued') return isWaiting(job);
  return task.status === 'in_progress' && job.state === 'RUNNING' && !isAskedToStop(task);
}

/** Whether a task that was read after the jobs is as it was before them, so that the jobs and the new reading agree. */
export function hasSameState(before: Task | undefined, after: Task | undefined): boolean {
  if (before === undefined || after === undefined) return before === after;
  return (
    before.status === after.status &&
    before.statusChanged === after.statusChanged &&
    before.executionQueue === after.executionQueue &&
    before.slurmCancelled === after.slurmCancelled
  );
}
