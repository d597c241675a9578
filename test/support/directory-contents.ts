// Lists the contents of a directory, for tests that nothing in it changes.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Each path below the folder, with its size and the time of its last change. */
export async function contentsOf(folder: string): Promise<string[]> {
  const paths = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = paths.filter((entry) => !entry.isSymbolicLink()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.sort().map(async (path) => describeFile(path)));
}

async function describeFile(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  return `${path} ${size} ${mtimeMs}`;
}
