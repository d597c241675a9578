// The journal: an append-only file of JSON lines, written to disk before each outside effect.
import { statSync } from 'node:fs';
import { rename, stat, type FileHandle } from 'node:fs/promises';
import { requirePrivateDirectory } from '../../base/private-paths.ts';
import { unlessMissing } from '../../base/missing-files.ts';
import { readOrMakeFile, replaceFile } from '../../base/atomic-file.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { Logger } from '../../log/logger.ts';
import type { Entry } from './entry.ts';
import {
  applyLine,
  formatJournal,
  journalFile,
  needsCompaction,
  parseJournal,
  type JournalLine,
} from './journal-lines.ts';
import { describeLoss, StateDirectoryLostError } from './lock.ts';

/** Thrown when the journal cannot be used: nothing was claimed or submitted. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
}

export interface Journal {
  readonly entries: ReadonlyMap<TaskId, Entry>;
  /** Set if the file had unreadable lines: it was renamed to this, and a new journal was started. */
  readonly setAside: string | undefined;
  /** Replaces the entry of the task, and resolves once it is on disk. Rejects if it cannot be written; nothing has changed then. */
  write(entry: Entry): Promise<void>;
  /** Removes the entry of the task, and resolves once that is on disk. */
  forget(task: TaskId): Promise<void>;
  /** @throws StateDirectoryLostError if another process has replaced the file: every write was rejected since then */
  throwIfLost(): void;
  close(): Promise<void>;
}

/**
 * Opens or creates the journal in the directory that the lock has created, and compacts it.
 * @param log logs a failed compaction, after which nothing is lost but the file grows
 * @throws JournalError if the directory cannot be written, or the file is from a newer version; StateDirectoryLostError if the
 *   directory was deleted
 */
export async function openJournal(folder: string, now: number, log?: Pick<Logger, 'warn'>): Promise<Journal> {
  const file = journalFile(folder);
  let handle: FileHandle;
  let lines = 0;
  let size = 0;
  let inode: bigint | undefined;
  let lost: StateDirectoryLostError | undefined;
  let setAside: string | undefined;
  const entries = new Map<TaskId, Entry>();

  try {
    // The lock has created the directory: it is not created again if it was deleted since.
    await requirePrivateDirectory(folder);
    // Creates the file if there is none.
    const read = parseJournal(await readOrMakeFile(file));
    if (read.kind === 'newer') {
      throw new JournalError(
        `${file} was written by a newer clearml-agent-slurm (journal version ${read.version}). Use that version, or move the file away: the daemon finds jobs and tasks again without the file.`,
      );
    }
    if (read.kind === 'damaged') {
      setAside = `${file}.damaged-${now}`;
      await rename(file, setAside);
    } else {
      for (const [task, entry] of read.entries) entries.set(task, entry);
    }
    handle = await rewrite();
  } catch (error) {
    if (error instanceof JournalError) throw error;
    if (await isDeleted(folder)) throw new StateDirectoryLostError(describeLoss(folder));
    throw new JournalError(`The journal ${file} cannot be used: ${(error as Error).message}. ${adviseOn(error)}`, {
      cause: error,
    });
  }

  /** Rewrites the file with only the current entries. */
  async function rewrite(): Promise<FileHandle> {
    const text = [...entries.values()].map((entry) => formatJournal({ entry })).join('');
    const written = await replaceFile(file, text, 0o600);
    inode = (await written.stat({ bigint: true })).ino;
    lines = entries.size;
    size = Buffer.byteLength(text);
    return written;
  }

  // Writers that arrive during a sync share the next one.
  let waiting: JournalLine[] = [];
  let next: Promise<void> | undefined;
  let last = Promise.resolve();

  async function writeWaiting(): Promise<void> {
    const batch = waiting;
    waiting = [];
    next = undefined;
    await writeLines(batch);
  }

  // Half a line (the disk was full) would damage the next one, so it is truncated before anything is appended.
  let isTorn = false;

  async function undoTornWrite(): Promise<void> {
    if (isTorn) await handle.truncate(size);
    isTorn = false;
  }

  /** What is appended to a deleted file is lost. A site that deletes old files may have deleted this one. */
  async function keepFile(): Promise<void> {
    if (lost !== undefined) throw lost;
    // Not the handle: with a network file system, it fails if another host has deleted the file.
    const found = statSync(file, { bigint: true, throwIfNoEntry: false })?.ino;
    if (found === inode) return;
    if (found === undefined) return replaceHandle();
    lost = new StateDirectoryLostError(
      `Another process replaced the journal ${file} while this daemon used it, so the daemon ends. Its jobs keep running.`,
    );
    throw lost;
  }

  async function writeLines(batch: readonly JournalLine[]): Promise<void> {
    const text = batch.map(formatJournal).join('');
    await keepFile();
    await undoTornWrite();
    try {
      // Synced when it resolves, because `replaceFile` opened the file with O_DSYNC.
      await handle.appendFile(text);
    } catch (error) {
      isTorn = true;
      // The first error is the cause, so it is the one thrown.
      await undoTornWrite().catch(() => undefined);
      throw error;
    }
    lines += batch.length;
    size += Buffer.byteLength(text);
    for (const line of batch) applyLine(entries, line);
    if (needsCompaction(lines, entries.size)) await compact();
  }

  async function replaceHandle(): Promise<void> {
    const before = handle;
    handle = await rewrite();
    isTorn = false;
    // What was written is on disk. The file may have been deleted by another host.
    await before.close().catch(() => undefined);
  }

  /** A failed compaction is retried later: the file is complete as it is. */
  async function compact(): Promise<void> {
    try {
      await replaceHandle();
    } catch (error) {
      log?.warn('Journal compaction failed; the file grows until compaction succeeds', {
        file,
        err: error,
        advice: adviseOn(error),
      });
      lines = 0;
    }
  }

  function append(line: JournalLine): Promise<void> {
    waiting.push(line);
    return (next ??= last = last.then(writeWaiting, writeWaiting));
  }

  return {
    entries,
    setAside,
    write: (entry) => append({ entry }),
    forget: (task) => (entries.has(task) ? append({ forget: task }) : Promise.resolve()),
    throwIfLost() {
      if (lost !== undefined) throw lost;
    },
    async close() {
      await last.catch(() => undefined);
      await handle.close().catch(() => undefined);
    },
  };
}

/** Any error but ENOENT may be temporary. */
async function isDeleted(folder: string): Promise<boolean> {
  return unlessMissing(stat(folder)).then(
    (found) => found === undefined,
    () => false,
  );
}

/** Returns what to do about a state directory that cannot hold the journal. */
export function adviseOn(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  return `${isFull ? 'Free some disk space there, or set' : 'Set'} agent.slurm.state_dir to a directory that you own.`;
}
