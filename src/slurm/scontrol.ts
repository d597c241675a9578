// scontrol: the cluster's settings, and Slurm's own record of one job, read from its `Key=value` texts.
import { oneLine } from './command-words.ts';
import { readExitCode, readText } from './job-row.ts';
import type { ClusterFacts, JobId, JobRecord } from './scheduler.ts';

export const SHOW_CONFIG_ARGS: readonly string[] = ['show', 'config'];

/** The arguments for the record of one job on one line. */
export function showJobArgs(id: JobId): string[] {
  return ['--oneliner', 'show', 'job', id];
}

/** Whether scontrol says that it knows no such job (any more), rather than that it could not ask. */
export function isUnknownJob(stderr: string): boolean {
  return stderr.includes('Invalid job id specified');
}

/** Reads the output of `scontrol show config`; undefined when a setting that we need is not in it. */
export function readFacts(text: string): ClusterFacts | undefined {
  const settings = readSettings(text);
  const clusterName = settings.get('ClusterName');
  const version = settings.get('SLURM_VERSION');
  const minJobAgeMs = readSeconds(settings.get('MinJobAge'));
  const messageTimeoutMs = readSeconds(settings.get('MessageTimeout'));
  const killWaitMs = readSeconds(settings.get('KillWait'));
  if (clusterName === undefined || version === undefined) return undefined;
  if (minJobAgeMs === undefined || messageTimeoutMs === undefined || killWaitMs === undefined) return undefined;
  return {
    clusterName,
    version,
    minJobAgeMs,
    messageTimeoutMs,
    killWaitMs,
    // `accounting_storage/none` or `(null)` where there is none.
    hasAccounting: settings.get('AccountingStorageType') === 'accounting_storage/slurmdbd',
    ...readCallLimit(settings.get('SlurmctldParameters') ?? ''),
  };
}

/** slurm.conf(5), SlurmctldParameters: what is not said has its default. */
function readCallLimit(parameters: string): Pick<ClusterFacts, 'callLimit'> {
  const given = new Map(
    parameters.split(',').map((word): [string, string] => {
      const [name = '', value = ''] = word.split('=', 2);
      return [name, value];
    }),
  );
  if (!given.has('rl_enable')) return {};
  const number = (name: string, otherwise: number): number => Number(given.get(name)) || otherwise;
  const perSecond = number('rl_refill_rate', 2) / number('rl_refill_period', 1);
  return { callLimit: { perSecond, burst: number('rl_bucket_size', 30) } };
}

/** Whether a job is refused that has no account in the database (slurm.conf(5), AccountingStorageEnforce), by the same output. */
export function needsAccount(text: string): boolean {
  return /associations|limits|qos|wckeys|safe|all/.test(readSettings(text).get('AccountingStorageEnforce') ?? '');
}

function readSettings(text: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^(\w+)\s+= (.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) settings.set(key, value.trim());
  }
  return settings;
}

/** `300 sec` in milliseconds. */
function readSeconds(value: string | undefined): number | undefined {
  const [, seconds] = /^(\d+) sec/.exec(value ?? '') ?? [];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/**
 * Reads the output of `scontrol --oneliner show job ID`, or gives undefined when this job is not in it.
 * Values may hold blanks, and a name or comment may even hold what looks like another key. So each is read up to the
 * next key; what only a later job or the job's owner could have put there is never taken for Slurm's own: state, reason
 * and the rest stand before the first text of the owner but the name, which the caller compares with the one he knows.
 */
export function readJobRecord(text: string, id: JobId): JobRecord | undefined {
  const start = `\n${text}`.indexOf(`\nJobId=${id} `);
  if (start < 0) return undefined;
  const next = text.indexOf('\nJobId=', start + 1);
  const record = text.slice(start, next < 0 ? undefined : next);

  const name = fieldsOf(record, 'JobName')[0];
  const stateWord = fieldsOf(record, 'JobState')[0];
  if (name === undefined || stateWord === undefined) return undefined;
  return {
    name,
    stateWord,
    ...readExitCode(fieldsOf(record, 'ExitCode')[0] ?? ''),
    // The last one: a comment stands before it.
    outputPath: known(fieldsOf(record, 'StdOut').at(-1)),
    nodes: known(fieldsOf(record, 'NodeList')[0]),
    timeLimit: known(fieldsOf(record, 'TimeLimit')[0]),
    // scontrol of some releases prints a reason's blanks as underscores; no reason has underscores of its own.
    reason: known(fieldsOf(record, 'Reason')[0])?.replaceAll('_', ' '),
    restarts: Number(fieldsOf(record, 'Restarts')[0] ?? 0),
    memoryLimit: memoryLimitIn(record),
  };
}

/** `MinMemoryNode=50M` or `MinMemoryCPU=1G`: what the job may use. */
function memoryLimitIn(record: string): string | undefined {
  const node = fieldsOf(record, 'MinMemoryNode')[0];
  const cpu = fieldsOf(record, 'MinMemoryCPU')[0];
  if (isAmount(node)) return `${node} a node`;
  return isAmount(cpu) ? `${cpu} a CPU` : undefined;
}

/** Not `0`, which means the whole node. */
function isAmount(text: string | undefined): text is string {
  return /^[\d.]+[KMGTP]$/.test(text ?? '');
}

/** Every value that stands behind this key, up to what looks like the next key. */
function fieldsOf(record: string, key: string): string[] {
  const pattern = new RegExp(`(?:^|\\s)${key}=(.*?)(?=\\s+[A-Z][\\w/:]*=|\\s*$)`, 'gs');
  return [...record.matchAll(pattern)].map(([, value = '']) => value);
}

/** Undefined where scontrol has nothing to say. */
function known(text: string | undefined): string | undefined {
  const value = readText(text ?? '');
  return value === undefined ? undefined : oneLine(value);
}
