// Files that only their owner can read, for keys, and directories whose contents no other user can change.
import { randomBytes } from 'node:crypto';
import { open, rename, rm, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { findDistrust, inspectPath, ownTrust, type PathSteps } from './path-trust-rule.ts';

const OWNER_ALONE = 0o600;

/**
 * Creates the file with its mode in one call (open(2), O_EXCL), so that no link can redirect it. If it cannot be written, it is removed.
 * @throws EEXIST and other errors of open(2) and write(2)
 */
export async function createPrivateFile(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', OWNER_ALONE);
  try {
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Replaces a file by such a file; a link is replaced, not its target. @throws the errors of open(2) and rename(2) */
export async function replaceByPrivateFile(path: string, text: string): Promise<void> {
  const besides = `${path}.${randomBytes(6).toString('hex')}.new`;
  await createPrivateFile(besides, text);
  try {
    await rename(besides, path);
  } catch (error) {
    await rm(besides, { force: true });
    throw error;
  }
}

/**
 * Creates the directory with mode 0700, and its parents, if it is missing. Checks the path before, so that nothing is created through
 * a link of another user, and after, because another user may have created it first.
 * @throws Error with the reason why others can change it, or with the message of the file system
 */
export async function makePrivateDirectory(folder: string): Promise<void> {
  if (isThere(folder)) return;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  refuseOthers(folder);
}

/**
 * The same, but without its parents: a state directory that a user has deleted is not created again.
 * @throws Error also if the parent is missing
 */
export async function makePrivateSubdirectory(folder: string): Promise<void> {
  if (isThere(folder)) return;
  await stat(dirname(folder));
  await makePrivateDirectory(folder);
}

/**
 * Checks a directory that must exist.
 * @throws Error with the reason why others can change it, or with the message of the file system
 */
export async function requirePrivateDirectory(folder: string): Promise<void> {
  await stat(folder);
  refuseOthers(folder);
}

/** @returns whether the path is a directory, after the check that others cannot change the path as far as it exists */
function isThere(folder: string): boolean {
  const { isWhole, steps } = refuseOthers(folder);
  return isWhole && steps.at(-1)?.kind === 'folder';
}

function refuseOthers(folder: string): PathSteps {
  const inspected = inspectPath(folder);
  // mkdir reports a path that is not a directory.
  const why = inspected.steps.at(-1)?.kind === 'file' ? undefined : findDistrust(inspected, ownTrust());
  if (why !== undefined) throw new Error(`other users can change it: ${why}`);
  return inspected;
}
