// Rotates a log file that a process keeps writing to.
import { copyFileSync, fstatSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs';

export interface Rotation {
  /** The log is rotated when it is larger. */
  readonly maxBytes: number;
  /** The number of old files to keep: `<file>.1` is the newest. */
  readonly keep: number;
  /** Whether its writer opens it again after it was renamed: renaming needs no space. */
  readonly isReopened?: boolean;
}

/**
 * Copies and truncates the file, so that a process which keeps it open can continue. Nothing that this process writes is lost,
 * because it writes nothing during the rotation. A rotation that fails at the same file again and again deletes no further old file.
 * @returns whether the file was rotated
 * @throws the errors of the file system, such as a full disk; the log is then unchanged
 */
export function rotateLog(file: string, { maxBytes, keep, isReopened = false }: Rotation): boolean {
  if (sizeOf(file) <= maxBytes) return false;
  let free = 1;
  while (free < keep && sizeOf(`${file}.${free}`) >= 0) free += 1;
  for (let age = free; age > 1; age -= 1) renameSync(`${file}.${age - 1}`, `${file}.${age}`);
  if (isReopened) {
    renameSync(file, `${file}.1`);
    return true;
  }
  try {
    copyFileSync(file, `${file}.1`);
  } catch (error) {
    // On a full disk, the next rotation would keep half a copy.
    rmSync(`${file}.1`, { force: true });
    throw error;
  }
  truncateSync(file);
  return true;
}

/** Whether output to this descriptor ends up in the file. */
export function writesTo(fileDescriptor: number, file: string): boolean {
  try {
    const [open, named] = [fstatSync(fileDescriptor), statSync(file)];
    return open.isFile() && open.dev === named.dev && open.ino === named.ino;
  } catch {
    return false;
  }
}

/** -1 if there is no such file. */
function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? -1;
}
