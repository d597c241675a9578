// Reads the values of options; an invalid value is a UsageError.
import type { ParsedArgs } from './command.ts';
import { UsageError } from '../base/usage-error.ts';

/** Of a repeated option, the last value applies. */
function lastValue(typed: ParsedArgs, name: string): unknown {
  const value = typed[name];
  return Array.isArray(value) ? value.at(-1) : value;
}

/** The value of a string option. */
export function textOption(typed: ParsedArgs, name: string): string | undefined {
  const last = lastValue(typed, name);
  if (last === undefined) return undefined;
  if (typeof last !== 'string' || last === '') throw new UsageError(`--${name} requires a value.`);
  return last;
}

/** The values of a list option: several arguments, a repeated option, or values separated by commas. */
export function listOption(typed: ParsedArgs, name: string): string[] | undefined {
  const value = typed[name];
  if (value === undefined) return undefined;
  const words = (Array.isArray(value) ? value : [value])
    .flatMap((word: unknown) => String(word).split(','))
    .filter((word) => word !== '');
  if (words.length === 0) throw new UsageError(`--${name} requires at least one value.`);
  return words;
}

/** The value of a switch; undefined if it is not given. */
export function switchOption(typed: ParsedArgs, name: string): boolean | undefined {
  const last = lastValue(typed, name);
  return typeof last === 'boolean' ? last : undefined;
}

export function isOn(typed: ParsedArgs, name: string): boolean {
  return switchOption(typed, name) === true;
}

/** The one of these mutually exclusive switches that is given. */
export function onlyOne<Name extends string>(typed: ParsedArgs, names: readonly Name[]): Name | undefined {
  const given = names.filter((name) => isOn(typed, name));
  if (given.length > 1)
    throw new UsageError(`${given.map((name) => `--${name}`).join(' and ')} are mutually exclusive.`);
  return given[0];
}

/** An integer of at least `least`. */
export function numberOption(typed: ParsedArgs, name: string, least: number): number | undefined {
  const text = textOption(typed, name);
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text) || Number(text) < least) {
    throw new UsageError(`--${name} must be an integer of at least ${least}, not "${text}".`);
  }
  return Number(text);
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration such as `90s`, `30m`, `2h` or `3d`, in milliseconds. */
export function spanOption(typed: ParsedArgs, name: string): number | undefined {
  const text = textOption(typed, name);
  if (text === undefined) return undefined;
  const span = parseSpan(text);
  if (span === undefined) throw new UsageError(`--${name} must be a duration such as 30m, 2h or 3d, not "${text}".`);
  return span;
}

function parseSpan(text: string): number | undefined {
  const [, count = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const unitMs = UNIT_MS[unit];
  return unitMs === undefined ? undefined : Number(count) * unitMs;
}

const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?$/;

/** A future time: a duration from now, or a date and time, local without a zone. Milliseconds since 1970. */
export function momentOption(typed: ParsedArgs, name: string, now: number): number | undefined {
  const text = textOption(typed, name);
  if (text === undefined) return undefined;
  const span = parseSpan(text);
  const at = span === undefined ? (TIME.test(text) ? Date.parse(text.replace(' ', 'T')) : NaN) : now + span;
  if (Number.isNaN(at))
    throw new UsageError(`--${name} must be a time such as 2026-12-01T08:00, or a duration such as 2h, not "${text}".`);
  if (at <= now) throw new UsageError(`--${name} is in the past: ${text}.`);
  return at;
}

/** The value of a number option whose value is optional; undefined if the option is not given. */
export function bareNumberOption(
  typed: ParsedArgs,
  name: string,
  least: number,
  defaultValue: number,
): number | undefined {
  const last = lastValue(typed, name);
  return last === '' ? defaultValue : numberOption(typed, name, least);
}
