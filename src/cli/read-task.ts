// The task that a command is about: from the server, or from a file.
import type { Typed } from './command.ts';
import type { Configured } from '../assembly/read-config.ts';
import { taskFromFile, type Aim, type TaskToRender } from './task-from-file.ts';
import { textOption } from './typed-options.ts';
import { UsageError } from '../base/usage-error.ts';

/** @param command for the sentence when it can't be told which @throws UsageError when none or two are named; with a task of the server's, what asking it throws */
export async function readTask(typed: Typed, here: Configured, aim: Aim, command: string): Promise<TaskToRender> {
  const id = textOption(typed, 'task');
  const file = textOption(typed, 'task-file');
  if (file !== undefined && id === undefined) return taskFromFile(here, file, aim);
  if (id === undefined || file !== undefined)
    throw new UsageError(`${command} needs a task: give either --task ID or --task-file FILE.`);
  // The log and the client of the server take longer to load than a task in a file takes altogether.
  const { taskFromServer } = await import('./task-from-server.ts');
  return taskFromServer(typed, here, id, aim);
}
