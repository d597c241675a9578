// The options of sbatch, and the job that a script and a command line request.
import { isAbsolute, join } from 'node:path';
import { readDirectives } from './directives.ts';
import { readDuration } from './durations.ts';
import { CommandLineError, readCommandLine, type CommandLine, type Option } from './options.ts';

export interface JobRequest {
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string;
  readonly uid: number;
  readonly name: string;
  /** undefined for the default one. */
  readonly partition: string | undefined;
  readonly comment: string;
  readonly workDir: string;
  /** May hold %-patterns and be relative to `workDir`. */
  readonly output: string;
  readonly error: string | undefined;
  readonly nodeCount: number;
  readonly taskCount: number;
  readonly cpusPerTask: number;
  readonly tresPerJob: string;
  readonly tresPerNode: string;
  readonly tresPerTask: string;
  readonly nodeList: readonly string[];
  readonly timeLimitMs: number | null;
  readonly isHeld: boolean;
  readonly mayRequeue: boolean;
}

const TAKES_VALUE = {
  account: 'A',
  array: 'a',
  begin: 'b',
  chdir: 'D',
  clusters: 'M',
  comment: '',
  constraint: 'C',
  container: '',
  'cpus-per-gpu': '',
  'cpus-per-task': 'c',
  deadline: '',
  dependency: 'd',
  distribution: 'm',
  error: 'e',
  exclude: 'x',
  export: '',
  gid: '',
  gpus: 'G',
  'gpus-per-node': '',
  'gpus-per-task': '',
  gres: '',
  hint: '',
  input: 'i',
  'job-name': 'J',
  licenses: 'L',
  'mail-type': '',
  'mail-user': '',
  mem: '',
  'mem-per-cpu': '',
  'mem-per-gpu': '',
  nodelist: 'w',
  nodes: 'N',
  ntasks: 'n',
  'ntasks-per-node': '',
  'open-mode': '',
  output: 'o',
  partition: 'p',
  priority: '',
  qos: 'q',
  reservation: '',
  signal: '',
  switches: '',
  'thread-spec': '',
  'threads-per-core': '',
  time: 't',
  'time-min': '',
  tmp: '',
  uid: '',
  wckey: '',
  wrap: '',
};
const MAY_TAKE_VALUE = { exclusive: '', 'get-user-env': '', nice: '', 'no-kill': 'k', propagate: '' };
const FLAGS = {
  contiguous: '',
  help: 'h',
  hold: 'H',
  'ignore-pbs': '',
  'no-requeue': '',
  overcommit: 'O',
  oversubscribe: 's',
  parsable: '',
  quiet: 'Q',
  requeue: '',
  'spread-job': '',
  'test-only': '',
  'use-min-nodes': '',
  verbose: 'v',
  version: 'V',
  wait: 'W',
};

/** The options of sbatch(1) that templates use; unsupported ones are accepted and ignored. */
const SBATCH_OPTIONS: readonly Option[] = [
  ...toOptions(TAKES_VALUE, 'required'),
  ...toOptions(MAY_TAKE_VALUE, 'optional'),
  ...toOptions(FLAGS),
];

function toOptions(names: Readonly<Record<string, string>>, value?: 'required' | 'optional'): Option[] {
  return Object.entries(names).map(([long, short]) => ({
    long,
    ...(short === '' ? {} : { short }),
    ...(value === undefined ? {} : { value }),
  }));
}

/** @throws CommandLineError */
export function readSbatchLine(args: readonly string[]): CommandLine {
  return readCommandLine('sbatch', args, SBATCH_OPTIONS, true);
}

