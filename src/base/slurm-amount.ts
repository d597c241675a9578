// Amounts as Slurm writes them (numbers, ranges of nodes, times, sizes of memory, counts of GRES), made comparable.

/** How the limit of a constraint is written. */
export type LimitKind = 'number' | 'duration' | 'memory';

/** How an option of sbatch reads its amount: `gres` is `gpu:a100:2,nvme:1`, `gpus` is `a100:2,h100:1` or `2`. */
export type AmountKind = LimitKind | 'count' | 'nodes' | 'gres' | 'gpus';

/** In the unit of its kind: seconds, kilobytes, or one. Only a range of nodes has two ends. */
export interface Amount {
  readonly least: number;
  /** Infinity where the text stands for all there is. */
  readonly most: number;
}

/** `2-00:00:00`: as what kind of amount a limit is written, or undefined when it is none. */
export function limitKind(text: string): LimitKind | undefined {
  const kinds: readonly LimitKind[] = /[:-]|^[A-Z]+$/i.test(text) ? ['duration', 'number'] : ['number', 'memory'];
  return kinds.find((kind) => readLimit(text, kind) !== undefined);
}

/**
 * A limit as it is compared with amounts of this kind; undefined where it can't be. Unlike for a job, zero is zero here:
 * `max = 0` allows nothing, rather than everything.
 */
export function readLimit(text: string, kind: AmountKind): number | undefined {
  if (kind !== 'duration' && kind !== 'memory') return readNumber(text);
  return isZero(text) ? 0 : readAmount(text, kind)?.most;
}

/**
 * What Slurm would make of the text, or undefined where that is not certain. It reads less than Slurm does: what only some
 * releases take (`1k` nodes), and what they take for something else (`-5` minutes, which is 8166 years), is no amount here.
 * test/fixtures/slurm/amounts has what real releases make of each spelling, and the tests hold this reader to it.
 */
export function readAmount(text: string, kind: AmountKind): Amount | undefined {
  if (kind === 'nodes') return readNodes(text);
  const amount = READERS[kind](text);
  return amount === undefined ? undefined : { least: amount, most: amount };
}

/** Zero in any form, which some options take for "without a limit". */
export function isZero(text: string): boolean {
  return text.includes('0') && /^[^1-9]*$/.test(text);
}

const READERS: Readonly<Record<Exclude<AmountKind, 'nodes'>, (text: string) => number | undefined>> = {
  number: readNumber,
  count: readCount,
  // To --time and --mem, zero means without a limit (sbatch(1)).
  duration: (text) => unlessZero(readSeconds(text)),
  memory: (text) => unlessZero(readKilobytes(text)),
  gres: (text) => readCounts(text, /^[A-Za-z]\w*(?::[A-Za-z][\w.-]*)?(?::(\d+))?$/),
  gpus: (text) => readCounts(text, /^(?:(\d+)|(?:[A-Za-z][\w.-]*)(?::(\d+))?)$/),
};

function unlessZero(amount: number | undefined): number | undefined {
  return amount === 0 ? Infinity : amount;
}

function readNumber(text: string): number | undefined {
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** Slurm counts in 32 bits with a sign: older releases begin again at zero above them. */
const MOST_COUNT = 2 ** 31 - 1;

function readCount(text: string): number | undefined {
  const count = /^\d+$/.test(text) ? Number(text) : NaN;
  return count < MOST_COUNT ? count : undefined;
}

/** `4` or `2-4`. */
function readNodes(text: string): Amount | undefined {
  const [, low = '', high = low] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  const [least, most] = [readCount(low), readCount(high)];
  return least === undefined || most === undefined || most < least ? undefined : { least, most };
}

const UNLIMITED = /^(?:unlimited|infinite)$/i;

/** Slurm makes seconds of minutes in 32 bits; above half of them is "no limit", or something else. */
const MOST_MINUTES = Math.floor(MOST_COUNT / 60);

/**
 * `minutes`, `minutes:seconds`, `hours:minutes:seconds`, and `days-` in front of hours (sbatch(1), --time). A part of a
 * minute is a minute.
 */
function readSeconds(text: string): number | undefined {
  if (UNLIMITED.test(text)) return Infinity;
  const [, days, clock = ''] = /^(?:(\d+)-)?(\d+(?::\d+){0,2})$/.exec(text) ?? [];
  if (clock === '') return undefined;
  const parts = clock.split(':').map(Number);
  const beginsWithHours = days !== undefined || parts.length === 3;
  const [hours = 0, minutes = 0, seconds = 0] = beginsWithHours ? parts : [0, ...parts];
  const all = Number(days ?? 0) * 1440 + hours * 60 + minutes + Math.ceil(seconds / 60);
  return all < MOST_MINUTES ? all * 60 : undefined;
}

const KILOBYTES = { K: 1, M: 1024, G: 1024 ** 2, T: 1024 ** 3, P: 1024 ** 4 };

/** Some options count megabytes in 32 bits as well. */
const MOST_KILOBYTES = MOST_COUNT * 1024;

/** Megabytes where there is no unit (sbatch(1), --mem). A part of a megabyte is a megabyte. */
function readKilobytes(text: string): number | undefined {
  const [, digits, unit = 'M'] = /^(\d+)(?:([KMGTP])B?)?$/i.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const kilobytes = Number(digits) * KILOBYTES[unit.toUpperCase() as keyof typeof KILOBYTES];
  return kilobytes < MOST_KILOBYTES ? Math.ceil(kilobytes / 1024) * 1024 : undefined;
}

/** The sum of a list, in which an item without a count is one. */
function readCounts(text: string, item: RegExp): number | undefined {
  let sum = 0;
  for (const part of text.split(',')) {
    const found = UNLIMITED.test(part) ? null : item.exec(part);
    const count = found === null ? undefined : readCount(found[1] ?? found[2] ?? '1');
    if (count === undefined) return undefined;
    sum += count;
  }
  return sum < MOST_COUNT ? sum : undefined;
}
