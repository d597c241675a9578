// A new file that its owner alone can read, for keys: made, never followed to, and never over a file that is there.
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';

const OWNER_ALONE = 0o600;

/** Made at once with its mode (open(2), O_EXCL), so that no link leads elsewhere. @throws EEXIST and what else open(2) says */
export async function createPrivateFile(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', OWNER_ALONE);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Puts such a file in the place of whatever is there; a link is replaced, not what it leads to. @throws what open(2) and rename(2) say */
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
