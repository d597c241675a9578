// Replaces files atomically: a reader sees the old or the new file, never half of one.
import { constants, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

const { O_APPEND, O_CREAT, O_DSYNC, O_EXCL, O_NOFOLLOW, O_RDWR, O_WRONLY } = constants;

/**
 * Replaces a file by this text with this mode, through a synced temporary file beside it, and leaves it open for appending: each
 * write to it is synced (open(2), O_DSYNC), which is faster than a write followed by fsync.
 * On an error it throws and leaves the directory unchanged: on a full disk, half a file would use up the remaining space.
 */
export async function replaceFile(file: string, text: string | Uint8Array, mode: number): Promise<FileHandle> {
  const temporary = `${file}.${process.pid}.tmp`;
  // A killed process of ours may have left it. Remove it, so that nothing is written through a link of another user.
  await rm(temporary, { force: true });
  const handle = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_DSYNC, mode);
  try {
    await handle.chmod(mode);
    await handle.writeFile(text);
    await handle.sync();
    await rename(temporary, file);
  } catch (error) {
    await handle.close();
    await rm(temporary);
    throw error;
  }
  // The new file has its name already: a caller that an error stopped would continue with the old one, and write into a deleted file.
  await syncFolder(dirname(file)).catch(() => undefined);
  return handle;
}

/** A rename is durable only after an fsync of the directory (fsync(2)). @throws on some file systems, which cannot do that */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The text of a file of this user; creates it, empty and with mode 0600, if it is missing. Does not follow a symbolic link. */
export async function readOrMakeFile(file: string): Promise<string> {
  const handle = await open(file, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
  try {
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
