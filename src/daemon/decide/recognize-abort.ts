// Recognizes an abort by the status texts of server and agent: a user's, one that was overwritten or undone, or a SIGTERM of Slurm.
import type { Task } from '../../clearml/task.ts';
import type { Job } from '../../slurm/scheduler.ts';
import type { Observation } from './observation.ts';
import { isEnqueuedElsewhere, isSilent, ranAs } from './who-runs-the-task.ts';

/** The status reason that the agent sets on SIGTERM, which Slurm sends for many causes other than a user's abort. */
const TERM_REASON = 'user abort';

/** The status message that the server sets while it waits for the agent to end an aborted task. */
const STOPPING_MESSAGE = 'stopping';

/** The status message that the server sets when a user aborts a task that no agent runs. */
const STOPPED_MESSAGE = 'Stopped by ';

/** Whether the agent stopped the task on SIGTERM: a time limit, a preemption or a scancel. */
export function isStoppedByTerm(task: Task): boolean {
  return task.status === 'stopped' && task.statusReason === TERM_REASON;
}

/** Whether the user has aborted this running task and the agent has not yet ended it. */
export function isAskedToStop(task: Task): boolean {
  return task.status === 'in_progress' && task.statusMessage.includes(STOPPING_MESSAGE);
}

/** Whether the user has aborted the task that this job ran, or a job whose agent is silent, and no agent has ended the task since. */
export function isAborted(task: Task, job: Pick<Job, 'id'>, observation: Observation): boolean {
  if (isAskedToStop(task) || isAbortOverwritten(task, job, observation)) return true;
  return task.status === 'in_progress' && isAbortedRun(task, observation) && isSilent(task, observation);
}

/**
 * Whether the agent of this job has overwritten an abort request that an earlier poll saw: while it starts the task, it sets the status up
 * to five times, and so does `Task.init()`. If a user has reset the task or enqueued it again since, another run has started at another
 * time, or another worker has reported.
 */
export function isAbortOverwritten(task: Task, job: Pick<Job, 'id'>, observation: Observation): boolean {
  return task.status === 'in_progress' && !isAskedToStop(task) && ranAs(task, job) && isAbortedRun(task, observation);
}

/** Whether an earlier poll saw an abort request to this run of the task, whatever job runs it. */
export function isAbortedRun(task: Task, observation: Observation): boolean {
  const { stoppingSince, stoppingRun } = observation.entry;
  if (stoppingSince === undefined || stoppingRun === undefined) return false;
  return task.started === stoppingRun && !isEnqueuedElsewhere(task, observation);
}

/**
 * Whether the server has undone a user's abort: `queues.get_next_task` sets a stopped task to queued (apiserver/services/queues.py), also
 * if the user aborts it at that moment. Enqueueing a task clears the message.
 */
export function isAbortUndone(task: Task): boolean {
  return task.status === 'queued' && task.statusMessage.startsWith(STOPPED_MESSAGE);
}
