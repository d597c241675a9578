// Writes a configuration that holds keys into a file of its own.
import { readFile } from 'node:fs/promises';
import { createPrivateFile, replaceByPrivateFile } from '../base/private-file.ts';
import { UsageError } from '../base/usage-error.ts';

/**
 * Returns the path once the file has this text, and only its owner can read it. A file of the same text is left as it is.
 * @throws UsageError when there is another file, or none can be written
 */
export async function writeNewConfig(
  path: string,
  text: string,
  { overwrite }: { readonly overwrite: boolean },
): Promise<string> {
  try {
    await (overwrite ? replaceByPrivateFile(path, text) : createPrivateFile(path, text));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code !== 'EEXIST')
      throw new UsageError(`${path} can not be written (${String(error.code)}): name another file.`);
    // One that can't be read is another one.
    if ((await readFile(path, 'utf8').catch(() => undefined)) === text) return path;
    throw new UsageError(
      `${path} is there already, and was left as it is. Name another file, or add --overwrite to replace it.`,
    );
  }
  return path;
}
