// Plants a bug: a copy of what is shipped, and of the simulation, in a folder of its own, with the bug's edits made.
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Edit } from './faults.ts';

const PROJECT = new URL('../..', import.meta.url).pathname;
const COPIED = [
  'src',
  'templates',
  'package.json',
  'tsconfig.json',
  'test/simulation',
  'test/support/random.ts',
  'test/support/silent-log.ts',
  'test/chaos/tally.ts',
];

export interface Planted {
  readonly folder: string;
  remove(): Promise<void>;
}

/** @throws Error when the text that an edit replaces does not stand in its file exactly once: the table of bugs is out of date */
export async function plant(edits: readonly Edit[]): Promise<Planted> {
  const folder = await mkdtemp(join(tmpdir(), 'planted-'));
  const planted = { folder, remove: () => rm(folder, { recursive: true, force: true }) };
  try {
    for (const path of COPIED)
      await cp(join(PROJECT, path), join(folder, path), { recursive: true }).catch(ignoreMissing);
    await symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
    for (const edit of edits) await make(folder, edit);
    return planted;
  } catch (error) {
    await planted.remove();
    throw error;
  }
}

async function make(folder: string, { file, from, to }: Edit): Promise<void> {
  const path = join(folder, file);
  const parts = (await readFile(path, 'utf8')).split(from);
  if (parts.length !== 2) {
    throw new Error(`${file} holds the text of a planted bug ${parts.length - 1} times instead of once: ${from}`);
  }
  await writeFile(path, parts.join(to));
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
