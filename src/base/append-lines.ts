// A file of lines that a process appends to. A line is in it whole or not at all, and a full disk delays lines, never the caller's work.
import { lstatSync, type BigIntStats } from 'node:fs';
import { constants, open, type FileHandle } from 'node:fs/promises';

const { O_APPEND, O_CREAT, O_DSYNC, O_NOFOLLOW, O_RDWR } = constants;

export interface LineFile {
  /** Resolves when the line is in the file, or is kept in memory because the file cannot be written. Never rejects. */
  append(line: string): Promise<void>;
  /** Resolves when no write runs any more. */
  close(): Promise<void>;
}

export interface LineFileOptions {
  readonly path: string;
  /**
   * Called before the file is opened, such as to check its directory. The open file needs no further check as long as its path leads to
   * it: other users cannot write to it, and it is opened again once they have put another in its place.
   */
  readonly prepare: () => Promise<void>;
  /** A larger file is prepared before each write, such as to rotate it. */
  readonly maxBytes?: number;
  /** Whether a line is on disk when `append` resolves (open(2), O_DSYNC), and not only in the kernel, which a killed process leaves. */
  readonly isSynced: boolean;
  /** Called when a write fails after one that succeeded. */
  readonly onFailure: (error: unknown) => void;
  /** Called when a write succeeds after one that failed, with the number of lines that memory could not keep. */
  readonly onRecovery: (lost: number) => void;
}

/** As long as the file cannot be written. */
const MOST_KEPT_BYTES = 16_000_000;

/** Lines that arrive during a write share the next one. Between two writes, the file may be rotated or deleted by others. */
export function createLineFile(options: LineFileOptions): LineFile {
  const { onFailure, onRecovery } = options;
  const appender = createAppender(options);
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
          await appender.append(batch.map((line) => `${line}\n`).join(''));
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
      await appender.close();
    },
  };
}

interface Appender {
  /** Appends to the file, which it creates with mode 0600. After an error, the file is as before. @throws the errors of the file system */
  append(text: string): Promise<void>;
  close(): Promise<void>;
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly inode: BigIntStats;
  /** Its size after the last write, which was a whole line. */
  end: number;
}

/** Keeps the file open: the daemon writes several lines for each task. Calls must not overlap. */
function createAppender({ path, prepare, maxBytes = Infinity, isSynced }: LineFileOptions): Appender {
  let file: OpenFile | undefined;

  /** The open file, unless another program has renamed, deleted or replaced it. */
  function stillOpen(): { file: OpenFile; size: number } | undefined {
    if (file === undefined) return undefined;
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    const isSame = found?.ino === file.inode.ino && found.dev === file.inode.dev;
    return isSame ? { file, size: Number(found.size) } : undefined;
  }

  async function openFile(): Promise<{ file: OpenFile; size: number }> {
    const before = stillOpen();
    if (before !== undefined && before.size <= maxBytes) return before;
    await prepare();
    return stillOpen() ?? (await openAgain());
  }

  async function openAgain(): Promise<{ file: OpenFile; size: number }> {
    await close();
    const handle = await open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | (isSynced ? O_DSYNC : 0), 0o600);
    const inode = await handle.stat({ bigint: true });
    file = { handle, inode, end: 0 };
    return { file, size: Number(inode.size) };
  }

  async function close(): Promise<void> {
    const closed = file;
    file = undefined;
    // Its lines are written. On a network file system, it fails if another host has deleted the file.
    await closed?.handle.close().catch(() => undefined);
  }

  return {
    async append(text) {
      const { file: current, size } = await openFile();
      const { handle } = current;
      try {
        // A crash of the machine may have left half a line, which must not damage this one.
        const start = size === 0 || size === current.end || (await endsLine(handle, size)) ? '' : '\n';
        await handle.appendFile(start + text);
        current.end = size + Buffer.byteLength(start + text);
      } catch (error) {
        // The first error is the cause, so it is the one thrown; the next append ends the half line.
        await handle.truncate(size).catch(() => undefined);
        await close();
        throw error;
      }
    },
    close,
  };
}

async function endsLine(handle: FileHandle, size: number): Promise<boolean> {
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer.toString() === '\n';
}
