// Writes console lines, status messages and properties to a task. A failure is logged and does not stop the caller.
import { readTaskState } from '../../clearml/read-task-state.ts';
import type { ConsoleLine } from '../../clearml/client.ts';
import { ServerRefusedError, ServerUnreachableError } from '../../clearml/errors.ts';
import type { TaskId } from '../../clearml/ids.ts';
import { breakLines, truncateText } from './break-lines.ts';
import type { DaemonDeps } from '../deps.ts';

/** Writes lines to the task's console, broken to the width that the web page shows. */
export async function logToConsole(deps: DaemonDeps, task: TaskId, ...lines: readonly ConsoleLine[]): Promise<void> {
  await notify(deps, task, () => deps.clearml.events.log(task, deps.worker, broken(lines)));
}

/** The same for lines that only inform: the caller does not wait, and they are sent within a second, in one call with those of others. */
export function logToConsoleLater(deps: DaemonDeps, task: TaskId, ...lines: readonly ConsoleLine[]): void {
  notify(deps, task, () => deps.clearml.events.logLater(task, deps.worker, broken(lines))).catch((error: unknown) => {
    warnOf(deps, task, error);
  });
}

function broken(lines: readonly ConsoleLine[]): ConsoleLine[] {
  return lines.map(({ level, text }) => ({ level, text: breakLines(truncateText(text)) }));
}

/**
 * Sets the status message of a queued task. On a running task the message may be a user's abort request, which would be erased. False if
 * it may not have been set.
 */
export function showStatus(deps: DaemonDeps, task: TaskId, text: string): Promise<boolean> {
  return notify(deps, task, async () => {
    const read = await readTaskState(deps.clearml.tasks, task);
    if (read?.status === 'queued') await deps.clearml.tasks.setStatusMessage(task, text);
  });
}

/** Runs a request that only informs the user, and logs its failure. False if no response came, so that a retry may succeed. */
export async function notify(deps: DaemonDeps, task: TaskId, request: () => Promise<void>): Promise<boolean> {
  try {
    await request();
    return true;
  } catch (error) {
    if (!(error instanceof ServerUnreachableError || error instanceof ServerRefusedError)) throw error;
    warnOf(deps, task, error);
    return error instanceof ServerRefusedError;
  }
}

function warnOf({ log }: DaemonDeps, task: TaskId, error: unknown): void {
  log.warn('Could not write to the console or status message of the task', { task, err: error });
}
