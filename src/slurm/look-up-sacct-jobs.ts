// Looks up jobs by name in the accounting database, and merges them with the jobs that squeue shows.
import type { CommandResult } from '../transport/transport.ts';
import { PART_OF_SEVERAL, parseJobRow } from './parse-job-row.ts';
import { type JobState, isLive } from './job-state.ts';
import { parseSacctTable, sacctTableArgs } from './parse-sacct-table.ts';
import type { Job, JobId, JobList } from './scheduler.ts';

const FIELDS = ['JobIDRaw', 'JobName', 'State', 'Reason', 'Partition', 'NodeList', 'Submit', 'Start', 'End'];

/**
 * The states in accounting (sacct(1), 20.11 to 26.05). Without them, sacct omits a job that was cancelled before it could start:
 * held, with a begin time, or requeued.
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

/** The clocks of this machine and of the cluster may differ by less. */
const CLOCKS_DIFFER_MS = 3_600_000;

/**
 * The arguments for all runs of the jobs with exactly these names.
 *
 * `--starttime`: without it, sacct searches only today; `uts` is seconds since 1970 in any time zone.
 * `--endtime`: without it, sacct searches a single moment, and omits jobs with a later begin time.
 * `--uid`: operators would see the jobs of all users (sacct(1), `--allusers`).
 * @param names without commas, at least one
 * @param since milliseconds since 1970
 * @param submitter whose jobs
 */
export function sacctJobsArgs(names: readonly string[], since: number, submitter: number): string[] {
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
 * Parses the output of sacct: the newest run of each job. All rows have the requested names, so an unreadable one does not prove
 * that there is no such job.
 */
export function parseSacctJobs(result: CommandResult): JobList {
  const table = parseSacctTable(result, FIELDS);
  if (table.kind === 'failed') return table;

  const newest = new Map<JobId, Job>();
  for (const row of table.rows) {
    if (PART_OF_SEVERAL.test(row[0] ?? '')) continue;
    const job = parseRow(row);
    // Only these states were requested.
    if (job === undefined || job.state === 'UNKNOWN')
      return { kind: 'failed', message: 'the output of sacct has an unreadable row' };
    const other = newest.get(job.id);
    if (other === undefined || (job.submittedAt ?? 0) >= (other.submittedAt ?? 0)) newest.set(job.id, job);
  }
  return { kind: 'listed', jobs: [...newest.values()] };
}

function parseRow(fields: readonly string[]): Job | undefined {
  const [id = '', name = '', stateWord = '', reason = '', partition = '', nodes = '', submitted = ''] = fields;
  const [start = '', end = ''] = fields.slice(FIELDS.indexOf('Start'));
  return parseJobRow({ id, name, stateWord, reason, partition, nodes, submitted, start, end });
}

/**
 * The jobs with these names from both sources; squeue was called last and takes precedence. So a job that is alive only in
 * accounting is not alive: the controller lost it, or its end is not recorded yet.
 * Failed accounting does not prove that a job never existed: then the result is valid only if squeue shows a job for each name.
 */
export function mergeLookUp(names: readonly string[], past: JobList, shown: readonly Job[]): JobList {
  // Sets: after an outage of Slurm, tens of thousands of names may be looked up at once.
  const wanted = new Set(names);
  const current = shown.filter((job) => wanted.has(job.name));
  if (past.kind === 'failed') {
    const isComplete = wanted.size === new Set(current.map((job) => job.name)).size;
    return isComplete ? { kind: 'listed', jobs: current } : past;
  }
  const ids = new Set(current.map((job) => job.id));
  const gone = past.jobs.filter((job) => wanted.has(job.name) && !ids.has(job.id) && !isLive(job.state));
  return { kind: 'listed', jobs: [...current, ...gone] };
}
