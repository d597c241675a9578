// Reads the record of a job that the controller has forgotten from accounting.
import type { CommandResult } from '../transport/transport.ts';
import { SlurmUnavailableError } from './errors.ts';
import { parseExitCode, parseText } from './parse-job-row.ts';
import { parseSacctTable, sacctTableArgs } from './parse-sacct-table.ts';
import type { JobId, JobRecord } from './scheduler.ts';

const FIELDS = ['Submit', 'JobName', 'State', 'ExitCode', 'NodeList', 'Timelimit', 'Reason'];

/** The arguments for all runs of one job of this Unix user at any time; without a user, sacct prints the jobs of all users. */
export function sacctRecordArgs(id: JobId, submitter: number): string[] {
  return [...sacctTableArgs(FIELDS), `--uid=${submitter}`, `--jobs=${id}`];
}

/**
 * The newest run of the job with this name, because Slurm reuses ids after a crash of the controller; undefined if accounting
 * has no such job. Accounting never has the path of the log.
 * @throws SlurmUnavailableError if the output of accounting is incomplete
 */
export function parseSacctRecord(result: CommandResult, named?: string): JobRecord | undefined {
  const table = parseSacctTable(result, FIELDS);
  if (table.kind === 'failed') throw new SlurmUnavailableError(table.message);
  const isWhole = table.rows.every(
    ([submitted = '', , , exit = '']) => /^\d+$/.test(submitted) && /^\d+:\d+$/.test(exit),
  );
  if (!isWhole) throw new SlurmUnavailableError('the output of sacct has an unreadable row');
  const rows = table.rows.filter((row) => named === undefined || row[1] === named);
  const runs = rows.toSorted(([one = ''], [other = '']) => Number(one) - Number(other));
  const [, name, stateWord, exit = '', nodes = '', timeLimit = '', reason = ''] = runs.at(-1) ?? [];
  if (name === undefined || stateWord === undefined) return undefined;
  return {
    name,
    stateWord,
    ...parseExitCode(exit),
    outputPath: undefined,
    nodes: parseText(nodes),
    timeLimit: parseText(timeLimit),
    reason: parseText(reason),
    restarts: runs.filter((run) => run[1] === name).length - 1,
  };
}
