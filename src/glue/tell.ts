// Telling the user: lines in the task's console, which never stand in the way of what they tell about.
import type { ConsoleLine } from '../clearml/client.ts';
import { ServerUnreachable } from '../clearml/errors.ts';
import type { TaskId } from '../clearml/ids.ts';
import type { Glue } from './glue.ts';

/** Says it in the task's console. @throws ServerUnreachable */
export async function say(glue: Glue, task: TaskId, ...lines: readonly ConsoleLine[]): Promise<void> {
  await glue.clearml.events.log(task, glue.worker, lines);
}

/** Runs something that only informs; when the server can't be reached the log tells it instead. */
export async function inform(glue: Glue, task: TaskId, informing: () => Promise<void>): Promise<void> {
  try {
    await informing();
  } catch (error) {
    if (!(error instanceof ServerUnreachable)) throw error;
    glue.log.warn('The task could not be told', { task, err: error });
  }
}
