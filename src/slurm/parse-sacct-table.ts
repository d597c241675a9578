// The table of sacct: options that keep fields complete, and a parser that reads all rows or none.
import type { CommandResult } from '../transport/transport.ts';
import { failureMessage, oneLine } from './errors.ts';

const FIELD_END = '\x1f';

/** Rows of texts, in the order of the fields. */
export type SacctTable =
  | { readonly kind: 'read'; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: 'failed'; readonly message: string };

/**
 * The arguments for these fields of all runs of the requested jobs, without their steps.
 *
 * `--duplicates`: for a requeued job, the plain list may show the ended run instead of the pending one.
 * @param fields in the spelling of sacct(1), because they come back as the header
 */
export function sacctTableArgs(fields: readonly string[]): string[] {
  return ['--allocations', '--duplicates', ...sacctWholeJobArgs(fields)];
}

/** The same for the newest run only, with its steps. */
export function sacctWholeJobArgs(fields: readonly string[]): string[] {
  return ['--parsable2', `--delimiter=${FIELD_END}`, `--format=${fields.join(',')}`];
}

/**
 * Parses the output of sacct as a whole. An unreachable database proves nothing.
 * @param ids for a table with the job id first and the job name last: other rows are dropped, and the name may contain field ends. A user
 *   can put any character into the name of a job.
 */
export function parseSacctTable(
  result: CommandResult,
  fields: readonly string[],
  ids?: { has(id: string): boolean },
): SacctTable {
  if (result.exitCode !== 0) return { kind: 'failed', message: failureMessage('sacct', result) };
  // Before 23.11, sacct exits with 0 if the database is down.
  if (result.stderr.trim() !== '') return { kind: 'failed', message: oneLine(result.stderr) };

  const header = fields.join(FIELD_END);
  const rows: string[][] = [];
  let hasBegun = false;
  for (const line of linesOf(result.stdout)) {
    // A line without fields is noise of a wrapper.
    if (!hasBegun || !line.includes(FIELD_END)) {
      hasBegun ||= line === header;
      continue;
    }
    const row = parseRow(line, fields.length, ids);
    if (row === undefined) continue;
    // Before all rows are read: a user can make sacct print millions.
    if (row.length !== fields.length) return TRUNCATED;
    rows.push(row);
  }
  if (!hasBegun) return { kind: 'failed', message: 'the output of sacct has no header' };
  return result.stdout.endsWith('\n') ? { kind: 'read', rows } : TRUNCATED;
}

const TRUNCATED: SacctTable = { kind: 'failed', message: 'the output of sacct is truncated' };

/** One at a time: an array of millions of lines takes seconds and gigabytes. */
function* linesOf(text: string): Generator<string> {
  for (let from = 0; from < text.length;) {
    const end = text.indexOf('\n', from);
    yield text.slice(from, end === -1 ? undefined : end);
    from = end === -1 ? text.length : end + 1;
  }
}

/** undefined for a row of another job. */
function parseRow(line: string, columns: number, ids: { has(id: string): boolean } | undefined): string[] | undefined {
  const row = line.split(FIELD_END);
  if (ids === undefined) return row;
  if (!ids.has(row[0] ?? '')) return undefined;
  const last = columns - 1;
  return row.length > last ? [...row.slice(0, last), row.slice(last).join(FIELD_END)] : row;
}
