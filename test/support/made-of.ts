// Parses the amount that Slurm granted from `scontrol show job`, in the units of our parser.
import type { AmountKind } from '../../src/base/slurm-amount.ts';
import type { AmountOption } from '../fixtures/slurm/amount-spellings.ts';
import { amountKindOf } from '../../src/template/amount-options.ts';

/** Infinity for all there is; undefined where sbatch refused it. */
export function madeOf({ option }: AmountOption, told: string | null | undefined): number | undefined {
  if (told === undefined || told === null) return undefined;
  // An option that was taken and is not there has had no effect.
  if (told === 'none') return 0;
  const kind = amountKindOf(option);
  if (kind === 'duration') return secondsOf(told);
  if (kind === 'memory') return kilobytesOf(told, option);
  return countOf(told, kind);
}

function secondsOf(told: string): number {
  if (told === 'UNLIMITED') return Infinity;
  const [, days = '0', hours, minutes, seconds] = /^(?:(\d+)-)?(\d+):(\d+):(\d+)$/.exec(told) ?? fail(told);
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
}

/** `64000M`, or `gres/gpu:64000`. */
function kilobytesOf(told: string, option: string): number {
  const [, gres, digits, unit] = /^([a-z:/]+:)?(\d+)(M?)$/.exec(told) ?? fail(told);
  if (Number(digits) === 0) return option === 'tmp' ? 0 : Infinity;
  // squeue cuts off what is longer than ten characters.
  return gres === undefined && unit === '' ? Infinity : Number(digits) * 1024;
}

/** `2-8` nodes, `4:0:*:*` tasks, `gres/gpu:4`, `65535`. */
function countOf(told: string, kind: AmountKind | undefined): number {
  const [, count] =
    (kind === 'nodes' ? /^(?:\d+-)?(\d+)$/ : /^(?:[a-z/:]*:)?(-?\d+)(?::0:\*:\*)?$/).exec(told) ?? fail(told);
  return Number(count);
}

function fail(told: string): never {
  throw new RangeError(`"${told}" is not known of scontrol`);
}
