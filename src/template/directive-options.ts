// Reads the sbatch options in the directives of a template, by their long names.
import type { ValuePlaceholder } from './placeholder.ts';
import { AMOUNT_OPTIONS } from './amount-options.ts';
import { PLACEHOLDER_MARK, tokenPlaceholders, tokenText, type DirectiveToken } from './directive.ts';
import { readShortOptions } from './options-refused-in-templates.ts';

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

/** Long options whose value can be the next token; of other options, only a value after = is read. */
const WITH_VALUE: readonly string[] = [
  ...Object.values(LONG_NAMES),
  ...AMOUNT_OPTIONS,
  ...['container-image', 'export', 'priority', 'reservation', 'signal', 'comment'],
];

export interface DirectiveOption {
  readonly name: string;
  /** As sbatch reads it, with a mark for each placeholder; empty without a value. */
  readonly value: string;
  readonly placeholders: readonly ValuePlaceholder[];
  /** The offset of the option. */
  readonly start: number;
}

/** In the order of the text. */
export function readOptions(tokens: readonly DirectiveToken[]): DirectiveOption[] {
  const options: DirectiveOption[] = [];
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token === undefined) continue;
    const text = tokenText(token);
    const named = readName(text);
    if (named === undefined) continue;
    const next = named.takesNext ? tokens[index + 1] : undefined;
    if (next !== undefined) index += 1;
    options.push({
      name: named.name,
      value: next === undefined ? named.value : tokenText(next),
      placeholders: [...tokenPlaceholders(token), ...(next === undefined ? [] : tokenPlaceholders(next))],
      start: token.start,
    });
  }
  return options;
}

function readName(text: string): { name: string; value: string; takesNext: boolean } | undefined {
  const [, long, sign, value = ''] = /^--([a-z][\w-]*)(=?)([^]*)$/.exec(text) ?? [];
  if (long !== undefined) return { name: long, value, takesNext: sign === '' && WITH_VALUE.includes(long) };
  if (!/^-[A-Za-z]/.test(text)) return undefined;
  // Options without a value can precede it in the same token: `-Ht10`.
  const { letters } = readShortOptions(text);
  const name = LONG_NAMES[letters.at(-1) ?? ''];
  const rest = text.slice(1 + letters.length);
  return name === undefined ? undefined : { name, value: rest, takesNext: rest === '' };
}

/** The value with the defaults of its placeholders; undefined if one has no default. */
export function defaultText({ value, placeholders }: DirectiveOption): string | undefined {
  if (placeholders.some(({ fallback }) => fallback === undefined)) return undefined;
  const rest = [...placeholders];
  return value.replaceAll(PLACEHOLDER_MARK, () => rest.shift()?.fallback ?? '');
}
