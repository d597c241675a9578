// A file that a person has named on the command line: read, or a sentence about why not.
import { readFile } from 'node:fs/promises';
import { UsageError } from '../base/usage-error.ts';

const TROUBLE: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a folder',
  EACCES: 'may not be read by you',
};

/**
 * The text of the file.
 * @param what it is, for the sentence: `template`, `task file`
 * @throws UsageError when it can't be read
 */
export async function readNamedFile(what: string, path: string, option: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const trouble = error instanceof Error && 'code' in error ? TROUBLE[String(error.code)] : undefined;
    if (trouble === undefined) throw error;
    throw new UsageError(`The ${what} ${path} ${trouble}. Give the path of a file with ${option}.`);
  }
}
