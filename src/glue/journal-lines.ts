// The text of the journal: one JSON object a line, the last line about a task is the truth.
import { z } from 'zod';
import type { TaskId } from '../clearml/ids.ts';
import { Entry } from './entry.ts';

const VERSION = 1;

const v = z.literal(VERSION);
const Line = z.union([
  z.object({ v, entry: Entry }),
  z.object({ v, forget: z.string().transform((id) => id as TaskId) }),
]);

export type JournalLine = { readonly entry: Entry } | { readonly forget: TaskId };

export type ReadJournal =
  | { readonly kind: 'read'; readonly entries: Map<TaskId, Entry> }
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'damaged'; readonly line: number };

/** One line, with its line end. */
export function formatJournal(line: JournalLine): string {
  return `${JSON.stringify({ v: VERSION, ...line })}\n`;
}

/** What a journal's text says. A last line without its end was torn by a crash before anything was done about it: it is left out. */
export function readJournal(text: string): ReadJournal {
  const entries = new Map<TaskId, Entry>();
  const lines = text.split('\n').slice(0, -1);

  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    const value = parseJson(line);
    const version = z.object({ v: z.number() }).safeParse(value);
    if (version.success && version.data.v > VERSION) return { kind: 'newer', version: version.data.v };
    const read = Line.safeParse(value);
    if (!read.success) return { kind: 'damaged', line: index + 1 };
    applyLine(entries, read.data);
  }
  return { kind: 'read', entries };
}

/** What is known after this line. */
export function applyLine(entries: Map<TaskId, Entry>, line: JournalLine): void {
  if ('entry' in line) entries.set(line.entry.task, line.entry);
  else entries.delete(line.forget);
}

/** Whether a file of so many lines is worth to be written anew with the tasks that are known. */
export function isMostlyHistory(lines: number, known: number): boolean {
  return lines > 2000 && lines > 4 * known;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
