// Rotates a log file that a process keeps writing to.
import { copyFileSync, fstatSync, renameSync, statSync, truncateSync } from 'node:fs';

export interface Rotation {
  /** The log is rotated when it is larger. */
  readonly maxBytes: number;
  /** The number of old files to keep: `<file>.1` is the newest. */
  readonly keep: number;
  /** Whether its writer opens it for each write: it is then renamed, which needs no space. */
  readonly isReopened?: boolean;
}

/**
 * Copies and truncates the file, so that a process which keeps it open can continue. Nothing that this process writes is lost,
 * because it writes nothing during the rotation.
 * @returns whether the file was rotated
 * @throws the errors of the file system, such as a full disk; the log is then unchanged
 */
export function rotateLog(file: string, { maxBytes, keep, isReopened = false }: Rotation): boolean {
  if (sizeOf(file) <= maxBytes) return false;
  for (let age = keep; age > 1; age -= 1) {
    if (sizeOf(`${file}.${age - 1}`) >= 0) renameSync(`${file}.${age - 1}`, `${file}.${age}`);
  }
  if (isReopened) {
    renameSync(file, `${file}.1`);
    return true;
  }
  copyFileSync(file, `${file}.1`);
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
