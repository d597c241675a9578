// Prepares the end of a job's log for the console of a task: whole lines, without terminal control sequences.
import { visibleText } from '../../base/terminal-text.ts';

/** Longer lines are data, not messages. */
const MAX_LINE = 500;

/**
 * The last lines of a log, ready to print; empty if there are none.
 * A progress bar overwrites its line, so only its last state is kept.
 */
export function cleanLogTail(text: string, maxLines: number): string {
  const lines = text.split(/\r?\n/).map(cleanLine);
  while (lines.at(-1) === '') lines.pop();
  return lines.slice(-maxLines).join('\n');
}

function cleanLine(line: string): string {
  const clean = visibleText(line).trimEnd();
  return clean.length > MAX_LINE ? `${clean.slice(0, MAX_LINE - 1)}…` : clean;
}
