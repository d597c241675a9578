// The arguments of squeue, which lists all jobs of one user or of several, and its output; list-jobs.ts runs it.
// One call lists them all, and tracking has no other source.
import type { UnixAccount } from '../base/resolve-user-map.ts';
import type { CommandResult } from '../transport/transport.ts';
import { failureMessage, oneLine } from './errors.ts';
import { parseJobName } from './job-name.ts';
import { PART_OF_SEVERAL, parseJobRow } from './parse-job-row.ts';
import type { Job, JobList } from './scheduler.ts';

const RECORD_START = '\x1e';
const FIELD_END = '\x1f';

/** In this order; the name is last, because it may contain any character. Letters as in `squeue --format`. */
const FIELDS = ['%A', '%i', '%T', '%r', '%V', '%S', '%e', '%P', '%N', '%j'];
/** The same, with the uid of the job's user before the name. */
const ALL_USERS_FIELDS = [...FIELDS.slice(0, -1), '%U', '%j'];

/** What squeue prints above the first field, which proves that it understood the format and responded. */
const HEADER = 'JOBID';

/**
 * The arguments for a list of all jobs of this user that Slurm still shows, including ended ones.
 *
 * `--all`: otherwise the jobs of hidden partitions are missing.
 * `--me`, not `--user`: for an unknown user name, squeue prints nothing and exits with 0.
 * `-t all`, not state names: older releases reject unknown states.
 * @param mark random letters and digits, new for each call: no job name can contain it, so none can imitate a row
 * @param whose jobs: for uids, squeue also takes unknown ones
 */
export function squeueArgs(mark: string, whose: 'ours' | "everybody's" | readonly number[]): string[] {
  const fields = whose === 'ours' ? FIELDS : ALL_USERS_FIELDS;
  const format = `${recordStart(mark)}${fields.join(FIELD_END)}${recordEnd(mark)}`;
  const users = whose === 'ours' ? ['--me'] : typeof whose === 'string' ? [] : [`--user=${whose.join(',')}`];
  return ['--all', ...users, '--states=all', `--format=${format}`];
}

/** Whose jobs a list of several users shows. */
export interface Submitters {
  /** The uid of the user whose jobs are ours. */
  readonly own: number;
  /** Others whose jobs are ours too. */
  readonly accounts: readonly UnixAccount[];
}

/**
 * Parses the output of squeue. It is valid only if squeue exited with 0, wrote nothing to stderr, and every record
 * is complete; the transport guarantees that nothing after the last one is missing.
 * Job arrays and heterogeneous jobs are skipped, because we submit none. So is an unreadable row, unless its job name is one of
 * ours: skipping it would make our job absent, so the list is invalid.
 * @param submitters for a list of several users: the users whose jobs are ours
 */
export function parseSqueue(result: CommandResult, mark: string, submitters?: Submitters): JobList {
  if (result.exitCode !== 0) return { kind: 'failed', message: failureMessage('squeue', result) };
  if (result.stderr.trim() !== '') return { kind: 'failed', message: oneLine(result.stderr) };
  let header: string | undefined;
  const jobs: Job[] = [];
  const columns = submitters === undefined ? FIELDS : ALL_USERS_FIELDS;
  for (const fields of readRecords(result.stdout, mark, columns.length)) {
    if (fields === undefined) return { kind: 'failed', message: 'the output of squeue is truncated' };
    if (header === undefined) {
      header = fields[0] ?? '';
      continue;
    }
    const job = parseRow(fields, submitters);
    if (job === 'unreadable')
      return { kind: 'failed', message: 'the output of squeue has an unreadable row for a job of this daemon' };
    if (job !== 'not ours') jobs.push(job);
  }
  if (header !== HEADER) return { kind: 'failed', message: 'the output of squeue has no header' };
  return { kind: 'listed', jobs };
}

/**
 * Yields the fields of each record, or undefined for an incomplete one. Text outside of records is noise of a wrapper.
 * One at a time, because thousands of live objects double the cost of garbage collection.
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
    // The noise also contains an incomplete mark at the end.
    const isWhole = endsAt !== -1 && fields.length >= columns && !noise.includes(end) && !noise.includes(RECORD_START);
    yield isWhole ? fields : undefined;
  }
}

function parseRow(fields: readonly string[], submitters: Submitters | undefined): Job | 'not ours' | 'unreadable' {
  const [id = '', shownId = '', stateWord = '', reason = ''] = fields;
  const [submitted = '', start = '', end = '', partition = '', nodes = ''] = fields.slice(FIELDS.indexOf('%V'));
  const behind = fields.slice(FIELDS.length - 1);
  const [userId, name] =
    submitters === undefined ? [undefined, behind.join(FIELD_END)] : [behind[0], behind.slice(1).join(FIELD_END)];
  // The last task of a job array shows the id of the whole array: it is a single job only if both agree.
  const row = { id, name, stateWord, reason, partition, nodes, submitted, start, end };
  const job = id === shownId ? parseJobRow(row) : undefined;
  if (job !== undefined) return submitters === undefined ? job : { ...job, ...ownerOf(userId, submitters) };
  return PART_OF_SEVERAL.test(shownId) || parseJobName(name) === undefined ? 'not ours' : 'unreadable';
}

function ownerOf(userId: string | undefined, { own, accounts }: Submitters): Pick<Job, 'isOthers' | 'unixUser'> {
  const account = accounts.find(({ uid }) => String(uid) === userId);
  if (userId === String(own) || account === undefined) return { isOthers: userId !== String(own) };
  return { isOthers: false, unixUser: account.name };
}

function recordStart(mark: string): string {
  return `${RECORD_START}${mark}${FIELD_END}`;
}

function recordEnd(mark: string): string {
  return `\x1d${mark}`;
}
