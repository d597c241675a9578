// Reads the history of a state directory, beside the daemon that writes it.
//
// The status page and `report` rely on this: the order is that of the months, each attempt comes once with its latest record, a record of
// an ended attempt appears within one pass of the daemon, and its figures from accounting appear when Slurm's database has them, usually
// within a minute. Nothing is locked or changed, and no directory is an empty history.
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { messageOf } from '../base/error-message.ts';
import { unlessMissing } from '../base/missing-files.ts';
import { attemptKey, parseAttempt, type EndedAttempt } from './ended-attempt.ts';
import { historyDir, listMonthFiles, monthOf, type MonthFile } from './history-file-names.ts';

/** Thrown for a compressed file that cannot be decompressed. */
export class DamagedFileError extends Error {
  override readonly name = 'DamagedFileError';
}

export interface HistoryPeriod {
  /** Only attempts that the daemon recorded at this time or later, milliseconds since 1970. */
  readonly since?: number;
  /** Called once for each file with lines that are damaged or of a newer version; they are skipped. */
  readonly onUnreadable?: (path: string, lines: number) => void;
  /** Called for each file that is damaged as a whole; it is skipped. */
  readonly onDamaged?: (error: DamagedFileError) => void;
}

/**
 * The ended attempts. A year of 1,000 tasks a day is read in a second, and one month of it is in memory at a time.
 * @param stateDir of a cluster
 * @throws the errors of the file system, except for missing files
 */
export async function* readHistory(
  stateDir: string,
  { since = 0, onUnreadable, onDamaged }: HistoryPeriod = {},
): AsyncGenerator<EndedAttempt, void, undefined> {
  const first = monthOf(since);
  const files = (await listMonthFiles(historyDir(stateDir))).filter(({ month }) => month >= first);
  for (const month of new Set(files.map((file) => file.month))) {
    const attempts = new Map<string, EndedAttempt>();
    // Both exist if the daemon was killed while it compressed the file.
    for (const { path, isCompressed } of files.filter((file) => file.month === month).toSorted(compressedFirst)) {
      try {
        const { length } = collect(await readText(path, isCompressed), attempts);
        if (length > 0) onUnreadable?.(path, length);
      } catch (error) {
        if (!(error instanceof DamagedFileError)) throw error;
        onDamaged?.(error);
      }
    }
    for (const attempt of attempts.values()) if (attempt.recordedAt >= since) yield attempt;
  }
}

function compressedFirst(one: MonthFile, other: MonthFile): number {
  return Number(other.isCompressed) - Number(one.isCompressed);
}

/** Adds the latest record of each attempt. Returns the unreadable lines; a last line without a line end is being written. */
export function collect(text: string, attempts: Map<string, EndedAttempt>): string[] {
  const unreadable: string[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    if (line === '') continue;
    const attempt = parseAttempt(line);
    if (attempt === undefined) unreadable.push(line);
    else attempts.set(attemptKey(attempt), attempt);
  }
  return unreadable;
}

/** Empty if the daemon has just compressed or deleted the file. @throws DamagedFileError, and the errors of the file system */
export async function readText(path: string, isCompressed: boolean): Promise<string> {
  const content = await unlessMissing(readFile(path));
  if (content === undefined) return '';
  return (isCompressed ? await decompress(content, path) : content).toString('utf8');
}

async function decompress(content: Buffer, path: string): Promise<Buffer> {
  try {
    return await promisify(gunzip)(content);
  } catch (error) {
    throw new DamagedFileError(`${path} is damaged: ${messageOf(error)}`, { cause: error });
  }
}
