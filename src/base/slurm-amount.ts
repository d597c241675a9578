// Numbers, lengths of time and sizes of memory as Slurm writes them, made comparable.

export type AmountKind = 'number' | 'duration' | 'memory';

/** `at most 2-00:00:00`: what kind of amount a limit is written as, or undefined when it is none. */
export function amountKind(text: string): AmountKind | undefined {
  const kinds: readonly AmountKind[] = /[:-]|^[A-Z]+$/i.test(text) ? ['duration', 'number'] : ['number', 'memory'];
  return kinds.find((kind) => readAmount(text, kind) !== undefined);
}

/**
 * The amount in the unit of its kind (seconds, kilobytes), Infinity where it stands for all there is; undefined for a text
 * that is no such amount. Strict: what Slurm might read in some other way is none.
 */
export function readAmount(text: string, kind: AmountKind): number | undefined {
  if (kind === 'number') return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
  const amount = kind === 'duration' ? readSeconds(text) : readKilobytes(text);
  // To --time and --mem, zero means without a limit (sbatch(1)).
  return amount === 0 ? Infinity : amount;
}

/** `minutes`, `minutes:seconds`, `hours:minutes:seconds`, and `days-` in front of hours (sbatch(1), --time). */
function readSeconds(text: string): number | undefined {
  if (/^(?:unlimited|infinite|-1)$/i.test(text)) return Infinity;
  const [, days, clock = ''] = /^(?:(\d+)-)?(\d+(?::\d+){0,2})$/.exec(text) ?? [];
  if (clock === '') return undefined;
  const parts = clock.split(':').map(Number);
  const beginsWithHours = days !== undefined || parts.length === 3;
  const [hours = 0, minutes = 0, seconds = 0] = beginsWithHours ? parts : [0, ...parts];
  return Number(days ?? 0) * 86_400 + hours * 3600 + minutes * 60 + seconds;
}

const KILOBYTES = { K: 1, M: 1024, G: 1024 ** 2, T: 1024 ** 3, P: 1024 ** 4 };

/** Megabytes where there is no unit (sbatch(1), --mem). */
function readKilobytes(text: string): number | undefined {
  const [, digits, unit = 'M'] = /^(\d+)([KMGTP])?B?$/i.exec(text) ?? [];
  if (digits === undefined) return undefined;
  return Number(digits) * KILOBYTES[unit.toUpperCase() as keyof typeof KILOBYTES];
}
