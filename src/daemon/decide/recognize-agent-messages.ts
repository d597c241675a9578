// Recognizes what clearml-agent reports about the task's process, in the task's status and in the job's log.
// Only this file and recognize-abort.ts compare texts of the agent and the server.
import type { Task } from '../../clearml/task.ts';

/** How each status message of the agent begins; it only names the agent. */
const BY_AGENT = 'Changed by clearml-agent ';

/** The status reason that the agent sets when the task's process failed; the code is negative after a signal. */
const EXIT_REASON = /^worker execution exit code (-?\d+)$/;

/** What the agent prints to the job's log when the task's process succeeded. */
const FINISHED_LINE = 'Process completed successfully';

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