export interface Submitter {
  readonly user: string;
  readonly uid: number;
  readonly workDir: string;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * The requested job; the command line takes precedence over the script's directives.
 * @throws CommandLineError
 */
export function readJobRequest(line: CommandLine, script: string, submitter: Submitter): JobRequest {
  const directives = readCommandLine('sbatch', readDirectives(script), SBATCH_OPTIONS);
  const [invalid] = directives.rest;
  if (invalid !== undefined) refuse(`Invalid directive found in batch script: ${invalid}`);
  const options = new Map([...directives.options, ...line.options]);
  if (options.has('uid') && submitter.uid !== 0) refuse('--uid only permitted by root user');
  if (options.has('array')) refuse('this stand-in for Slurm has no job arrays', 1);

  const requeueWord = [...options.keys()].findLast((name) => name === 'requeue' || name === 'no-requeue');
  const chdir = options.get('chdir');
  const workDir =
    chdir === undefined || isAbsolute(chdir) ? (chdir ?? submitter.workDir) : join(submitter.workDir, chdir);
  const { nodeCount, taskCount } = readSize(options);
  return {
    script,
    environment: exported(options.get('export') ?? 'ALL', submitter.environment),
    user: submitter.user,
    uid: submitter.uid,
    name: options.get('job-name') ?? line.rest[0] ?? (options.has('wrap') ? 'wrap' : 'sbatch'),
    partition: options.get('partition'),
    comment: options.get('comment') ?? '',
    workDir,
    output: options.get('output') ?? 'slurm-%j.out',
    error: options.get('error'),
    nodeCount,
    taskCount,
    cpusPerTask: readCount(options.get('cpus-per-task') ?? '1', 'cpus-per-task'),
    tresPerJob: formatGres(options.get('gpus'), 'gpu:'),
    tresPerNode: formatGres(options.get('gres') ?? options.get('gpus-per-node'), options.has('gres') ? '' : 'gpu:'),
    tresPerTask: formatGres(options.get('gpus-per-task'), 'gpu:'),
    nodeList: (options.get('nodelist') ?? '').split(',').filter((node) => node !== ''),
    timeLimitMs: readTimeLimit(options.get('time')),
    isHeld: options.has('hold'),
    mayRequeue: requeueWord !== 'no-requeue',
  };
}

/** As Slurm 22.05 prints it: `gres:gpu:2`. */
function formatGres(value: string | undefined, kind: string): string {
  if (value === undefined || value === 'none') return '';
  return value
    .split(',')
    .map((one) => `gres:${kind}${one}`)
    .join(',');
}

function readSize(options: ReadonlyMap<string, string>): { nodeCount: number; taskCount: number } {
  const perNode = options.get('ntasks-per-node');
  const tasks = options.get('ntasks');
  const [, fewest] = /^(\d+)(?:-\d+)?$/.exec(options.get('nodes') ?? '1') ?? [];
  if (fewest === undefined) refuse(`"${options.get('nodes') ?? ''}" is not a valid node count`);
  const nodeCount = readCount(fewest, 'nodes');
  const onEach = perNode === undefined ? 1 : readCount(perNode, 'ntasks-per-node');
  return { nodeCount, taskCount: tasks === undefined ? nodeCount * onEach : readCount(tasks, 'ntasks') };
}

function readCount(text: string, option: string): number {
  if (!/^[1-9]\d*$/.test(text)) refuse(`Invalid numeric value "${text}" for --${option}.`, 1);
  return Number(text);
}

function readTimeLimit(text: string | undefined): number | null {
  if (text === undefined) return null;
  const limit = readDuration(text);
  if (limit === undefined) refuse('Invalid --time specification');
  return limit === 0 ? null : limit;
}

/** The umask of the submission always reaches the job. */
const ALWAYS = ['HOME', 'USER', 'LOGNAME', 'PATH', 'SLURM_UMASK'];

/** The part of the submitter's environment that the job gets (sbatch(1), --export). */
function exported(wish: string, environment: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const words = wish.split(',');
  if (words.includes('ALL')) return { ...environment, ...assignments(words) };
  if (wish === 'NONE' || wish === 'NIL') return pick(environment, ALWAYS);
  return { ...pick(environment, [...ALWAYS, ...words]), ...assignments(words) };
}

function pick(environment: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => names.includes(name)));
}

function assignments(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words
      .filter((word) => word.includes('='))
      .map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
  );
}

function refuse(words: string, exitCode?: number): never {
  throw new CommandLineError(`sbatch: error: ${words}\n`, exitCode);
}
