// squeue: how all jobs of the user are asked for at once, and how its answer is read. The one source of following.
import type { HostResult } from '../host/host.ts';
import { failureWords, oneLine } from './command-words.ts';
import { readJobRow } from './job-row.ts';
import type { Job, JobList } from './scheduler.ts';

const FIELD_END = '\x1f';

/** In this order; the name comes last, because it may hold any character. Letters as in squeue(1), `--format`. */
const FIELDS = ['%A', '%i', '%T', '%r', '%V', '%S', '%e', '%P', '%N', '%j'];

/** What squeue prints above the first field: proof that it understood the format and had an answer. */
const HEADER = 'JOBID';

/**
 * The arguments for a list of everything that Slurm still shows of this user, ended jobs too.
 *
 * `--me` rather than `--user`: for a name that can't be resolved squeue prints nothing and exits with 0.
 * `-t all` rather than states by name: an older release refuses states that it doesn't know.
 * @param mark a few letters and digits, new for each call: no job name can hold it, so none can pass for a row
 */
export function squeueArgs(mark: string): string[] {
  return ['--me', '--states=all', `--format=${recordStart(mark)}${FIELDS.join(FIELD_END)}${recordEnd(mark)}`];
}

/**
 * Reads squeue's answer. It counts only when squeue exited with 0, wrote nothing to standard error, and every record
 * that begins also ends; that nothing is missing after the last one is the promise of `Host.run`.
 * Rows of job arrays and heterogeneous jobs are left out: no job of ours is one.
 */
export function readSqueue(result: HostResult, mark: string): JobList {
  if (result.exitCode !== 0) return { kind: 'failed', words: failureWords('squeue', result) };
  if (result.stderr.trim() !== '') return { kind: 'failed', words: oneLine(result.stderr) };

  // Before the first record may stand whatever a login script or a wrapper prints.
  const [, ...records] = result.stdout.split(recordStart(mark));
  const jobs: Job[] = [];
  for (const [index, record] of records.entries()) {
    const end = record.indexOf(recordEnd(mark));
    const fields = record.slice(0, Math.max(0, end)).split(FIELD_END);
    if (end < 0 || fields.length < FIELDS.length) return { kind: 'failed', words: 'the answer of squeue is cut short' };
    if (index === 0) {
      if (fields[0] !== HEADER) return { kind: 'failed', words: 'the answer of squeue has no header' };
      continue;
    }
    const job = readRow(fields);
    if (job !== undefined) jobs.push(job);
  }
  if (records.length === 0) return { kind: 'failed', words: 'squeue gave no answer' };
  return { kind: 'listed', jobs };
}

function readRow(fields: readonly string[]): Job | undefined {
  const [id, shownId, stateWord = '', reason = '', submitted = '', start = '', end = '', partition = '', nodes = ''] =
    fields;
  // The last task of a job array shows the id of the whole array: only where both agree is it a job by itself.
  if (id === undefined || id !== shownId) return undefined;
  const name = fields.slice(FIELDS.length - 1).join(FIELD_END);
  return readJobRow({ id, name, stateWord, reason, partition, nodes, submitted, start, end });
}

function recordStart(mark: string): string {
  return `\x1e${mark}${FIELD_END}`;
}

function recordEnd(mark: string): string {
  return `\x1d${mark}`;
}
