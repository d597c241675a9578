// Recognizes the status messages and log lines of the ClearML server and agent; no other file compares these texts.
import type { Task } from '../../clearml/task.ts';

/** The status reason that the agent sets on SIGTERM, which Slurm sends for many causes other than a user's abort. */
const TERM_REASON = 'user abort';

/** The status message that the server sets while it waits for the agent to end an aborted task. */
const STOPPING_MESSAGE = 'stopping';

/** The status message that the server sets when a user aborts a task that no agent runs. */
const STOPPED_MESSAGE = 'Stopped by ';

/** How each status message of the agent begins; it only names the agent. */
const BY_AGENT = 'Changed by clearml-agent ';

/** The status reason that the agent sets when the task's process failed; the code is negative after a signal. */
const EXIT_REASON = /^worker execution exit code (-?\d+)$/;

/** What the agent prints to the job's log when the task's process succeeded. */
const FINISHED_LINE = 'Process completed successfully';

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

/** Whether the agent set the status, so that the status message does not explain it. */
export function isSetByAgent({ statusMessage }: Pick<Task, 'statusMessage'>): boolean {
  return statusMessage.startsWith(BY_AGENT);
}

/** Returns the exit code of the task's process that the agent reported, negative for a signal. */
export function parseExitCode({ statusReason }: Pick<Task, 'statusReason'>): number | undefined {
  const code = EXIT_REASON.exec(statusReason)?.[1];
  return code === undefined ? undefined : Number(code);
}

/** Whether a job's log shows that the task's process succeeded. */
export function showsCompletion(log: string): boolean {
  return log.includes(FINISHED_LINE);
}
