// The daemon's memory: an append-only file of JSON lines, on disk before the outside world is touched.
import { rename, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateDirectory } from '../../base/private-directory.ts';
import { readOrMakeFile, replaceFile } from '../../base/atomic-file.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { Logger } from '../../log/logger.ts';
import type { Entry } from './entry.ts';
import { applyLine, formatJournal, needsCompaction, readJournal, type JournalLine } from './journal-lines.ts';

/** Thrown when the journal can't be used: nothing was pulled or submitted. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
}

export interface Journal {
  readonly entries: ReadonlyMap<TaskId, Entry>;
  /** Set when the file held lines that could not be read: it was set aside under this name and the journal began anew. */
  readonly setAside: string | undefined;
  /** Replaces what is known of the task, once it is on disk. Rejects when it could not be written: then nothing has changed. */
  write(entry: Entry): Promise<void>;
  /** Forgets the task, once that is on disk. */
  forget(task: TaskId): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens (or begins) the journal in this folder and compacts it.
 * @param log is told of a compaction that failed; nothing is lost by it, but the file grows
 * @throws JournalError when the folder can't be written, or the file is from a newer version
 */
export async function openJournal(folder: string, now: number, log?: Pick<Logger, 'warn'>): Promise<Journal> {
  const file = join(folder, 'journal.jsonl');
  let handle: FileHandle;
  let lines = 0;
  let size = 0;
  let setAside: string | undefined;
  const entries = new Map<TaskId, Entry>();

  try {
    await makePrivateDirectory(folder);
    // Begins the file where there is none.
    const read = readJournal(await readOrMakeFile(file));
    if (read.kind === 'newer') {
      throw new JournalError(
        `${file} was written by a newer clearml-agent-slurm (journal version ${read.version}). Use that version, or move the file away: jobs and tasks are found again without it.`,
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
    throw new JournalError(`The journal ${file} cannot be used: ${(error as Error).message}. ${adviseOn(error)}`, {
      cause: error,
    });
  }

  /** Writes the file anew with nothing but what is known now. */
  async function rewrite(): Promise<FileHandle> {
    const text = [...entries.values()].map((entry) => formatJournal({ entry })).join('');
    const written = await replaceFile(file, text, 0o600);
    lines = entries.size;
    size = Buffer.byteLength(text);
    return written;
  }

  // Writers that come while a sync is under way share the next one.
  let waiting: { line: JournalLine; done: () => void; failed: (error: unknown) => void }[] = [];
  let flushing: Promise<void> | undefined;

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await writeLines(batch.map(({ line }) => line));
        for (const { done } of batch) done();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    flushing = undefined;
  }

  // Half a line (the disk was full) would damage the next one: nothing is appended until it is taken back.
  let isTorn = false;

  async function undoTornWrite(): Promise<void> {
    if (isTorn) await handle.truncate(size);
    isTorn = false;
  }

  async function writeLines(batch: readonly JournalLine[]): Promise<void> {
    const text = batch.map(formatJournal).join('');
    await undoTornWrite();
    try {
      // On disk when it has ended, by the way `replaceFile` opened the file.
      await handle.appendFile(text);
    } catch (error) {
      isTorn = true;
      // Thrown is what came first: it is the cause.
      await undoTornWrite().catch(() => undefined);
      throw error;
    }
    lines += batch.length;
    size += Buffer.byteLength(text);
    for (const line of batch) applyLine(entries, line);
    if (needsCompaction(lines, entries.size)) await compact();
  }

  /** One that can't be done now is done later: everything is in the file as it is. */
  async function compact(): Promise<void> {
    const before = handle;
    try {
      handle = await rewrite();
      await before.close();
    } catch (error) {
      log?.warn('Journal compaction failed; the file grows until one succeeds', {
        file,
        err: error,
        advice: adviseOn(error),
      });
      lines = 0;
    }
  }

  function append(line: JournalLine): Promise<void> {
    return new Promise((done, failed) => {
      waiting.push({ line, done, failed });
      flushing ??= flush();
    });
  }

  return {
    entries,
    setAside,
    write: (entry) => append({ entry }),
    forget: (task) => (entries.has(task) ? append({ forget: task }) : Promise.resolve()),
    async close() {
      await flushing;
      await handle.close();
    },
  };
}

/** What to do about a folder in which the journal can't be. */
export function adviseOn(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  return `${isFull ? 'Make room there, or set' : 'Set'} agent.slurm.state_dir to a directory that you own.`;
}
