// Parses `scontrol show job` so that no text of the job's owner can imitate another field.
import { NOT_SHOWN } from '../base/terminal-text.ts';
import { parseExitCode, parseText } from './parse-job-row.ts';
import type { JobId, JobRecord } from './scheduler.ts';

/**
 * The arguments for the record of one job. Not `--oneliner`: there a space ends a field, and most texts of the owner may contain
 * spaces. In the multi-line layout only a newline does.
 */
export function showJobArgs(id: JobId): string[] {
  return ['show', 'job', id];
}

/** Whether scontrol reports that there is no such job, not that it could not query it. */
export function isUnknownJob(stderr: string): boolean {
  return stderr.includes('Invalid job id specified');
}

/** `line_end` of slurm_sprint_job_info() in src/api/job_info.c, and since 24.11 of src/scontrol/info_job.c. */
const LINE_START = '\n   ';

/**
 * The lines that we read, by their first field. All releases from 20.11 to 26.05 print each exactly once. Only in `StdOut` can text
 * of the owner come before or between what we read.
 */
const LINES = {
  UserId: /^[^(\n]*\((\d+)\) GroupId=/,
  JobState: /^(\S+) Reason=(\S*) /,
  Requeue: /^\d+ Restarts=(\d+) BatchFlag=\d+ Reboot=\d+ ExitCode=(\d+:\d+)\s*$/,
  RunTime: /^\S+ TimeLimit=(\S+) TimeMin=\S+\s*$/,
  NodeList: /^(\S*)(?: SchedNodeList=.*)?\s*$/,
  MinCPUsNode: /^\d+ MinMemory(Node|CPU)=(\S+) MinTmpDiskNode=/,
  StdOut: /^(.*)$/,
} as const;

const PATH = new RegExp(`^/[^${NOT_SHOWN}\\t\\n]*$`);
/** Slurm truncates longer paths, and the rest would name another file. */
const MAX_PATH_BYTES = 1024;

/**
 * Parses the output of `scontrol show job ID`; returns undefined if it does not prove the state of this job.
 *
 * Texts of the owner (account, features, comment, mail user, work dir …) may contain anything; with `scontrol update`, some even
 * contain newlines. They can add lines that look like Slurm's, but never remove a line of Slurm. So a line counts only if it is
 * unique; otherwise its fact stays unknown.
 */
export function parseJobRecord(text: string, id: JobId): JobRecord | undefined {
  const record = recordIn(`\n${text}`, id);
  if (record === undefined) return undefined;
  // The name comes first, so its text can only add lines: it is never read shorter than it is.
  const name = record.slice(record.indexOf('JobName=') + 'JobName='.length, record.lastIndexOf(`${LINE_START}UserId=`));
  const [userId] = fieldsOf(record, 'UserId');
  const [stateWord, reason = ''] = fieldsOf(record, 'JobState');
  const [restarts, exit] = fieldsOf(record, 'Requeue');
  if (stateWord === undefined || restarts === undefined || exit === undefined) return undefined;
  const [timeLimit = ''] = fieldsOf(record, 'RunTime');
  const [nodes = ''] = fieldsOf(record, 'NodeList');
  const outputPath = parsePath(fieldsOf(record, 'StdOut')[0] ?? '');
  return {
    name,
    userId: userId === undefined ? undefined : Number(userId),
    stateWord,
    ...parseExitCode(exit),
    outputPath,
    ...(outputPath === undefined ? { isOutputInDoubt: true } : {}),
    nodes: parseText(nodes),
    timeLimit: parseText(timeLimit),
    // scontrol prints spaces in a reason as underscores; no reason contains underscores.
    reason: parseText(reason)?.replaceAll('_', ' '),
    restarts: Number(restarts),
    memoryLimit: parseMemoryLimit(fieldsOf(record, 'MinCPUsNode')),
  };
}

/** The text from the first line of the job on, if there is one record: several belong to a job array, or are forged. */
function recordIn(text: string, id: JobId): string | undefined {
  const start = text.indexOf('\nJobId=');
  if (start < 0 || text.includes('\nJobId=', start + 1)) return undefined;
  const record = text.slice(start);
  const firstLine = record.slice(0, record.indexOf('\n', 1));
  const isIts = firstLine.startsWith(`\nJobId=${id} `) && firstLine.includes(' JobName=');
  return isIts && record.includes(`${LINE_START}UserId=`) ? record : undefined;
}

/** The content of this line; undefined if there are two of them or none. */
function fieldsOf(record: string, line: keyof typeof LINES): string[] {
  const begin = `${LINE_START}${line}=`;
  const at = record.indexOf(begin);
  if (at < 0 || record.includes(begin, at + 1)) return [];
  const end = record.indexOf('\n', at + 1);
  return LINES[line].exec(record.slice(at + begin.length, end < 0 ? undefined : end))?.slice(1) ?? [];
}

/**
 * Byte for byte. A newline would end a path early; no script can put one there (sbatch reads a directive to the
 * end of its line). Invisible characters in a path are rejected, because no user needs them.
 */
function parsePath(text: string): string | undefined {
  return PATH.test(text) && Buffer.byteLength(text) < MAX_PATH_BYTES ? text : undefined;
}

/** `50M per node` or `1G per CPU`. Not for `0`, which means the whole node. */
function parseMemoryLimit([per, amount = '']: readonly string[]): string | undefined {
  if (!/^[\d.]+[KMGTP]$/.test(amount)) return undefined;
  return per === 'Node' ? `${amount} per node` : `${amount} per CPU`;
}
