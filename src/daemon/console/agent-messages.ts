// The few words by which the server and the agent say what happened to a task; the only place that compares them.
import type { Task } from '../../clearml/task.ts';

/** The agent's reason when it got a SIGTERM: from Slurm's point of view anything but the user's own abort. */
const TERM_REASON = 'user abort';

/** The server's message while it waits for the agent to end an aborted task. */
const STOPPING_MESSAGE = 'stopping';

/** What the agent prints to the job's log when the task's process ended well. */
const FINISHED_LINE = 'Process completed successfully';

/** Whether the task was stopped because its agent was sent SIGTERM: a time limit, a preemption, a scancel. */
export function isStoppedByTerm(task: Task): boolean {
  return task.status === 'stopped' && task.statusReason === TERM_REASON;
}

/** Whether the user has aborted this running task and the agent has not yet ended it. */
export function isAskedToStop(task: Task): boolean {
  return task.status === 'in_progress' && task.statusMessage.includes(STOPPING_MESSAGE);
}

/** Whether a job's log shows that the agent saw the task's process end well. */
export function showsCompletion(log: string): boolean {
  return log.includes(FINISHED_LINE);
}
