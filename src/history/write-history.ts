// Writes the history: appends each ended attempt, compresses the files of past months, and deletes those older than a year.
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { replaceFile } from '../base/atomic-file.ts';
import { createBoundedMap } from '../base/bounded-map.ts';
import { createLineFile, type LineFile } from '../base/append-lines.ts';
import { makePrivateSubdirectory } from '../base/private-paths.ts';
import type { Logger } from '../log/logger.ts';
import { attemptKey, formatAttempt, isAccounted, type EndedAttempt } from './ended-attempt.ts';
import { historyDir, listMonthFiles, monthFile, monthOf, monthsBefore } from './history-file-names.ts';
import { collect, readHistory, readText } from './read-history.ts';

export interface History {
  /**
   * Records the end of an attempt, or its later figures. Harmless to repeat. Never rejects: if the file cannot be written, the log says
   * so once, and memory keeps the record until it can.
   */
  record(attempt: EndedAttempt): Promise<void>;
  /** On a cluster with accounting, the attempts of the last day that had a job, and whose figures from accounting are not recorded yet. */
  readonly unaccounted: ReadonlyMap<string, EndedAttempt>;
  /** Stops asking for the figures of this attempt. */
  giveUp(attempt: EndedAttempt): void;
  close(): Promise<void>;
}

export interface HistoryOptions {
  readonly stateDir: string;
  /** The task of `execute`, which writes beside a daemon; the daemon has none. */
  readonly writer?: string | undefined;
  readonly log: Pick<Logger, 'warn' | 'info'>;
  readonly now: number;
  /** Whether figures from accounting will come. */
  readonly hasAccounting: boolean;
}

const DAY_MS = 24 * 3_600_000;
/** With the current month, at least a year. */
const MONTHS_KEPT = 12;
/** Figures from accounting may arrive for so long after the end of a month. */
const COMPRESS_AFTER_MS = 2 * DAY_MS;
/** More records whose repetition matters do not exist at a time: a task whose end ClearML does not accept yet is one. */
const MOST_REMEMBERED = 10_000;

/** Opens the history. An unreadable or full directory is logged, and no reason to refuse tasks. */
export async function openHistory({ stateDir, writer, log, now, hasAccounting }: HistoryOptions): Promise<History> {
  const folder = historyDir(stateDir);
  const unaccounted = new Map<string, EndedAttempt>();
  /** The last record of an attempt, without its time. */
  const recorded = createBoundedMap<string>(MOST_REMEMBERED);
  const files = new Map<string, LineFile>();
  let tidiedAt = now;
  let tidying = writer === undefined ? tidy(now) : Promise.resolve();
  await tidying;
  try {
    for await (const attempt of readHistory(stateDir, { since: now - DAY_MS, onDamaged: warnUnread })) note(attempt);
  } catch (err) {
    warnUnread(err);
  }

  function warnUnread(err: unknown): void {
    log.warn('The history could not be read', { folder, err });
  }

  async function tidy(at: number): Promise<void> {
    try {
      await tidyHistory(folder, at);
    } catch (err) {
      log.warn('The history of past months could not be compressed or deleted', { folder, err });
    }
  }

  function fileOf(month: string): LineFile {
    const file = files.get(month) ?? createFile(monthFile(folder, month, writer));
    files.set(month, file);
    return file;
  }

  function createFile(path: string): LineFile {
    return createLineFile({
      path,
      prepare: () => makePrivateSubdirectory(folder),
      // A killed process loses no line, and to lose one when the machine crashes is harmless.
      isSynced: false,
      onFailure: (err) => log.warn('The history cannot be written; keeping its records in memory', { file: path, err }),
      onRecovery: (lost) => log.info('The history is writable again', { file: path, lost }),
    });
  }

  function note(attempt: EndedAttempt): void {
    const isOpen = hasAccounting && attempt.job !== undefined && !isAccounted(attempt);
    if (isOpen) unaccounted.set(attemptKey(attempt), attempt);
    else unaccounted.delete(attemptKey(attempt));
  }

  return {
    unaccounted,
    async record(attempt) {
      const key = attemptKey(attempt);
      const text = JSON.stringify({ ...attempt, recordedAt: 0 });
      if (recorded.get(key) === text) return;
      recorded.set(key, text);
      note(attempt);
      // A later record of the same attempt goes to the same file.
      await fileOf(monthOf(attempt.recordedAt)).append(formatAttempt(attempt));
      if (writer !== undefined || attempt.recordedAt - tidiedAt < DAY_MS) return;
      tidiedAt = attempt.recordedAt;
      // Not awaited: a pass must not wait for it.
      tidying = tidy(tidiedAt);
    },
    giveUp(attempt) {
      unaccounted.delete(attemptKey(attempt));
    },
    async close() {
      await tidying;
      for (const file of files.values()) await file.close();
    },
  };
}

/**
 * Compresses the files of past months, each to one line for an attempt and its unreadable lines, and deletes those that are older than a year.
 * A damaged file stays as it is.
 * @param now milliseconds since 1970
 * @throws the first error, after the work on all other files
 */
export async function tidyHistory(folder: string, now: number): Promise<void> {
  const oldest = monthsBefore(now, MONTHS_KEPT);
  const current = monthOf(now - COMPRESS_AFTER_MS);
  const errors: unknown[] = [];
  for (const { path, month, writer, isCompressed } of await listMonthFiles(folder)) {
    try {
      if (month < oldest) await rm(path, { force: true });
      // The file of an `execute` is small, and its process may still run.
      else if (!isCompressed && writer === undefined && month < current) await compress(path);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

async function compress(path: string): Promise<void> {
  const attempts = new Map<string, EndedAttempt>();
  const compressed = `${path}.gz`;
  // The directory may have both: the daemon was killed right here, or a record came late.
  const unreadable = [
    ...collect(await readText(compressed, true), attempts),
    ...collect(await readText(path, false), attempts),
  ];
  // A newer version may have written them, and reads them after the next update.
  const lines = [...[...attempts.values()].map(formatAttempt), ...new Set(unreadable)];
  const text = lines.map((line) => `${line}\n`).join('');
  const handle = await replaceFile(compressed, await promisify(gzip)(text), 0o600);
  await handle.close();
  await rm(path);
}
