// The end of a job's log made fit for a task's console: whole lines, without what only a terminal understands.

/** Longer lines are data, not messages. */
const MAX_LINE = 500;

/** Colours, cursor moves and titles (ECMA-48 CSI and OSC), then any other escape of two characters. */
const TERMINAL_SEQUENCES = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b./g;

/** Control characters but the tab, and characters that reorder the text around them. */
const INVISIBLE = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

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
  const shown = line.split('\r').findLast((part) => part.trim() !== '') ?? '';
  const clean = shown.replace(TERMINAL_SEQUENCES, '').replace(INVISIBLE, '').trimEnd();
  return clean.length > MAX_LINE ? `${clean.slice(0, MAX_LINE - 1)}…` : clean;
}
