// Reads amounts in Slurm's notation (numbers, node ranges, times, memory sizes, GRES counts) and makes them comparable.

/** The notation of a limit in a constraint. */
export type LimitKind = 'number' | 'duration' | 'memory';

/** How an sbatch option reads its amount: `gres` is `gpu:a100:2,nvme:1`, `gpus` is `a100:2,h100:1` or `2`. */
export type AmountKind = LimitKind | 'count' | 'nodes' | 'gres' | 'gpus';

/** In the unit of its kind: seconds, kilobytes, or one. Only a node range has two ends. */
export interface Amount {
  readonly least: number;
  /** Infinity if the text means everything. */
  readonly most: number;
}

/** `2-00:00:00`: the kind of amount in which a limit is written, or undefined if it is not an amount. */
export function limitKind(text: string): LimitKind | undefined {
  const kinds: readonly LimitKind[] = /[:-]|^[A-Z]+$/i.test(text) ? ['duration', 'number'] : ['number', 'memory'];
  return kinds.find((kind) => parseLimit(text, kind) !== undefined);
}

/**
 * A limit for comparison with amounts of this kind; undefined if they are not comparable. Unlike for a job, zero is zero:
 * `max = 0` permits nothing.
 */
export function parseLimit(text: string, kind: AmountKind): number | undefined {
  if (kind !== 'duration' && kind !== 'memory') return parseNumber(text);
  return isZero(text) ? 0 : parseAmount(text, kind)?.most;
}

/**
 * What Slurm makes of the text, or undefined if that is not certain. It accepts less than Slurm does: spellings that only some
 * releases accept (`1k` nodes) or misread (`-5` minutes is 8166 years) are not amounts here.
 * The tests compare it with test/fixtures/slurm/amounts, the values that real releases read.
 */
export function parseAmount(text: string, kind: AmountKind): Amount | undefined {
  if (kind === 'nodes') return parseNodes(text);
  const amount = READERS[kind](text);
  return amount === undefined ? undefined : { least: amount, most: amount };
}

/** Zero in any notation, which some options read as "no limit". */
export function isZero(text: string): boolean {
  return text.includes('0') && /^[^1-9]*$/.test(text);
}

const READERS: Readonly<Record<Exclude<AmountKind, 'nodes'>, (text: string) => number | undefined>> = {
  number: parseNumber,
  count: parseCount,
  // To --time and --mem, zero means "no limit" (sbatch(1)).
  duration: (text) => unlessZero(parseSeconds(text)),
  memory: (text) => unlessZero(parseKilobytes(text)),
  gres: (text) => parseCounts(text, /^[A-Za-z]\w*(?::[A-Za-z][\w.-]*)?(?::(\d+))?$/),
  gpus: (text) => parseCounts(text, /^(?:(\d+)|(?:[A-Za-z][\w.-]*)(?::(\d+))?)$/),
};

function unlessZero(amount: number | undefined): number | undefined {
  return amount === 0 ? Infinity : amount;
}

function parseNumber(text: string): number | undefined {
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** Slurm uses signed 32-bit counters: older releases overflow above them. */
const MOST_COUNT = 2 ** 31 - 1;

function parseCount(text: string): number | undefined {
  const count = /^\d+$/.test(text) ? Number(text) : NaN;
  return count < MOST_COUNT ? count : undefined;
}

/** `4` or `2-4`. */
function parseNodes(text: string): Amount | undefined {
  const [, low = '', high = low] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  const [least, most] = [parseCount(low), parseCount(high)];
  return least === undefined || most === undefined || most < least ? undefined : { least, most };
}

const UNLIMITED = /^(?:unlimited|infinite)$/i;

/** Slurm converts minutes to seconds in 32 bits; values above half of the range mean "no limit" or something else. */
const MOST_MINUTES = Math.floor(MOST_COUNT / 60);

/**
 * `minutes`, `minutes:seconds`, `hours:minutes:seconds`, and `days-` before hours (sbatch(1), --time). Slurm rounds up to minutes.
 */
function parseSeconds(text: string): number | undefined {
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

/** Some options store megabytes in 32 bits as well. */
const MOST_KILOBYTES = MOST_COUNT * 1024;

/** In megabytes without a unit (sbatch(1), --mem). Slurm rounds up to megabytes. */
function parseKilobytes(text: string): number | undefined {
  const [, digits, unit = 'M'] = /^(\d+)(?:([KMGTP])B?)?$/i.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const kilobytes = Number(digits) * KILOBYTES[unit.toUpperCase() as keyof typeof KILOBYTES];
  return kilobytes < MOST_KILOBYTES ? Math.ceil(kilobytes / 1024) * 1024 : undefined;
}

/** The sum of a list, in which an item without a count is one. */
function parseCounts(text: string, item: RegExp): number | undefined {
  let sum = 0;
  for (const part of text.split(',')) {
    const found = UNLIMITED.test(part) ? null : item.exec(part);
    const count = found === null ? undefined : parseCount(found[1] ?? found[2] ?? '1');
    if (count === undefined) return undefined;
    sum += count;
  }
  return sum < MOST_COUNT ? sum : undefined;
}
