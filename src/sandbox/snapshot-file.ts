// The file that carries a sandbox over a restart: replaced as a whole, so that no reader ever meets half of one.
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { distrustOf } from '../base/trusted-path.ts';
import { createPrivateFile } from '../base/private-file.ts';
import { snapshot, type Snapshot } from './documents.ts';
import { InvalidSnapshotError } from './start-errors.ts';

/**
 * The snapshot in the file, or undefined when there is no file yet.
 * @throws InvalidSnapshotError
 */
export async function readSnapshot(path: string): Promise<Snapshot | undefined> {
  const why = distrustOf(path);
  if (why !== undefined)
    throw new InvalidSnapshotError(
      `the state file ${path} is not used, as others can change it: ${why}. It holds the sandbox's keys, and tasks that jobs run: give a path in a folder of your own`,
    );
  const text = await readIfPresent(path);
  if (text === undefined) return undefined;
  const advice = 'give another path, or remove the file to start with an empty sandbox';
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new InvalidSnapshotError(`${path} is not a sandbox state file (it is not JSON): ${advice}`, { cause: error });
  }
  const parsed = snapshot.safeParse(content);
  if (!parsed.success) {
    throw new InvalidSnapshotError(`${path} is not a sandbox state file: ${advice}`, { cause: parsed.error });
  }
  return parsed.data;
}

/** Writes beside the file, syncs, and renames over it: after a crash at any moment there is the old whole or the new whole. */
export async function writeSnapshot(path: string, content: Snapshot): Promise<void> {
  const besides = `${path}.new`;
  // Left there by a crash. It is made anew, as it holds the secret key.
  await rm(besides, { force: true });
  await createPrivateFile(besides, JSON.stringify(content));
  await rename(besides, path);
  await syncFolder(dirname(path));
}

/** A rename is durable only once the folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code === 'ENOENT') return undefined;
    throw new InvalidSnapshotError(
      `the state file ${path} can not be read (${String(error.code)}): give another path`,
      {
        cause: error,
      },
    );
  }
}
