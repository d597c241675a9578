// The options that a template's directives set, each by its long name, with where it stands.
import type { ValuePlaceholder } from './placeholder.ts';
import { AMOUNT_OPTIONS } from './amount-options.ts';
import type { DirectiveToken } from './directive.ts';
import { readShortOptions } from './refused-directives.ts';

/** sbatch's short options with a value (slurm's src/common/slurm_opt.c, the same from 20.11 to 26.05). */
const LONG_NAMES: Readonly<Record<string, string>> = {
  A: 'account',
  C: 'constraint',
  D: 'chdir',
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

/** Long options whose value may be the next word; of others only what follows a = is read. */
const WITH_VALUE: readonly string[] = [
  ...Object.values(LONG_NAMES),
  ...AMOUNT_OPTIONS,
  ...['container-image', 'export', 'priority', 'reservation', 'signal', 'comment'],
];

/** What a placeholder is in the text of a value. */
export const PLACEHOLDER_MARK = '\0';

export interface DirectiveOption {
  readonly name: string;
  /** As sbatch understands it, each placeholder as one mark; empty where it has none. */
  readonly value: string;
  readonly placeholders: readonly ValuePlaceholder[];
  /** Where the option stands. */
  readonly start: number;
}

export function readOptions(words: readonly DirectiveToken[]): DirectiveOption[] {
  const options: DirectiveOption[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index];
    if (word === undefined) continue;
    const text = textOf(word);
    const named = readName(text);
    if (named === undefined) continue;
    const next = named.takesNext ? words[index + 1] : undefined;
    if (next !== undefined) index += 1;
    options.push({
      name: named.name,
      value: next === undefined ? named.value : textOf(next),
      placeholders: [...placeholdersOf(word), ...(next === undefined ? [] : placeholdersOf(next))],
      start: word.start,
    });
  }
  return options;
}

function readName(text: string): { name: string; value: string; takesNext: boolean } | undefined {
  const [, long, sign, value = ''] = /^--([a-z][\w-]*)(=?)([^]*)$/.exec(text) ?? [];
  if (long !== undefined) return { name: long, value, takesNext: sign === '' && WITH_VALUE.includes(long) };
  if (!/^-[A-Za-z]/.test(text)) return undefined;
  // Those without a value may stand in front of it in the same word: `-Ht10`.
  const { letters } = readShortOptions(text);
  const name = LONG_NAMES[letters.at(-1) ?? ''];
  const rest = text.slice(1 + letters.length);
  return name === undefined ? undefined : { name, value: rest, takesNext: rest === '' };
}

function textOf({ parts }: DirectiveToken): string {
  return parts.map((part) => (part.kind === 'text' ? part.text : PLACEHOLDER_MARK)).join('');
}

function placeholdersOf({ parts }: DirectiveToken): ValuePlaceholder[] {
  return parts.flatMap((part) => (part.kind === 'placeholder' ? [part.placeholder] : []));
}

/** The value with its placeholders as their defaults; undefined where one has none. */
export function defaultText({ value, placeholders }: DirectiveOption): string | undefined {
  if (placeholders.some(({ fallback }) => fallback === undefined)) return undefined;
  const rest = [...placeholders];
  return value.replaceAll(PLACEHOLDER_MARK, () => rest.shift()?.fallback ?? '');
}
