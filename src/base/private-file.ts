// Creates files that only their owner can read, for keys, without following links or replacing files.
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';

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
