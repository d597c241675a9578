// sacct: how jobs that squeue no longer shows are looked up by name in the accounting database.
import type { CommandResult } from '../transport/transport.ts';
import { PART_OF_SEVERAL, readJobRow } from './job-row.ts';
import type { JobState } from './job-state.ts';
import { readSacctTable, sacctTableArgs } from './sacct-table.ts';
import type { Job, JobId, JobList } from './scheduler.ts';

const FIELDS = ['JobIDRaw', 'JobName', 'State', 'Reason', 'Partition', 'NodeList', 'Submit', 'Start', 'End'];

/**
 * The states that accounting keeps (sacct(1), 20.11 to 26.05) of jobs that wait, run or are over. Without them sacct
 * leaves out a job that was cancelled before it was allowed to start: held, to begin later, or put back by Slurm.
 */
const STATES: readonly JobState[] = [
  'BOOT_FAIL',
  'CANCELLED',
  'COMPLETED',
  'DEADLINE',
  'FAILED',
  'NODE_FAIL',
  'OUT_OF_MEMORY',
  'PENDING',
  'PREEMPTED',
  'REQUEUED',
  'REVOKED',
  'RUNNING',
  'TIMEOUT',
];

/** Our clock and the cluster's may differ by less. */
const CLOCKS_DIFFER_MS = 3_600_000;

/**
 * The arguments for all runs of the jobs of exactly these names.
 *
 * `--starttime`: without it only today's jobs are searched; `uts` takes seconds since 1970 whatever the time zone.
 * `--endtime`: without it the search is for one moment only, and leaves out what may not start before a later one.
 * `--uid`: an operator may be told of the jobs of all users (sacct(1), `--allusers`).
 * @param names without commas, at least one
 * @param since milliseconds since 1970
 * @param submitter whose jobs
 */
export function sacctArgs(names: readonly string[], since: number, submitter: number): string[] {
  return [
    ...sacctTableArgs(FIELDS),
    `--uid=${submitter}`,
    `--name=${names.join(',')}`,
    `--state=${STATES.join(',')}`,
    `--starttime=uts${Math.max(0, Math.floor((since - CLOCKS_DIFFER_MS) / 1000))}`,
    '--endtime=2099-12-31',
  ];
}

/**
 * Reads sacct's answer: of each job the newest run. All rows are of jobs of the names that were asked for, so one that can't be read is
 * no evidence that there is no such job.
 */
export function readSacct(result: CommandResult): JobList {
  const table = readSacctTable(result, FIELDS);
  if (table.kind === 'failed') return table;

  const newest = new Map<JobId, Job>();
  for (const row of table.rows) {
    if (PART_OF_SEVERAL.test(row[0] ?? '')) continue;
    const job = readRow(row);
    // No state but these was asked for.
    if (job === undefined || job.state === 'UNKNOWN')
      return { kind: 'failed', words: 'the answer of sacct has an unreadable row' };
    const other = newest.get(job.id);
    if (other === undefined || (job.submittedAt ?? 0) >= (other.submittedAt ?? 0)) newest.set(job.id, job);
  }
  return { kind: 'listed', jobs: [...newest.values()] };
}

function readRow(fields: readonly string[]): Job | undefined {
  const [id = '', name = '', stateWord = '', reason = '', partition = '', nodes = '', submitted = ''] = fields;
  const [start = '', end = ''] = fields.slice(FIELDS.indexOf('Start'));
  return readJobRow({ id, name, stateWord, reason, partition, nodes, submitted, start, end });
}
