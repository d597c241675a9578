// Joins the lines of a file for users, some of which contain text from a server or a cluster.
import { escapedCharacter, NOT_SHOWN } from './terminal-text.ts';

const NOT_IN_A_LINE = new RegExp(`[${NOT_SHOWN}\\n]`, 'g');

/**
 * Joins these lines, with a newline after the last one. A newline inside a line would begin a new one, for example a setting after
 * a comment. It is written as `\u000a`, and so is every other invisible character.
 */
export function joinLines(lines: readonly string[]): string {
  return lines.map((line) => `${line.replace(NOT_IN_A_LINE, escapedCharacter)}\n`).join('');
}
