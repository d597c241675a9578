// Writes console lines (broken at the width that the web page shows), status messages and properties to a task. A failure does not stop the caller.
import { readTaskState } from '../../clearml/read-task-state.ts';
import type { ConsoleLine } from '../../clearml/client.ts';
import { ServerRefusedError, ServerUnreachableError } from '../../clearml/errors.ts';
import type { TaskId } from '../../clearml/ids.ts';
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

/** The columns that the web page shows beside the time, on a small screen. */
export const CONSOLE_COLUMNS = 110;

/** Longer than any log excerpt that a message has. */
const MOST_CHARACTERS = 32_000;

/** Truncates a message: a name or value in it may be as long as the task's record, which would delay other tasks. */
export function truncateText(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}… (truncated)`;
}

/** Indents each part but the first, to show which lines belong together. */
const INDENT = '  ';

/** Breaks the text into lines of at most 110 columns, between sentences if possible, otherwise between words. */
export function breakLines(text: string): string {
  return text.split('\n').map(breakLine).join('\n');
}

function breakLine(line: string): string {
  if (line.length <= CONSOLE_COLUMNS) return line;
  const lines: string[] = [];
  for (const sentence of line.split(/(?<=[.!?]) (?=\S)/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + sentence.length <= CONSOLE_COLUMNS)
      lines.push(`${lines.pop() ?? ''} ${sentence}`);
    else lines.push(...breakSentence(`${lines.length === 0 ? '' : INDENT}${sentence}`));
  }
  return lines.join('\n');
}

/** A word that is too long, such as a path, stays whole, so that it can be copied. Linear in the length of the sentence. */
function breakSentence(sentence: string): string[] {
  const lines: string[] = [];
  let start = 0;
  let indent = '';
  let firstWord = 0;
  while (indent.length + sentence.length - start > CONSOLE_COLUMNS) {
    const end = start + CONSOLE_COLUMNS - indent.length;
    while (firstWord < start || sentence[firstWord] === ' ') firstWord += 1;
    const before = sentence.lastIndexOf(' ', end);
    const cut = before > firstWord ? before : sentence.indexOf(' ', Math.max(end, firstWord));
    if (cut < 0) break;
    lines.push(indent + sentence.slice(start, cut));
    start = cut + 1;
    indent = INDENT;
  }
  return [...lines, indent + sentence.slice(start)];
}
