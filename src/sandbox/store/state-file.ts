// The state file of a sandbox, replaced atomically.
import { readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../../base/atomic-file.ts';
import { codeOf } from '../../base/error-message.ts';
import { unlessMissing } from '../../base/missing-files.ts';
import { distrustOf } from '../../base/path-trust-rule.ts';
import { createPrivateFile } from '../../base/private-paths.ts';
import { snapshot, type Snapshot } from './documents.ts';
import { InvalidSnapshotError } from '../start-errors.ts';

/**
 * The snapshot in the file, or undefined if the file does not exist.
 * @throws InvalidSnapshotError
 */
export async function readSnapshot(path: string): Promise<Snapshot | undefined> {
  const why = distrustOf(path);
  if (why !== undefined)
    throw new InvalidSnapshotError(
      `the state file ${path} is refused because other users can change it: ${why}. The file contains the keys of the sandbox and the tasks that jobs run: use a path in a directory that you own`,
    );
  const text = await unlessMissing(readFile(path, 'utf8')).catch((error: unknown) => {
    const why = codeOf(error) ?? String(error);
    throw new InvalidSnapshotError(`the state file ${path} cannot be read (${why}): use another path`, {
      cause: error,
    });
  });
  if (text === undefined) return undefined;
  const advice = 'use another path, or remove the file to start with an empty sandbox';
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

/** Writes beside the file, syncs, and renames, so that a crash leaves the old or the new file. */
export async function writeSnapshot(path: string, content: Snapshot): Promise<void> {
  const besides = `${path}.new`;
  // Left by a crash. It is created again, with safe permissions, because it contains the secret key.
  await rm(besides, { force: true });
  await createPrivateFile(besides, JSON.stringify(content));
  await rename(besides, path);
  await syncFolder(dirname(path));
}
