// The stand-in's squeue: the `--format` letters and `--Format` fields that this project uses, and the default table.
import { formatDuration } from '../durations.ts';
import { endTime, fillFormat, formatTime } from './formatting.ts';
import { isOver, type StandInJob } from '../job.ts';
import { formatNodes } from '../node-list.ts';
import { ofUsers, shownTo, type ClusterView } from './cluster-view.ts';
import { CommandLineError, readCommandLine, type Option } from '../options.ts';
import type { CommandCall, CommandReply } from '../wire.ts';

const OPTIONS: readonly Option[] = [
  { long: 'all', short: 'a' },
  { long: 'format', short: 'o', value: 'required' },
  { long: 'Format', short: 'O', value: 'required' },
  { long: 'jobs', short: 'j', value: 'required' },
  { long: 'me' },
  { long: 'name', short: 'n', value: 'required' },
  { long: 'noheader', short: 'h' },
  { long: 'partition', short: 'p', value: 'required' },
  { long: 'states', short: 't', value: 'required' },
  { long: 'user', short: 'u', value: 'required' },
];

const USUAL_FORMAT = '%.18i %.9P %.8j %.8u %.2t %.10M %.6D %R';

const SHORT_STATES: Readonly<Record<StandInJob['state'], string>> = {
  PENDING: 'PD',
  RUNNING: 'R',
  COMPLETED: 'CD',
  FAILED: 'F',
  CANCELLED: 'CA',
  TIMEOUT: 'TO',
  NODE_FAIL: 'NF',
  PREEMPTED: 'PR',
  OUT_OF_MEMORY: 'OOM',
  BOOT_FAIL: 'BF',
  DEADLINE: 'DL',
};

interface Column {
  readonly header: string;
  value(job: StandInJob, call: CommandCall, now: number): string;
}

const COLUMNS: Readonly<Record<string, Column>> = {
  A: { header: 'JOBID', value: (job) => String(job.id) },
  i: { header: 'JOBID', value: (job) => String(job.id) },
  F: { header: 'ARRAY_JOB_ID', value: (job) => String(job.id) },
  j: { header: 'NAME', value: (job) => job.name },
  k: { header: 'COMMENT', value: (job) => (job.comment === '' ? '(null)' : job.comment) },
  T: { header: 'STATE', value: (job) => job.state },
  t: { header: 'ST', value: (job) => SHORT_STATES[job.state] },
  r: { header: 'REASON', value: (job) => job.reason },
  R: {
    header: 'NODELIST(REASON)',
    value: (job) => (job.nodes.length > 0 ? formatNodes(job.nodes) : `(${job.reason})`),
  },
  P: { header: 'PARTITION', value: (job) => job.partition },
  N: { header: 'NODELIST', value: (job) => formatNodes(job.nodes) },
  D: { header: 'NODES', value: (job) => String(job.nodeCount) },
  C: { header: 'CPUS', value: (job) => String(job.taskCount * job.cpusPerTask) },
  u: { header: 'USER', value: (job) => job.user },
  U: { header: 'USER', value: (job) => String(job.uid) },
  V: { header: 'SUBMIT_TIME', value: (job, call) => formatTime(job.submittedAt, call.environment, 'N/A') },
  S: { header: 'START_TIME', value: (job, call) => formatTime(job.startedAt, call.environment, 'N/A') },
  e: {
    header: 'END_TIME',
    value: (job, call) => formatTime(endTime(job), call.environment, job.startedAt === null ? 'N/A' : 'NONE'),
  },
  l: { header: 'TIME_LIMIT', value: (job) => formatDuration(job.timeLimitMs) },
  M: {
    header: 'TIME',
    value: (job, _, now) => formatDuration(job.startedAt === null ? 0 : (job.endedAt ?? now) - job.startedAt),
  },
  Z: { header: 'WORK_DIR', value: (job) => job.workDir },
};

const orNone = (text: string): string => (text === '' ? 'N/A' : text);

/** Without AccountingStorageTRES, real squeue prints no GPUs in TRES_ALLOC. */
const FIELDS: Readonly<Record<string, (job: StandInJob) => string>> = {
  JobID: (job) => String(job.id),
  NumNodes: (job) => String(job.nodeCount),
  NumTasks: (job) => String(job.taskCount),
  'tres-alloc': ({ nodeCount, taskCount, cpusPerTask: cpus }) =>
    `cpu=${taskCount * cpus},node=${nodeCount},billing=${taskCount * cpus}`,
  'tres-per-job': (job) => orNone(job.tresPerJob),
  'tres-per-node': (job) => orNone(job.tresPerNode),
  'tres-per-task': (job) => orNone(job.tresPerTask),
};

/** `--Format`: each value is padded or truncated to its width, and followed by its suffix (squeue(1)). */
function formatFields(format: string, job: StandInJob): string {
  return format
    .split(',')
    .map((field) => {
      const [, name = '', width = '20', suffix = ''] = /^([\w-]+):(\d*)(.*)$/.exec(field) ?? [];
      const print = FIELDS[name];
      if (print === undefined)
        throw new CommandLineError(`squeue: error: Invalid job format specification: ${name}\n`, 1);
      return print(job).slice(0, Number(width)).padEnd(Number(width)) + suffix;
    })
    .join('');
}

export function squeue(call: CommandCall, cluster: ClusterView): CommandReply {
  const { controller, clock } = cluster;
  const { options } = readCommandLine('squeue', call.args, OPTIONS);
  // The users that the stand-in has seen.
  const known = new Set([call.user, ...controller.remembered().map(({ user }) => user)]);
  const strange = options
    .get('user')
    ?.split(',')
    .find((user) => !/^\d+$/.test(user) && !known.has(user));
  // As the real one does for an unknown user name: an error message and no row.
  const complaint = strange === undefined ? '' : `squeue: error: Invalid user: ${strange}\n`;
  const visible = shownTo(call, cluster);
  const wanted = options.get('jobs')?.split(',');
  // A single id is a separate query to the controller, which may fail.
  if (wanted?.length === 1 && visible.every(({ id }) => String(id) !== wanted[0])) {
    throw new CommandLineError('slurm_load_jobs error: Invalid job id specified\n', 1);
  }
  const wantsAll = options.get('states')?.toLowerCase() === 'all';
  const states = options.get('states')?.toUpperCase().split(',');
  const jobs = ofUsers(visible, call, options)
    .filter((job) => complaint === '' && (options.get('name')?.split(',').includes(job.name) ?? true))
    .filter((job) => wanted?.includes(String(job.id)) ?? true)
    .filter((job) => options.get('partition')?.split(',').includes(job.partition) ?? true)
    .filter(
      (job) =>
        wantsAll || (states?.some((state) => [job.state, SHORT_STATES[job.state]].includes(state)) ?? !isOver(job)),
    )
    .sort((one, other) => other.id - one.id);

  const fields = options.get('Format');
  if (fields !== undefined) {
    if (!options.has('noheader'))
      throw new CommandLineError('squeue: error: the stand-in prints fields without header\n', 1);
    return { exitCode: 0, stdout: jobs.map((job) => `${formatFields(fields, job)}\n`).join(''), stderr: complaint };
  }
  const format = options.get('format') ?? USUAL_FORMAT;
  const now = clock.now();
  const header = fillFormat(format, (letter) => COLUMNS[letter]?.header);
  const rows = jobs.map((job) => fillFormat(format, (letter) => COLUMNS[letter]?.value(job, call, now)));
  const lines = options.has('noheader') ? rows : [header, ...rows];
  return { exitCode: 0, stdout: lines.map((line) => `${line}\n`).join(''), stderr: complaint };
}
