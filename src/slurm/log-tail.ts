// The end of a job's log made fit for a task's console: whole lines, without what only a terminal understands.
import { visibleText } from '../base/terminal-text.ts';

/** Longer lines are data, not messages. */
const MAX_LINE = 500;

/**
 * The last lines of a log, ready to be shown; empty when there is nothing to see.
 * Of a progress bar, which overwrites its line, only what it showed last is kept.
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
