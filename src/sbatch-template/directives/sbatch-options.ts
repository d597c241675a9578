// The tables of sbatch's options: short and long names, which take a value or an amount, and which a template must not set.
// cspell:ignore nodefile
import type { AmountKind } from '../../base/slurm-amount.ts';

/**
 * The short options without a value: the next option can follow in the same token (`-HW`).
 * Source: the table in slurm's src/common/slurm_opt.c, the same from 20.11 to 26.05.
 */
const FLAGS = 'HOQVWhsv';

/** The short options with a value, which can follow in the same token (`-pdebug`). The value of `k` is optional. */
const SHORT_WITH_VALUE = 'ABCDFGJLMNSabcdeikmnopqtwx';

/** The letters of a token like `-HpX`, and whether a value begins after them. */
export interface ShortOptions {
  readonly letters: readonly string[];
  readonly endsInValue: boolean;
}

/** The short options in a token that begins with a single dash. */
export function parseShortOptions(word: string): ShortOptions {
  const letters: string[] = [];
  for (const letter of word.slice(1)) {
    letters.push(letter);
    if (SHORT_WITH_VALUE.includes(letter)) return { letters, endsInValue: true };
    if (!FLAGS.includes(letter)) break;
  }
  return { letters, endsInValue: false };
}

/** Whether sbatch takes the next token as the value of this one: `-p`, but not `-pdebug`. */
export function takesNextToken(word: string): boolean {
  if (!/^-[^-]/.test(word)) return false;
  const { letters, endsInValue } = parseShortOptions(word);
  return endsInValue && letters.length === word.length - 1;
}

/** The long names of short options, as templates use them. */
export const LONG_NAMES: Readonly<Record<string, string>> = {
  A: 'account',
  C: 'constraint',
  D: 'chdir',
  F: 'nodefile',
  G: 'gpus',
  J: 'job-name',
  L: 'licenses',
  N: 'nodes',
  b: 'begin',
  c: 'cpus-per-task',
  d: 'dependency',
  e: 'error',
  i: 'input',
  m: 'distribution',
  n: 'ntasks',
  o: 'output',
  p: 'partition',
  q: 'qos',
  t: 'time',
  w: 'nodelist',
  x: 'exclude',
};

/** The options that take an amount, with its kind. */
const KINDS: Readonly<Record<string, AmountKind>> = {
  time: 'duration',
  'time-min': 'duration',
  mem: 'memory',
  'mem-per-cpu': 'memory',
  'mem-per-gpu': 'memory',
  tmp: 'memory',
  nodes: 'nodes',
  ntasks: 'count',
  'ntasks-per-core': 'count',
  'ntasks-per-gpu': 'count',
  'ntasks-per-node': 'count',
  'ntasks-per-socket': 'count',
  'cpus-per-task': 'count',
  'cpus-per-gpu': 'count',
  'cores-per-socket': 'count',
  'sockets-per-node': 'count',
  'threads-per-core': 'count',
  mincpus: 'count',
  gres: 'gres',
  gpus: 'gpus',
  'gpus-per-node': 'gpus',
  'gpus-per-socket': 'gpus',
  'gpus-per-task': 'gpus',
};

export const AMOUNT_OPTIONS: readonly string[] = Object.keys(KINDS);

/**
 * The kind of amount of the option with this long name; undefined if it is not an amount. Like sbatch, it accepts an abbreviated name;
 * sbatch rejects an ambiguous one.
 */
export function amountKindOf(option: string): AmountKind | undefined {
  const name = Object.hasOwn(KINDS, option) ? option : AMOUNT_OPTIONS.find((known) => known.startsWith(option));
  return name === undefined ? undefined : KINDS[name];
}

/** Long options whose value can be the next token; of other options, only a value after = is read. */
export const LONG_WITH_VALUE: readonly string[] = [
  ...Object.values(LONG_NAMES),
  ...AMOUNT_OPTIONS,
  ...['container-image', 'export', 'export-file', 'bbf', 'priority', 'reservation', 'signal', 'comment'],
  ...['hint', 'mem-bind', 'tres-per-task'],
];

