// Parses the sbatch options in `#SBATCH` lines: of a template, by their long names, and of a rendered script.
import { findHeader } from './check-directives.ts';
import {
  DIRECTIVE_PREFIX,
  PLACEHOLDER_MARK,
  splitDirective,
  tokenPlaceholders,
  type DirectiveToken,
} from './tokenize-directives.ts';
import type { ValuePlaceholder } from '../placeholders/parse-placeholder.ts';
import { isSignal, LONG_NAMES, LONG_WITH_VALUE, parseShortOptions } from './sbatch-options.ts';

export interface DirectiveOption {
  readonly name: string;
  /** As sbatch reads it, with a mark for each placeholder; empty without a value. */
  readonly value: string;
  readonly placeholders: readonly ValuePlaceholder[];
  /** The offset of the option. */
  readonly start: number;
}

/** In the order of the text. */
export function parseOptions(tokens: readonly DirectiveToken[]): DirectiveOption[] {
  const options: DirectiveOption[] = [];
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token === undefined) continue;
    const named = parseName(token.text);
    if (named === undefined) continue;
    const next = named.takesNext ? tokens[index + 1] : undefined;
    if (next !== undefined) index += 1;
    options.push({
      name: named.name,
      value: next === undefined ? named.value : next.text,
      placeholders: [...tokenPlaceholders(token), ...(next === undefined ? [] : tokenPlaceholders(next))],
      start: token.start,
    });
  }
  return options;
}

function parseName(text: string): { name: string; value: string; takesNext: boolean } | undefined {
  const [, written, sign, value = ''] = /^--([a-z][\w-]*)(=?)([^]*)$/.exec(text) ?? [];
  const long = written !== undefined && isSignal(written) ? 'signal' : written;
  if (long !== undefined) return { name: long, value, takesNext: sign === '' && takesValue(long) };
  if (!/^-[A-Za-z]/.test(text)) return undefined;
  // Options without a value can precede it in the same token: `-Ht10`.
  const { letters } = parseShortOptions(text);
  const name = LONG_NAMES[letters.at(-1) ?? ''];
  const rest = text.slice(1 + letters.length);
  return name === undefined ? undefined : { name, value: rest, takesNext: rest === '' };
}

/** Also abbreviated, as getopt allows. */
function takesValue(long: string): boolean {
  return long.length > 1 && LONG_WITH_VALUE.some((name) => name.startsWith(long));
}

/** The value of an option in pieces: its texts at even indexes, the values of its placeholders between them. */
export function valuePieces(
  { value, placeholders }: DirectiveOption,
  valueOf: (placeholder: ValuePlaceholder) => string | undefined,
): string[] {
  const values = placeholders.map(valueOf);
  return value.split(PLACEHOLDER_MARK).flatMap((text, index) => [text, values[index] ?? '']);
}

/** The value with the defaults of its placeholders; undefined if one has no default. */
export function defaultText(option: DirectiveOption): string | undefined {
  if (option.placeholders.some(({ fallback }) => fallback === undefined)) return undefined;
  return valuePieces(option, ({ fallback }) => fallback).join('');
}

/** The words of all directives. */
export function directiveWords(script: string): string[] {
  const lines = script.slice(0, findHeader(script).end).split('\n');
  return lines.flatMap((line) => (line.startsWith(DIRECTIVE_PREFIX) ? splitDirective(line) : []));
}

/** The last of several values, as sbatch does. @param names such as `--ntasks` and `-n` */
export function lastValue(words: readonly string[], [long, short]: readonly [string, string]): string | undefined {
  let value: string | undefined;
  for (const [index, word] of words.entries()) {
    if (word === long || word === short) value = words[index + 1];
    else if (word.startsWith(`${long}=`)) value = word.slice(long.length + 1);
    else if (word.startsWith(short)) value = word.slice(short.length);
  }
  return value;
}

/**
 * The directory to start a job of another Unix user in: their home, or the template's relative `--chdir` below it. sbatch would use the
 * directory of the daemon. Undefined if the template names an absolute one.
 */
export function startDirectory(script: string, home: string): string | undefined {
  const chdir = lastValue(directiveWords(script), ['--chdir', '-D']);
  if (chdir === undefined || chdir === '') return home;
  return chdir.startsWith('/') ? undefined : `${home}/${chdir}`;
}
