// Quotes a value as one word of a POSIX shell, and splits text into words as Python's shlex does.
import { split } from 'shlex';

/** Thrown when a text cannot be a shell word, because the kernel ends every argument at a NUL. */
export class NulInWordError extends Error {
  override readonly name = 'NulInWordError';
}

/**
 * Quotes the text as exactly one shell word, as Python's `shlex.quote` does. The package's own searches a job script three times with regular
 * expressions.
 * @throws NulInWordError if it contains a NUL
 */
export function quoteWord(text: string): string {
  if (text.includes('\0')) throw new NulInWordError('a NUL character cannot be part of a command');
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}

/** The words of a command line, split like Python's `shlex.split`, which ClearML uses for container arguments. */
export function splitWords(text: string): string[] {
  return split(text);
}

/** Whether it can be split, with at least a program. */
export function isCommandLine(text: string): boolean {
  try {
    return (splitWords(text)[0] ?? '') !== '';
  } catch {
    return false;
  }
}
