// Whose a task is that somebody has begun: only of a run of our own job may we say that it has ended, or put it back.
import type { Task } from '../../clearml/task.ts';
import type { Job } from '../../slurm/scheduler.ts';
import type { Observation } from './observation.ts';

/**
 * Whether this job was the last that reported for the task. A job's worker id ends with the job id, and with a rank behind it
 * where there are several nodes; what it begins with is the name of the daemon that submitted the job.
 */
export function ranAs(task: Task | undefined, job: Pick<Job, 'id'>): boolean {
  return new RegExp(`:${job.id}(:\\d+)?$`).test(task?.lastWorker ?? '');
}

/**
 * Whether somebody else may be at work on the task: its last report is not this job's, or the task has left, and the report is
 * not old. An agent that died between its first call and its first report looks the same for a while.
 */
export function mayRunElsewhere(task: Task, job: Job, observation: Observation): boolean {
  return (!ranAs(task, job) || isEnqueuedElsewhere(task, observation)) && !isSilent(task, observation);
}

/** Whether nothing was heard of the task for so long that no agent can be alive. */
export function isSilent(task: Task, { now, gracePeriods: gracePeriods }: Observation): boolean {
  return now - (task.lastUpdate ?? 0) >= gracePeriods.absentMs;
}

/**
 * Whether the task was enqueued elsewhere since we took it: whatever became of it there is not ours. A job that the gate had
 * let in just before begins it all the same, and that run is.
 */
export function isEnqueuedElsewhere(task: Task, { entry }: Observation): boolean {
  return task.executionQueue !== entry.queue;
}
