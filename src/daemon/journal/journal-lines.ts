// The journal's format: one JSON object per line; the last line of a task counts. It can be read beside the daemon that writes it.
import { isJsonObject, parseJson } from '../../base/parse-json.ts';
import type { TaskId } from '../../clearml/ids.ts';
import { Entry } from './entry.ts';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessMissing } from '../../base/missing-files.ts';
import { UsageError } from '../../base/usage-error.ts';

/** Increased when an older program would misread an entry: it would drop the fields that it does not know. */
const VERSION = 2;
/** Of 0.1.0. */
const OLDEST_VERSION = 1;

export function journalFile(stateDir: string): string {
  return join(stateDir, 'journal.jsonl');
}

export type JournalLine = { readonly entry: Entry } | { readonly forget: TaskId };

export type ReadJournal =
  | { readonly kind: 'read'; readonly entries: Map<TaskId, Entry> }
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'damaged'; readonly line: number };

/** Formats one line, with its line end. */
export function formatJournal(line: JournalLine): string {
  return `${JSON.stringify({ v: VERSION, ...line })}\n`;
}

/**
 * Parses a journal. A last line without a line end was torn by a crash before its effect, so it is ignored. Only the last line of each
 * task is validated in full.
 */
export function parseJournal(text: string): ReadJournal {
  const last = new Map<TaskId, { readonly value: unknown; readonly line: number }>();
  const lines = text.split('\n').slice(0, -1);

  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    const read = parseLine(line);
    if (read === undefined) return { kind: 'damaged', line: index + 1 };
    if ('newer' in read) return { kind: 'newer', version: read.newer };
    if ('forget' in read) last.delete(read.forget);
    else last.set(read.task, { value: read.value, line: index + 1 });
  }

  const entries = new Map<TaskId, Entry>();
  for (const [task, { value, line }] of last) {
    const entry = Entry.safeParse(value);
    if (!entry.success) return { kind: 'damaged', line };
    entries.set(task, entry.data);
  }
  return { kind: 'read', entries };
}

type ReadLine =
  { readonly newer: number } | { readonly forget: TaskId } | { readonly task: TaskId; readonly value: unknown };

/** Parsed by hand: validating a hundred thousand lines with a schema would take longer than the rest of the start. */
function parseLine(line: string): ReadLine | undefined {
  const value = parseJson(line);
  if (!isJsonObject(value)) return undefined;
  const { v, entry, forget } = value;
  if (typeof v !== 'number' || v < OLDEST_VERSION) return undefined;
  if (v > VERSION) return { newer: v };
  if (isJsonObject(entry) && typeof entry['task'] === 'string') return { task: entry['task'] as TaskId, value: entry };
  return typeof forget === 'string' ? { forget: forget as TaskId } : undefined;
}

/** Applies one line to the entries. */
export function applyLine(entries: Map<TaskId, Entry>, line: JournalLine): void {
  if ('entry' in line) entries.set(line.entry.task, line.entry);
  else entries.delete(line.forget);
}

/** Whether a file with so many lines should be rewritten with only the current entries. */
export function needsCompaction(lines: number, known: number): boolean {
  return lines > 2000 && lines > 4 * known;
}

/**
 * Nothing is locked, mended or made: a line that is being written counts once it is whole. No file is an empty journal.
 * @throws UsageError for one of a newer version
 */
export async function journalEntries(stateDir: string): Promise<ReadonlyMap<TaskId, Entry>> {
  const file = journalFile(stateDir);
  const read = parseJournal((await unlessMissing(readFile(file, 'utf8'))) ?? '');
  switch (read.kind) {
    case 'read':
      return read.entries;
    case 'newer':
      throw new UsageError(`${file} was written by a newer clearml-agent-slurm: use that version to read it.`);
    case 'damaged':
      // The daemon sets it aside when it starts, and finds everything again in ClearML and Slurm.
      return new Map();
  }
}