/** Whether sbatch reads this long name as --signal. A single letter is ambiguous: sbatch rejects it. */
export function isSignal(name: string): boolean {
  return name.length > 1 && 'signal'.startsWith(name);
}

/** Values of options for which sbatch prints a list of values, and submits nothing. They may be among others, except for --gres. */
const HELP_VALUES: Readonly<Record<string, { readonly words: readonly string[]; readonly isList: boolean }>> = {
  gres: { words: ['help', 'list'], isList: false },
  hint: { words: ['help'], isList: true },
  'mem-bind': { words: ['help'], isList: true },
};

/** Whether sbatch prints a help text for this value of the option with this long name, which may be abbreviated. */
export function printsHelp(option: string, value: string): boolean {
  return Object.entries(HELP_VALUES).some(([name, { words, isList }]) => {
    const parts = isList ? value.split(',') : [value];
    return name.startsWith(option) && parts.some((part) => words.includes(part.toLowerCase()));
  });
}

const NODE_LISTS = ['nodelist', 'exclude'];

/** Whether the value of the option with this long name, which may be abbreviated, is a list of nodes. */
export function isNodeList(option: string): boolean {
  return NODE_LISTS.some((name) => name.startsWith(option));
}

/** Whether this is the long name of --mem-bind, which may be abbreviated. */
export function isMemoryBinding(option: string): boolean {
  return option.length > 'mem-'.length && 'mem-bind'.startsWith(option);
}

/** The options whose value names a file that sbatch reads; the lists only if the value has a slash. */
const FILES = [...NODE_LISTS, 'nodefile', 'export-file', 'bbf'];
/** Options of their own, not abbreviations of those. */
const NO_FILES = ['export', 'bb'];

/** Whether sbatch reads a file if a value of the option with this long name, which may be abbreviated, has a slash. */
export function readsFile(option: string): boolean {
  return !NO_FILES.includes(option) && FILES.some((name) => name.startsWith(option));
}

export interface RefusedOption {
  readonly long: string;
  readonly short?: string;
  /** Completes "--array: …". */
  readonly reason: string;
}

export const REFUSED_OPTIONS: readonly RefusedOption[] = [
  {
    long: 'array',
    short: 'a',
    reason: 'one task is one job. Remove the option, and enqueue a task for each element instead',
  },
  { long: 'quiet', short: 'Q', reason: 'sbatch would not print the job id. Remove the option' },
  {
    long: 'wait',
    short: 'W',
    reason: 'sbatch would not return before the job has ended. Remove the option: the daemon tracks the job',
  },
  { long: 'uid', reason: 'a template must not choose the user or group of a job. Remove the option' },
  { long: 'gid', reason: 'a template must not choose the user or group of a job. Remove the option' },
  {
    long: 'clusters',
    short: 'M',
    reason: 'the daemon looks for this job on the cluster of the queue, and would not find it. Remove the option',
  },
  { long: 'test-only', reason: 'sbatch would submit nothing. Remove the option' },
];

/** The reason for heterogeneous jobs. */
export const HETEROGENEOUS_JOB =
  'a heterogeneous job consists of several jobs, and one task is one job. Write one set of #SBATCH lines';

/**
 * The refused option that this token sets, as getopt_long reads it: long names can be abbreviated unambiguously, and short
 * options can be combined.
 */
export function refusedOption(word: string): RefusedOption | undefined {
  if (word.startsWith('--')) {
    const name = word.slice(2).split('=')[0] ?? '';
    // A single letter is ambiguous for each of them: sbatch rejects it.
    return name.length < 2 ? undefined : REFUSED_OPTIONS.find(({ long }) => long.startsWith(name));
  }
  if (!word.startsWith('-')) return undefined;
  const { letters } = parseShortOptions(word);
  return REFUSED_OPTIONS.find(({ short }) => short !== undefined && letters.includes(short));
}
