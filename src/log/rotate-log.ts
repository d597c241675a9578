// Keeps a log file short that a process goes on writing to: what is in it is moved on to older files, the oldest of which goes.
import { copyFileSync, fstatSync, renameSync, statSync, truncateSync } from 'node:fs';

export interface Rotation {
  /** The log is moved on when it is larger. */
  readonly maxBytes: number;
  /** So many older files are kept: `<file>.1` is the youngest. */
  readonly keep: number;
}

/**
 * The file itself stays, and is emptied: whoever writes at its end goes on there. Nothing that this process writes meanwhile is
 * lost, as it writes nothing meanwhile.
 * @returns whether it was moved on
 * @throws what the file system says, e.g. that the disk is full; then the log is as it was
 */
export function rotateLog(file: string, { maxBytes, keep }: Rotation): boolean {
  if (sizeOf(file) <= maxBytes) return false;
  for (let age = keep; age > 1; age -= 1) {
    if (sizeOf(`${file}.${age - 1}`) >= 0) renameSync(`${file}.${age - 1}`, `${file}.${age}`);
  }
  copyFileSync(file, `${file}.1`);
  truncateSync(file);
  return true;
}

/** Whether what is written to this open file ends up there. */
export function writesTo(fileDescriptor: number, file: string): boolean {
  try {
    const [open, named] = [fstatSync(fileDescriptor), statSync(file)];
    return open.isFile() && open.dev === named.dev && open.ino === named.ino;
  } catch {
    return false;
  }
}

/** -1 when there is no such file. */
function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? -1;
}
