// Writes console lines, status messages and properties to a task. A failure is logged and does not stop the caller.
import type { ConsoleLine } from '../../clearml/client.ts';
import { ServerBusyError, ServerRefusedError, ServerUnreachableError } from '../../clearml/errors.ts';
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
    const read = await deps.clearml.tasks.get(task);
    if (read?.task.status === 'queued') await deps.clearml.tasks.setStatusMessage(task, text);
  });
}

/**
 * The same for several tasks, in two calls. If they fail because of one task, the others still get their messages. Returns the tasks whose
 * message needs not be set again.
 */
export async function showStatuses(deps: DaemonDeps, texts: ReadonlyMap<TaskId, string>): Promise<ReadonlySet<TaskId>> {
  if (texts.size > 1) {
    try {
      return await showTogether(deps, texts);
    } catch (error) {
      if (!(error instanceof ServerUnreachableError || error instanceof ServerRefusedError)) throw error;
      deps.log.debug('Could not write the status messages together', { tasks: texts.size, err: error });
      // It asks for fewer calls.
      if (error instanceof ServerBusyError) return new Set();
    }
  }
  return showOneByOne(deps, texts);
}

async function showTogether(deps: DaemonDeps, texts: ReadonlyMap<TaskId, string>): Promise<ReadonlySet<TaskId>> {
  const { tasks, unread } = await deps.clearml.tasks.read([...texts.keys()]);
  const queued = [...texts].filter(([task]) => tasks.get(task)?.status === 'queued');
  await deps.clearml.tasks.setStatusMessages(new Map(queued));
  return new Set([...texts.keys()].filter((task) => !unread.has(task)));
}

/** After so many tasks in a row without a response, ClearML is probably unreachable: the next pass shows the others. */
const AWAY_AFTER = 3;

async function showOneByOne(deps: DaemonDeps, texts: ReadonlyMap<TaskId, string>): Promise<ReadonlySet<TaskId>> {
  const shown = new Set<TaskId>();
  let unanswered = 0;
  for (const [task, text] of texts) {
    if (unanswered >= AWAY_AFTER) break;
    const isShown = await showStatus(deps, task, text);
    if (isShown) shown.add(task);
    unanswered = isShown ? 0 : unanswered + 1;
  }
  return shown;
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
