// Telling the user: lines and properties in the task, which never stand in the way of what they tell about.
import type { ConsoleLine } from '../../clearml/client.ts';
import { ServerRefusedError, ServerUnreachableError } from '../../clearml/errors.ts';
import type { TaskId } from '../../clearml/ids.ts';
import { breakLines, truncateText } from './console-lines.ts';
import type { DaemonDeps } from '../deps.ts';

/** Says it in the task's console, in lines that the web page shows whole. */
export async function logToConsole(deps: DaemonDeps, task: TaskId, ...lines: readonly ConsoleLine[]): Promise<void> {
  await notify(deps, task, () => {
    const broken = lines.map(({ level, text }) => ({ level, text: breakLines(truncateText(text)) }));
    return deps.clearml.events.log(task, deps.worker, broken);
  });
}

/**
 * Shows it as the task's status message, if the task waits: on one that runs, the message may be the user's request to
 * abort it, which would be erased. False when it may not have been shown.
 */
export function showStatus(deps: DaemonDeps, task: TaskId, text: string): Promise<boolean> {
  return notify(deps, task, async () => {
    const read = await deps.clearml.tasks.get(task);
    if (read?.task.status === 'queued') await deps.clearml.tasks.setStatusMessage(task, text);
  });
}

/**
 * Runs something that only informs; when the server doesn't take it the log tells it instead. False when no answer came: another
 * try may help.
 */
export async function notify(deps: DaemonDeps, task: TaskId, informing: () => Promise<void>): Promise<boolean> {
  try {
    await informing();
    return true;
  } catch (error) {
    if (!(error instanceof ServerUnreachableError || error instanceof ServerRefusedError)) throw error;
    deps.log.warn('Writing to the task failed', { task, err: error });
    return error instanceof ServerRefusedError;
  }
}
