// Reads a file that the user has named.
import { readFile } from 'node:fs/promises';
import { UsageError } from '../base/usage-error.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a directory',
  ELOOP: 'has too many symbolic links, such as a link to itself',
  EACCES: 'is not readable by you',
};

/**
 * @param what for the error message: `template`, `task file`
 * @throws UsageError if the file cannot be read
 */
export async function readNamedFile(what: string, path: string, option: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? REASONS[String(error.code)] : undefined;
    if (reason === undefined) throw error;
    throw new UsageError(`The ${what} ${path} ${reason}. Give the path of a file with ${option}.`);
  }
}
