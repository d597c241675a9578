// Parses placeholders: `${CLEARML_TASK.name:default|filter}`, `$<…>` with the same content, and the three blocks.
import { nearestName } from '../../base/did-you-mean.ts';
import type { TemplateError } from '../errors.ts';
import { FILTER_NAMES, parseFilter, type Filter } from './filters.ts';
import { endOfLine, templateErrorAt, type Range, type TemplateSource } from '../template-source.ts';
import { PLAIN_NAMES, TREE_NAMES } from './variables.ts';

export const BLOCKS = ['CLEARML_PRE_SETUP', 'CLEARML_AGENT_EXECUTE', 'CLEARML_POST_SETUP'] as const;

export type BlockName = (typeof BLOCKS)[number];

export interface ValuePlaceholder extends Range {
  readonly kind: 'value';
  /** The whole placeholder, with its braces. */
  readonly written: string;
  /** Without default and filters, e.g. `CLEARML_TASK.name`. */
  readonly variable: string;
  readonly fallback: string | undefined;
  readonly filters: readonly Filter[];
}

/** A placeholder for a part of the script that this program generates. */
export interface BlockPlaceholder extends Range {
  readonly kind: 'block';
  readonly block: BlockName;
}

export type Placeholder = ValuePlaceholder | BlockPlaceholder;

const CLOSERS: Readonly<Record<string, string>> = { '{': '}', '<': '>' };

/** How a placeholder can begin; the text after it decides whether it is one. */
const OPENING = /\$([{<])(CLEARML_[A-Z_]+)/y;

/**
 * The placeholder that begins at this offset; undefined for an expansion of bash such as `${CLEARML_API_HOST}`, `${VAR:-x}` or `$$`.
 * A name with a dot after it is always a placeholder, because it would be an error in bash.
 * @throws TemplateError for a placeholder that is not closed, an unknown root or an unknown filter
 */
export function parsePlaceholder(source: TemplateSource, start: number): Placeholder | undefined {
  OPENING.lastIndex = start;
  const opening = OPENING.exec(source.text);
  if (opening === null) return undefined;
  const [written, bracket = '', name = ''] = opening;
  const next = source.text[start + written.length] ?? '';
  const closer = CLOSERS[bracket] ?? '';

  if (isBlock(name) && next === closer) return { kind: 'block', block: name, start, end: start + written.length + 1 };
  if (next === '.') requireTree(source, start, name);
  else if (!(PLAIN_NAMES.includes(name) && (next === closer || next === ':' || next === '|'))) return undefined;

  return parseValuePlaceholder(source, start, closer);
}

function parseValuePlaceholder(source: TemplateSource, start: number, closer: string): ValuePlaceholder {
  const lineEnd = endOfLine(source.text, start);
  const close = source.text.indexOf(closer, start + 2);
  const isRunOn = /^[^:]*\$[{<]/.test(source.text.slice(start + 2, Math.max(close, start + 2)));
  if (close === -1 || close > lineEnd || isRunOn) {
    const begun = source.text.slice(start, lineEnd).trimEnd();
    throw templateErrorAt(
      source,
      start,
      'unclosed-blank',
      `${begun} is not closed: write ${closer} after the name, on the same line`,
    );
  }
  const written = source.text.slice(start, close + 1);
  const { head, fallback } = splitAtColon(written.slice(2, -1));
  const [variable = '', ...early] = head.split('|');
  const { rest, late } = splitFilters(fallback);
  if (rest?.includes('${') === true) {
    throw templateErrorAt(
      source,
      start,
      'default-not-plain',
      `the default of ${variable} contains \${, which is not expanded in a default: use plain text`,
    );
  }
  const filters = [...early, ...late].map((filter) => requireFilter(source, start, filter));
  return { kind: 'value', start, end: close + 1, written, variable, fallback: rest, filters };
}

/** The first colon outside the parentheses of a filter ends the name. */
function splitAtColon(inside: string): { head: string; fallback: string | undefined } {
  const head = /^(?:[^:(]|\([^()]*\)|\()*/.exec(inside)?.[0] ?? '';
  return { head, fallback: head.length < inside.length ? inside.slice(head.length + 1) : undefined };
}

/** Filters after a default; text between bars that cannot be the name of a filter (`a100|h100`) stays part of the default. */
function splitFilters(fallback: string | undefined): { rest: string | undefined; late: string[] } {
  if (fallback === undefined) return { rest: undefined, late: [] };
  const parts = fallback.split('|');
  let count = parts.length;
  while (count > 1 && /^[a-z_]+(\([^()]*\))?$/.test(parts[count - 1] ?? '')) count -= 1;
  return { rest: parts.slice(0, count).join('|'), late: parts.slice(count) };
}

function requireFilter(source: TemplateSource, start: number, written: string): Filter {
  const filter = parseFilter(written);
  if (filter !== undefined) return filter;
  const nearest = nearestName(written.replace(/\(.*$/, ''), FILTER_NAMES);
  const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
  throw templateErrorAt(
    source,
    start,
    'unknown-filter',
    `unknown filter "${written}": the filters are ${FILTER_NAMES.join(', ')}${hint}`,
  );
}

function requireTree(source: TemplateSource, start: number, name: string): void {
  if (TREE_NAMES.includes(name)) return;
  const nearest = nearestName(name, [...TREE_NAMES, ...PLAIN_NAMES]);
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  throw templateErrorAt(
    source,
    start,
    'unknown-variable',
    `${name} has no fields: only ${TREE_NAMES.join(', ')} have fields${hint}`,
  );
}

/** For a backslash before a placeholder, which is ambiguous. */
export function escapedPlaceholder(source: TemplateSource, at: number): TemplateError {
  return templateErrorAt(
    source,
    at,
    'escaped-blank',
    'a backslash before a placeholder: remove the backslash, because values are quoted for their context',
  );
}

function isBlock(name: string): name is BlockName {
  return BLOCKS.some((block) => block === name);
}
