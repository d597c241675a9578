// One value as one word of a POSIX shell, and a text split into words as Python's shlex does it.
import { quote, split } from 'shlex';

/** Thrown when a text can't be a shell word at all: the kernel ends every argument at a NUL. */
export class NulInWordError extends Error {
  override readonly name = 'NulInWordError';
}

/**
 * The text as exactly one shell word, whatever it holds.
 * @throws NulInWordError when it holds a NUL
 */
export function quoteWord(text: string): string {
  if (text.includes('\0')) throw new NulInWordError('a NUL character can not be part of a command');
  return quote(text);
}

/** The words of a command line, split as Python's `shlex.split` does (ClearML uses that for container arguments). */
export function splitWords(text: string): string[] {
  return split(text);
}

/** Whether it can be split, into a program at least. */
export function isCommandLine(text: string): boolean {
  try {
    return (splitWords(text)[0] ?? '') !== '';
  } catch {
    return false;
  }
}
