// A file of lines that a process appends to. A line is in it whole or not at all, and a full disk delays lines, never the caller's work.
import { constants, open, type FileHandle } from 'node:fs/promises';

const { O_APPEND, O_CREAT, O_DSYNC, O_NOFOLLOW, O_RDWR } = constants;

export interface LineFile {
  /** Resolves when the line is in the file, or is kept in memory because the file cannot be written. Never rejects. */
  append(line: string): Promise<void>;
  /** Resolves when no write runs any more. */
  close(): Promise<void>;
}

export interface LineFileOptions {
  /** Prepares the file for the next lines, and returns its path. */
  readonly prepare: () => string | Promise<string>;
  /** Whether a line is on disk when `append` resolves (open(2), O_DSYNC), and not only in the kernel, which a killed process leaves. */
  readonly isSynced: boolean;
  /** Called when a write fails after one that succeeded. */
  readonly onFailure: (error: unknown) => void;
  /** Called when a write succeeds after one that failed, with the number of lines that memory could not keep. */
  readonly onRecovery: (lost: number) => void;
}

/** As long as the file cannot be written. */
const MOST_KEPT_BYTES = 16_000_000;

/** Lines that arrive during a write share the next one. The file is opened for each write, so it may be rotated or deleted by others. */
export function createLineFile({ prepare, isSynced, onFailure, onRecovery }: LineFileOptions): LineFile {
  let waiting: string[] = [];
  let lost = 0;
  let isFailing = false;
  let writing: Promise<void> | undefined;

  async function writeWaiting(): Promise<void> {
    try {
      while (waiting.length > 0) {
        const batch = waiting;
        waiting = [];
        try {
          await appendText(await prepare(), batch.map((line) => `${line}\n`).join(''), isSynced);
        } catch (error) {
          keep(batch);
          if (!isFailing) onFailure(error);
          isFailing = true;
          return;
        }
        if (isFailing) onRecovery(lost);
        isFailing = false;
        lost = 0;
      }
    } finally {
      writing = undefined;
    }
  }

  function keep(batch: readonly string[]): void {
    const all = [...batch, ...waiting];
    let first = all.length;
    for (let bytes = 0; first > 0; first -= 1) {
      bytes += Buffer.byteLength(all[first - 1] ?? '') + 1;
      if (bytes > MOST_KEPT_BYTES) break;
    }
    waiting = all.slice(first);
    lost += first;
  }

  return {
    append(line) {
      waiting.push(line);
      return (writing ??= writeWaiting());
    },
    async close() {
      await writing;
      if (waiting.length > 0) await (writing ??= writeWaiting());
    },
  };
}

/** Appends to a file with mode 0600, which it creates. After an error, the file is as before. @throws the errors of the file system */
async function appendText(path: string, text: string, isSynced: boolean): Promise<void> {
  const handle = await open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | (isSynced ? O_DSYNC : 0), 0o600);
  try {
    const { size } = await handle.stat();
    // A crash of the machine may have left half a line, which must not damage this one.
    const start = size === 0 || (await endsLine(handle, size)) ? '' : '\n';
    await handle.appendFile(start + text).catch(async (error: unknown) => {
      // The first error is the cause, so it is the one thrown; the next append ends the half line.
      await handle.truncate(size).catch(() => undefined);
      throw error;
    });
  } finally {
    await handle.close();
  }
}

async function endsLine(handle: FileHandle, size: number): Promise<boolean> {
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer.toString() === '\n';
}
