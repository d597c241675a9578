// Lines of a file that we write for a person, of which some hold what a server or a cluster said: each stays one line.
import { escapedCharacter, NOT_SHOWN } from './terminal-text.ts';

const NOT_IN_A_LINE = new RegExp(`[${NOT_SHOWN}\\n]`, 'g');

/**
 * The text of these lines, with an end to the last one. A newline within a line would begin one that nobody wrote: behind a
 * comment, a setting. It is written as `\u000a`, and so is every other character that is not shown.
 */
export function joinLines(lines: readonly string[]): string {
  return lines.map((line) => `${line.replace(NOT_IN_A_LINE, escapedCharacter)}\n`).join('');
}
