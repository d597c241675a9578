// Recognizes an abort by the status texts of the ClearML server and agent: a user's, one that the server has undone, or a SIGTERM of Slurm.
import type { Task } from '../../clearml/task.ts';

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

/**
 * Whether the server has undone a user's abort: `queues.get_next_task` sets a stopped task to queued (apiserver/services/queues.py), also
 * if the user aborts it at that moment. Enqueueing a task clears the message.
 */
export function isAbortUndone(task: Task): boolean {
  return task.status === 'queued' && task.statusMessage.startsWith(STOPPED_MESSAGE);
}
