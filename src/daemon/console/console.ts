// Telling the user: lines and properties in the task, which never stand in the way of what they tell about.
import type { ConsoleLine } from '../../clearml/client.ts';
import { ServerRefused, ServerUnreachable } from '../../clearml/errors.ts';
import type { TaskId } from '../../clearml/ids.ts';
import { breakLines, cutText } from './console-lines.ts';
import type { Glue } from '../deps.ts';

/** Says it in the task's console, in lines that the web page shows whole. */
export async function say(glue: Glue, task: TaskId, ...lines: readonly ConsoleLine[]): Promise<void> {
  await inform(glue, task, () => {
    const broken = lines.map(({ level, text }) => ({ level, text: breakLines(cutText(text)) }));
    return glue.clearml.events.log(task, glue.worker, broken);
  });
}

/**
 * Shows it as the task's status message, if the task waits: on one that runs, the message may be the user's request to
 * abort it, which would be erased. False when it may not have been shown.
 */
export function showStatus(glue: Glue, task: TaskId, text: string): Promise<boolean> {
  return inform(glue, task, async () => {
    const read = await glue.clearml.tasks.get(task);
    if (read?.task.status === 'queued') await glue.clearml.tasks.setStatusMessage(task, text);
  });
}

/**
 * Runs something that only informs; when the server doesn't take it the log tells it instead. False when no answer came: another
 * try may help.
 */
export async function inform(glue: Glue, task: TaskId, informing: () => Promise<void>): Promise<boolean> {
  try {
    await informing();
    return true;
  } catch (error) {
    if (!(error instanceof ServerUnreachable || error instanceof ServerRefused)) throw error;
    glue.log.warn('The task could not be told', { task, err: error });
    return error instanceof ServerRefused;
  }
}
