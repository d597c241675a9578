// A directory of this user: created if missing, and used only if no other user can change its contents.
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { findDistrust, inspectPath, ownTrust, type PathSteps } from './path-trust-rule.ts';

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
