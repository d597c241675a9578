// The daemon's memory: an append-only file of JSON lines, on disk before the outside world is touched.
import { mkdir, open, readFile, rename, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import type { TaskId } from '../clearml/ids.ts';
import type { Entry } from './entry.ts';
import { formatJournal, readJournal } from './journal-lines.ts';

/** Thrown when the journal can't be used: nothing was pulled or submitted. */
export class JournalUnusable extends Error {
  override readonly name = 'JournalUnusable';
}

export interface Journal {
  readonly entries: ReadonlyMap<TaskId, Entry>;
  /** Set when the file held lines that could not be read: it was set aside under this name and the journal began anew. */
  readonly setAside: string | undefined;
  /** Replaces what is known of the task. Resolves when it is on disk. */
  write(entry: Entry): Promise<void>;
  /** Resolves when it is on disk that nothing needs to be known of the task any more. */
  forget(task: TaskId): Promise<void>;
  close(): Promise<void>;
}

/** Lines beyond which a file is rewritten, once most of them are history. */
const COMPACT_AFTER_LINES = 2000;

/**
 * Opens (or begins) the journal in this folder and compacts it.
 * @throws JournalUnusable when the folder can't be written, or the file is from a newer version
 */
export async function openJournal(folder: string, now: number): Promise<Journal> {
  const file = join(folder, 'journal.jsonl');
  let handle: FileHandle;
  let lines = 0;
  let setAside: string | undefined;
  const entries = new Map<TaskId, Entry>();

  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const read = readJournal(await readTextIfThere(file));
    if (read.kind === 'newer') {
      throw new JournalUnusable(
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
    if (error instanceof JournalUnusable) throw error;
    throw new JournalUnusable(
      `The journal ${file} can't be written: ${(error as Error).message}. Set agent.slurm.state_dir to a folder of yours.`,
      {
        cause: error,
      },
    );
  }

  /** Writes the file anew with nothing but what is known now, and opens it for appending. */
  async function rewrite(): Promise<FileHandle> {
    await writeFileAtomic(file, [...entries.values()].map((entry) => formatJournal({ entry })).join(''), 0o600);
    lines = entries.size;
    return open(file, 'a', 0o600);
  }

  // Writers that come while a sync is under way share the next one.
  let waiting: { text: string; done: () => void; failed: (error: unknown) => void }[] = [];
  let flushing: Promise<void> | undefined;

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await handle.appendFile(batch.map((line) => line.text).join(''));
        await handle.datasync();
        lines += batch.length;
        if (lines > COMPACT_AFTER_LINES && lines > 4 * entries.size) {
          await handle.close();
          handle = await rewrite();
        }
        for (const line of batch) line.done();
      } catch (error) {
        for (const line of batch) line.failed(error);
      }
    }
    flushing = undefined;
  }

  function append(text: string): Promise<void> {
    return new Promise((done, failed) => {
      waiting.push({ text, done, failed });
      flushing ??= flush();
    });
  }

  return {
    entries,
    setAside,
    write(entry) {
      entries.set(entry.task, entry);
      return append(formatJournal({ entry }));
    },
    forget(task) {
      if (!entries.delete(task)) return Promise.resolve();
      return append(formatJournal({ forget: task }));
    },
    async close() {
      await flushing;
      await handle.close();
    },
  };
}

async function readTextIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
