// Reads the task to render from the server or from a file.
import type { Configured } from '../assembly/load-trusted-config.ts';
import { UsageError } from '../base/usage-error.ts';
import { taskFromFile, type Aim, type TaskToRender } from './task-from-file.ts';

/** The options that name the task. */
export interface TaskOptions {
  readonly task: string | undefined;
  readonly taskFile: string | undefined;
}

/**
 * @param command for the error message
 * @throws UsageError unless exactly one task is named; for a task of the server, what the client throws
 */
export async function readTask(
  { task: id, taskFile: file }: TaskOptions,
  here: Configured,
  aim: Aim,
  command: string,
): Promise<TaskToRender> {
  if (file !== undefined && id === undefined) return taskFromFile(here, file, aim);
  if (id === undefined || file !== undefined)
    throw new UsageError(`${command} needs a task: give either --task ID or --task-file FILE.`);
  // Loading the client and the log takes longer than rendering a task from a file.
  const { taskFromServer } = await import('./task-from-server.ts');
  return taskFromServer(here, id, aim);
}
