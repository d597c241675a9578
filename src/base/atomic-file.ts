// A file that is either the old one or the new one, never half of it.
import { constants, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

const { O_APPEND, O_CREAT, O_DSYNC, O_EXCL, O_NOFOLLOW, O_RDWR, O_WRONLY } = constants;

/**
 * Replaces a file by this text, in this mode, by way of a synced temporary file beside it, and leaves it open for appending: each
 * write to it is on disk when it has ended (open(2), O_DSYNC), which is quicker than a write and a sync after it.
 * When that can't be done it throws, and the folder is as it was: on a full disk half a file would take the last room.
 */
export async function replaceFile(file: string, text: string, mode: number): Promise<FileHandle> {
  const temporary = `${file}.${process.pid}.tmp`;
  // One of ours that was killed may have left it; nothing that stands there is written through.
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
  await syncFolder(dirname(file)).catch(() => undefined);
  return handle;
}

/**
 * A rename is on disk only once its folder is (fsync(2)): after a power cut the name could stand for the old file.
 * Some file systems can't sync a folder. By then the new file has its name, and whoever went on with the old one would write
 * into a file that is gone, so that a failure here must not stop the caller.
 */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The text of a file of this user's own, which is made, of mode 0600 and empty, where there is none. Not by way of a symbolic link. */
export async function readOrMakeFile(file: string): Promise<string> {
  const handle = await open(file, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
  try {
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
