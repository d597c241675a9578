// Reading typed options: one kind each, with a sentence when what was typed can't be meant.
import type { ParsedArgs } from './command.ts';
import { UsageError } from '../base/usage-error.ts';

/** A text option; typed several times, the last one counts. */
export function textOption(typed: ParsedArgs, name: string): string | undefined {
  const value = typed[name];
  const last: unknown = Array.isArray(value) ? value.at(-1) : value;
  if (last === undefined) return undefined;
  if (typeof last !== 'string' || last === '') throw new UsageError(`--${name} needs a value.`);
  return last;
}

/** A list option: several words, the option repeated, or words with commas. */
export function listOption(typed: ParsedArgs, name: string): string[] | undefined {
  const value = typed[name];
  if (value === undefined) return undefined;
  const words = (Array.isArray(value) ? value : [value])
    .flatMap((word: unknown) => String(word).split(','))
    .filter((word) => word !== '');
  if (words.length === 0) throw new UsageError(`--${name} needs at least one value.`);
  return words;
}

/** A switch; undefined when it was not typed. */
export function switchOption(typed: ParsedArgs, name: string): boolean | undefined {
  const value = typed[name];
  const last: unknown = Array.isArray(value) ? value.at(-1) : value;
  return typeof last === 'boolean' ? last : undefined;
}

/** Which of these switches was typed, which exclude each other. */
export function onlyOne<Name extends string>(typed: ParsedArgs, names: readonly Name[]): Name | undefined {
  const given = names.filter((name) => switchOption(typed, name) === true);
  if (given.length > 1) throw new UsageError(`Give only one of ${given.map((name) => `--${name}`).join(' and ')}.`);
  return given[0];
}

/** A whole number of at least `least`. */
export function numberOption(typed: ParsedArgs, name: string, least: number): number | undefined {
  const text = textOption(typed, name);
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text) || Number(text) < least) {
    throw new UsageError(`--${name} needs a whole number of at least ${least}, not "${text}".`);
  }
  return Number(text);
}

const SPAN_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A span of time such as `90s`, `30m`, `2h` or `3d`, in milliseconds. */
export function spanOption(typed: ParsedArgs, name: string): number | undefined {
  const text = textOption(typed, name);
  if (text === undefined) return undefined;
  const [, count = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const unitMs = SPAN_MS[unit];
  if (unitMs === undefined)
    throw new UsageError(`--${name} needs a span of time such as 30m, 2h or 3d, not "${text}".`);
  return Number(count) * unitMs;
}

/** A number whose option may stand alone: then what is usual. undefined where it was not typed. */
export function bareNumberOption(typed: ParsedArgs, name: string, least: number, usual: number): number | undefined {
  const value = typed[name];
  const last: unknown = Array.isArray(value) ? value.at(-1) : value;
  return last === '' ? usual : numberOption(typed, name, least);
}
