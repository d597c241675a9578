// The options of sbatch that no template may set, each with the reason: the one table of them.

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
    reason: 'the daemon tracks its jobs on one cluster, and would not find this one. Remove it',
  },
  { long: 'test-only', reason: 'sbatch would submit nothing. Remove it' },
];

/** Why the components of heterogeneous jobs are refused. */
export const HETEROGENEOUS_JOB =
  'a heterogeneous job is several jobs, and one task is one job. Write one set of #SBATCH lines';

/**
 * sbatch's short options without a value: behind one of them, in the same word, stands the next option (`-HW`).
 * Source: the table in slurm's src/common/slurm_opt.c, the same from 20.11 to 26.05.
 */
const FLAGS = 'HOQVWhsv';

/** Those with a value: what follows in the same word is the value (`-pdebug`). The one of `k` may be left out. */
const WITH_VALUE = 'ABCDFGJLMNSabcdeikmnopqtwx';

/** How the letters of a word like `-HpX` end: where a value begins, or still among options. */
export interface ShortOptions {
  readonly letters: readonly string[];
  readonly endsInValue: boolean;
}

/** The short options in a word that begins with a single dash. */
export function readShortOptions(word: string): ShortOptions {
  const letters: string[] = [];
  for (const letter of word.slice(1)) {
    letters.push(letter);
    if (WITH_VALUE.includes(letter)) return { letters, endsInValue: true };
    if (!FLAGS.includes(letter)) break;
  }
  return { letters, endsInValue: false };
}

/** Whether sbatch would take the word behind this one for its value: `-p`, but not `-pdebug`. */
export function takesNextToken(word: string): boolean {
  if (!/^-[^-]/.test(word)) return false;
  const { letters, endsInValue } = readShortOptions(word);
  return endsInValue && letters.length === word.length - 1;
}

/**
 * The refused option that this word sets, as getopt_long would read it: long names may be cut short as long as they
 * are unambiguous, short ones may stand together.
 */
export function refusedOption(word: string): RefusedOption | undefined {
  if (word.startsWith('--')) {
    const name = word.slice(2).split('=')[0] ?? '';
    // A single letter is ambiguous for each of them, which sbatch refuses by itself.
    return name.length < 2 ? undefined : REFUSED_OPTIONS.find(({ long }) => long.startsWith(name));
  }
  if (!word.startsWith('-')) return undefined;
  const { letters } = readShortOptions(word);
  return REFUSED_OPTIONS.find(({ short }) => short !== undefined && letters.includes(short));
}
