// The stand-in's sacct: prints the jobs in accounting, one line each.
import { userInfo } from 'node:os';
import { formatDuration } from '../durations.ts';
import { formatTime } from './formatting.ts';
import { type StandInJob } from '../job.ts';
import { formatNodes } from '../node-list.ts';
import type { ClusterView } from './cluster-view.ts';
import { CommandLineError, readCommandLine, type Option } from '../options.ts';
import type { CommandCall, CommandReply } from '../wire.ts';

const OPTIONS: readonly Option[] = [
  { long: 'allocations', short: 'X' },
  { long: 'delimiter', value: 'required' },
  { long: 'duplicates', short: 'D' },
  { long: 'endtime', short: 'E', value: 'required' },
  { long: 'format', short: 'o', value: 'required' },
  { long: 'jobs', short: 'j', value: 'required' },
  { long: 'name', value: 'required' },
  { long: 'noheader', short: 'n' },
  { long: 'parsable2', short: 'P' },
  { long: 'starttime', short: 'S', value: 'required' },
  { long: 'state', short: 's', value: 'required' },
  { long: 'uid', value: 'required' },
  { long: 'user', short: 'u', value: 'required' },
];

const FIELDS: Readonly<Record<string, (job: StandInJob, call: CommandCall) => string>> = {
  jobid: (job) => String(job.id),
  jobidraw: (job) => String(job.id),
  jobname: (job) => job.name,
  state: (job) => job.state,
  reason: (job) => job.reason,
  partition: (job) => job.partition,
  nodelist: (job) => (job.nodes.length > 0 ? formatNodes(job.nodes) : 'None assigned'),
  timelimit: (job) => formatDuration(job.timeLimitMs),
  exitcode: (job) => `${job.exitCode}:${job.exitSignal}`,
  user: (job) => job.user,
  submit: (job, call) => formatTime(job.submittedAt, call.environment, 'Unknown'),
  start: (job, call) => formatTime(job.startedAt, call.environment, 'Unknown'),
  end: (job, call) => formatTime(job.endedAt, call.environment, 'Unknown'),
};

export function sacct(call: CommandCall, { controller, settings }: ClusterView): CommandReply {
  const { options } = readCommandLine('sacct', call.args, OPTIONS);
  if (!settings.hasAccounting) {
    return { exitCode: 1, stdout: '', stderr: 'Slurm accounting storage is disabled\n' };
  }
  const wanted = (options.get('format') ?? 'JobID,JobName,Partition,State,ExitCode').split(',');
  const columns = wanted.map((field) => {
    const column = FIELDS[field.toLowerCase()];
    if (column === undefined) throw new CommandLineError(`sacct: error: Invalid field requested: "${field}"\n`, 1);
    return column;
  });
  // Only root and the user of the cluster see the jobs of all users.
  const uid = options.get('uid') ?? (call.uid === userInfo().uid ? undefined : String(call.uid));
  const since = readSince(options.get('starttime'));
  const rows = controller
    .remembered()
    .filter((job) => (job.endedAt ?? Infinity) >= since)
    .filter((job) => options.get('state')?.split(',').includes(job.state) ?? true)
    .filter((job) => options.get('name')?.split(',').includes(job.name) ?? true)
    .filter((job) => uid === undefined || String(job.uid) === uid)
    .filter((job) => options.get('jobs')?.split(',').includes(String(job.id)) ?? true)
    .map((job) => columns.map((column) => column(job, call)));

  const delimiter = options.has('parsable2') ? (options.get('delimiter') ?? '|') : ' ';
  const lines = options.has('noheader') ? rows : [wanted, ...rows];
  return { exitCode: 0, stdout: lines.map((fields) => `${fields.join(delimiter)}\n`).join(''), stderr: '' };
}

function readSince(text: string | undefined): number {
  const [, seconds] = /^uts(\d+)$/.exec(text ?? '') ?? [];
  if (seconds !== undefined) return Number(seconds) * 1000;
  if (text === undefined) return 0;
  throw new CommandLineError(
    `sacct: error: this stand-in reads --starttime only as uts and seconds, not "${text}"\n`,
    1,
  );
}
