// The table of sbatch options that a template must not set, with the reasons, and how sbatch reads short options.

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
    reason: 'one task is one job. Remove it, and enqueue a task for each element instead',
  },
  { long: 'quiet', short: 'Q', reason: 'sbatch would not print the job id. Remove it' },
  {
    long: 'wait',
    short: 'W',
    reason: 'sbatch would not return before the job has ended. Remove it: the daemon tracks the job',
  },
  { long: 'uid', reason: 'a template must not choose the user or group of a job. Remove it' },
  { long: 'gid', reason: 'a template must not choose the user or group of a job. Remove it' },
  {
    long: 'clusters',
    short: 'M',
    reason: 'the daemon tracks its jobs on one cluster, and would not find this job. Remove it',
  },
  { long: 'test-only', reason: 'sbatch would submit nothing. Remove it' },
];

/** The reason for heterogeneous jobs. */
export const HETEROGENEOUS_JOB =
  'a heterogeneous job consists of several jobs, and one task is one job. Write one set of #SBATCH lines';

/**
 * The short options without a value: the next option can follow in the same token (`-HW`).
 * Source: the table in slurm's src/common/slurm_opt.c, the same from 20.11 to 26.05.
 */
const FLAGS = 'HOQVWhsv';

/** The short options with a value, which can follow in the same token (`-pdebug`). The value of `k` is optional. */
const WITH_VALUE = 'ABCDFGJLMNSabcdeikmnopqtwx';

/** The letters of a token like `-HpX`, and whether a value begins after them. */
export interface ShortOptions {
  readonly letters: readonly string[];
  readonly endsInValue: boolean;
}

/** The short options in a token that begins with a single dash. */
export function readShortOptions(word: string): ShortOptions {
  const letters: string[] = [];
  for (const letter of word.slice(1)) {
    letters.push(letter);
    if (WITH_VALUE.includes(letter)) return { letters, endsInValue: true };
    if (!FLAGS.includes(letter)) break;
  }
  return { letters, endsInValue: false };
}

/** Whether sbatch takes the next token as the value of this one: `-p`, but not `-pdebug`. */
export function takesNextToken(word: string): boolean {
  if (!/^-[^-]/.test(word)) return false;
  const { letters, endsInValue } = readShortOptions(word);
  return endsInValue && letters.length === word.length - 1;
}

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
  const { letters } = readShortOptions(word);
  return REFUSED_OPTIONS.find(({ short }) => short !== undefined && letters.includes(short));
}
