// squeue: how all jobs of the user are asked for at once, and how its answer is read. The one source of following.
import type { CommandResult } from '../transport/transport.ts';
import { failureMessage, oneLine } from './command-error.ts';
import { readJobName } from './job-name.ts';
import { PART_OF_SEVERAL, readJobRow } from './job-row.ts';
import type { Job, JobList } from './scheduler.ts';

const RECORD_START = '\x1e';
const FIELD_END = '\x1f';

/** In this order; the name comes last, because it may hold any character. Letters as in squeue(1), `--format`. */
const FIELDS = ['%A', '%i', '%T', '%r', '%V', '%S', '%e', '%P', '%N', '%j'];
/** The same with the number of the job's Unix user in front of the name. */
const ALL_USERS_FIELDS = [...FIELDS.slice(0, -1), '%U', '%j'];

/** What squeue prints above the first field: proof that it understood the format and had an answer. */
const HEADER = 'JOBID';

/**
 * The arguments for a list of everything that Slurm still shows of this user, ended jobs too.
 *
 * `--all`: without it the jobs of partitions that are hidden from this user are missing.
 * `--me` rather than `--user`: for a name that can't be resolved squeue prints nothing and exits with 0.
 * `-t all` rather than states by name: an older release refuses states that it doesn't know.
 * @param mark a few letters and digits, new for each call: no job name can hold it, so none can pass for a row
 * @param whose jobs
 */
export function squeueArgs(mark: string, whose: 'ours' | "everybody's"): string[] {
  const fields = whose === 'ours' ? FIELDS : ALL_USERS_FIELDS;
  const format = `${recordStart(mark)}${fields.join(FIELD_END)}${recordEnd(mark)}`;
  return ['--all', ...(whose === 'ours' ? ['--me'] : []), '--states=all', `--format=${format}`];
}

/**
 * Reads squeue's answer. It counts only when squeue exited with 0, wrote nothing to standard error, and every record
 * that begins also ends; that nothing is missing after the last one is the promise of `Host.run`.
 * Rows of job arrays and heterogeneous jobs are left out: no job of ours is one. So is a row of which the job can't be told, if its
 * name is none of ours; with a name of ours it would make a job of ours absent, and there is no list.
 * @param submitter of everybody's list: the Unix user whose jobs are ours
 */
export function readSqueue(result: CommandResult, mark: string, submitter?: number): JobList {
  if (result.exitCode !== 0) return { kind: 'failed', words: failureMessage('squeue', result) };
  if (result.stderr.trim() !== '') return { kind: 'failed', words: oneLine(result.stderr) };
  let header: string | undefined;
  const jobs: Job[] = [];
  const columns = submitter === undefined ? FIELDS : ALL_USERS_FIELDS;
  for (const fields of readRecords(result.stdout, mark, columns.length)) {
    if (fields === undefined) return { kind: 'failed', words: 'the answer of squeue is cut short' };
    if (header === undefined) {
      header = fields[0] ?? '';
      continue;
    }
    const job = readRow(fields, submitter);
    if (job === 'unreadable')
      return { kind: 'failed', words: 'the answer of squeue has an unreadable row of a job of ours' };
    if (job !== 'not ours') jobs.push(job);
  }
  if (header !== HEADER) return { kind: 'failed', words: 'the answer of squeue has no header' };
  return { kind: 'listed', jobs };
}

/**
 * The fields of one record after the other, or undefined where one is not whole. What stands around the records is a wrapper's
 * noise. One by one, because thousands that live at the same time cost as much again to sweep up.
 */
function* readRecords(stdout: string, mark: string, columns: number): Generator<string[] | undefined> {
  const [start, end] = [recordStart(mark), recordEnd(mark)];
  let next = stdout.indexOf(start);
  while (next !== -1) {
    const from = next + start.length;
    next = stdout.indexOf(start, from);
    const piece = stdout.slice(from, next === -1 ? undefined : next);
    const endsAt = piece.indexOf(end);
    const fields = piece.slice(0, endsAt).split(FIELD_END);
    const noise = piece.slice(endsAt + end.length);
    // In the noise also the beginning of a record of which not even the mark is whole.
    const isWhole = endsAt !== -1 && fields.length >= columns && !noise.includes(end) && !noise.includes(RECORD_START);
    yield isWhole ? fields : undefined;
  }
}

function readRow(fields: readonly string[], submitter: number | undefined): Job | 'not ours' | 'unreadable' {
  const [id = '', shownId = '', stateWord = '', reason = ''] = fields;
  const [submitted = '', start = '', end = '', partition = '', nodes = ''] = fields.slice(FIELDS.indexOf('%V'));
  const behind = fields.slice(FIELDS.length - 1);
  const [userId, name] =
    submitter === undefined ? [undefined, behind.join(FIELD_END)] : [behind[0], behind.slice(1).join(FIELD_END)];
  // The last task of a job array shows the id of the whole array: only where both agree is it a job by itself.
  const row = { id, name, stateWord, reason, partition, nodes, submitted, start, end };
  const job = id === shownId ? readJobRow(row) : undefined;
  if (job !== undefined) return submitter === undefined ? job : { ...job, isOthers: userId !== String(submitter) };
  return PART_OF_SEVERAL.test(shownId) || readJobName(name) === undefined ? 'not ours' : 'unreadable';
}

function recordStart(mark: string): string {
  return `${RECORD_START}${mark}${FIELD_END}`;
}

function recordEnd(mark: string): string {
  return `\x1d${mark}`;
}
