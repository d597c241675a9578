// The table that sacct prints: how it is asked for so that no field is cut or padded, and how its rows are read or none at all.
import type { CommandResult } from '../transport/transport.ts';
import { failureMessage, oneLine } from './command-error.ts';

const FIELD_END = '\x1f';

/** Rows of one text a field, in the order of the fields. */
export type SacctTable =
  | { readonly kind: 'read'; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: 'failed'; readonly words: string };

/**
 * The arguments for these fields of all runs of the jobs that are asked for, without their steps.
 *
 * `--duplicates`: of a job that was put back the plain list may show the run that ended instead of the one that waits.
 * @param fields as sacct(1) writes them, because they come back as the header
 */
export function sacctTableArgs(fields: readonly string[]): string[] {
  return ['--allocations', '--duplicates', ...sacctWholeJobArgs(fields)];
}

/** The same for the newest run only, and with its steps. */
export function sacctWholeJobArgs(fields: readonly string[]): string[] {
  return ['--parsable2', `--delimiter=${FIELD_END}`, `--format=${fields.join(',')}`];
}

/** Reads sacct's answer as a whole. A database that can't be reached is no evidence of anything. */
export function readSacctTable(result: CommandResult, fields: readonly string[]): SacctTable {
  if (result.exitCode !== 0) return { kind: 'failed', words: failureMessage('sacct', result) };
  // Before 23.11 sacct exits with 0 when the database is away.
  if (result.stderr.trim() !== '') return { kind: 'failed', words: oneLine(result.stderr) };

  const lines = result.stdout.split('\n');
  const begin = lines.indexOf(fields.join(FIELD_END));
  if (begin < 0) return { kind: 'failed', words: 'the answer of sacct has no header' };
  // A line without any field is a wrapper's noise.
  const rows = lines.flatMap((line, index) =>
    index > begin && line.includes(FIELD_END) ? [line.split(FIELD_END)] : [],
  );
  const isWhole = lines.at(-1) === '' && rows.every((row) => row.length === fields.length);
  return isWhole ? { kind: 'read', rows } : { kind: 'failed', words: 'the answer of sacct is cut short' };
}
