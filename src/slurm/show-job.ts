// `scontrol show job`: Slurm's own record of one job, read line by line so that no text of the job's owner can pass for another field.
import { NOT_SHOWN } from '../base/terminal-text.ts';
import { readExitCode, readText } from './job-row.ts';
import type { JobId, JobRecord } from './scheduler.ts';

/**
 * The arguments for the record of one job. Not `--oneliner`: there a blank ends a field, and nearly every text of the job's owner may
 * hold blanks. In the layout of many lines only a newline does.
 */
export function showJobArgs(id: JobId): string[] {
  return ['show', 'job', id];
}

/** Whether scontrol says that it knows no such job (any more), rather than that it could not ask. */
export function isUnknownJob(stderr: string): boolean {
  return stderr.includes('Invalid job id specified');
}

/** `line_end` of slurm_sprint_job_info() in src/api/job_info.c, and since 24.11 of src/scontrol/info_job.c. */
const LINE_START = '\n   ';

/**
 * The lines that we read, each by the field that it begins with, as all releases from 20.11 to 26.05 print it: always, and once. In
 * no line but `StdOut` does text of the owner stand in front of what we read or between.
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
/** Slurm cuts longer paths, and what is left of one is the path of another file. */
const MAX_PATH_BYTES = 1024;

/**
 * Reads the output of `scontrol show job ID`, or gives undefined when it does not tell beyond doubt how this job is.
 *
 * The owner's texts (account, features, comment, mail user, work dir …) may hold anything; `scontrol update` even puts newlines into
 * some of them. They can add lines that look like Slurm's own, but never take Slurm's own away. So a line counts only where it is the
 * only one of its kind, and else what it tells stays unknown.
 */
export function readJobRecord(text: string, id: JobId): JobRecord | undefined {
  const record = recordIn(`\n${text}`, id);
  if (record === undefined) return undefined;
  // The name comes first, so what it holds can only add to it: it never reads shorter than it is.
  const name = record.slice(record.indexOf('JobName=') + 'JobName='.length, record.lastIndexOf(`${LINE_START}UserId=`));
  const [userId] = fieldsOf(record, 'UserId');
  const [stateWord, reason = ''] = fieldsOf(record, 'JobState');
  const [restarts, exit] = fieldsOf(record, 'Requeue');
  if (stateWord === undefined || restarts === undefined || exit === undefined) return undefined;
  const [timeLimit = ''] = fieldsOf(record, 'RunTime');
  const [nodes = ''] = fieldsOf(record, 'NodeList');
  const outputPath = readPath(fieldsOf(record, 'StdOut')[0] ?? '');
  return {
    name,
    userId: userId === undefined ? undefined : Number(userId),
    stateWord,
    ...readExitCode(exit),
    outputPath,
    ...(outputPath === undefined ? { isOutputInDoubt: true } : {}),
    nodes: readText(nodes),
    timeLimit: readText(timeLimit),
    // scontrol prints a reason's blanks as underscores; no reason has underscores of its own.
    reason: readText(reason)?.replaceAll('_', ' '),
    restarts: Number(restarts),
    memoryLimit: readMemoryLimit(fieldsOf(record, 'MinCPUsNode')),
  };
}

/** The text from the job's first line on, where it is one record: several are those of a job array, which no job of ours is, or forged. */
function recordIn(text: string, id: JobId): string | undefined {
  const start = text.indexOf('\nJobId=');
  if (start < 0 || text.includes('\nJobId=', start + 1)) return undefined;
  const record = text.slice(start);
  const firstLine = record.slice(0, record.indexOf('\n', 1));
  const isIts = firstLine.startsWith(`\nJobId=${id} `) && firstLine.includes(' JobName=');
  return isIts && record.includes(`${LINE_START}UserId=`) ? record : undefined;
}

/** What this line tells; nothing where there are two of them or none. */
function fieldsOf(record: string, line: keyof typeof LINES): string[] {
  const begin = `${LINE_START}${line}=`;
  const at = record.indexOf(begin);
  if (at < 0 || record.includes(begin, at + 1)) return [];
  const end = record.indexOf('\n', at + 1);
  return LINES[line].exec(record.slice(at + begin.length, end < 0 ? undefined : end))?.slice(1) ?? [];
}

/**
 * Byte for byte. A newline in a path would make it end early; no line of a script can put one there (sbatch reads a directive to the
 * end of its line), and what people can not see in a path is refused as nobody needs it.
 */
function readPath(text: string): string | undefined {
  return PATH.test(text) && Buffer.byteLength(text) < MAX_PATH_BYTES ? text : undefined;
}

/** `50M a node` or `1G a CPU`. Not for `0`, which means the whole node. */
function readMemoryLimit([per, amount = '']: readonly string[]): string | undefined {
  if (!/^[\d.]+[KMGTP]$/.test(amount)) return undefined;
  return per === 'Node' ? `${amount} a node` : `${amount} a CPU`;
}
