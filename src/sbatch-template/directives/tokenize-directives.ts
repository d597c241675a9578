// Splits `#SBATCH` lines into tokens as sbatch does, without a shell, and quotes values for them.
import {
  escapedPlaceholder,
  parsePlaceholder,
  type Placeholder,
  type ValuePlaceholder,
} from '../placeholders/parse-placeholder.ts';
import { templateErrorAt, type Range, type TemplateSource } from '../template-source.ts';

/** Both quotes have the same effect: a backslash in them escapes the next character. */
export type DirectiveQuote = '' | '"' | "'";

export type DirectivePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'placeholder'; readonly placeholder: ValuePlaceholder; readonly quote: DirectiveQuote };

/** A token of an `#SBATCH` line, without its quotes. */
export interface DirectiveToken extends Range {
  /** With a mark for each placeholder. */
  readonly text: string;
  readonly parts: readonly DirectivePart[];
}

/** Stands for a placeholder in the text of a token. */
export const PLACEHOLDER_MARK = '\0';

export function tokenPlaceholders({ parts }: DirectiveToken): ValuePlaceholder[] {
  return parts.flatMap((part) => (part.kind === 'placeholder' ? [part.placeholder] : []));
}

export const DIRECTIVE_PREFIX = '#SBATCH';

/**
 * The tokens of the line from `start` (after `#SBATCH`) to `end`.
 * Source: `get_argument` in slurm's src/sbatch/opt.c, from 20.11 to 26.05; an unquoted `#` begins a comment even within a token.
 * @throws TemplateError for an unclosed quote, a backslash before a placeholder, or a block
 */
export function parseDirective(source: TemplateSource, start: number, end: number): DirectiveToken[] {
  return parseWords(source, start, end, (at) => parsePlaceholder(source, at));
}

/** The tokens of a rendered `#SBATCH` line, in which `${CLEARML_…}` is part of a value. */
export function splitDirective(line: string): string[] {
  const tokens = parseWords({ file: '', text: line }, DIRECTIVE_PREFIX.length, line.length, () => undefined);
  return tokens.map(({ text }) => text);
}

type PlaceholderReader = (at: number) => Placeholder | undefined;

function parseWords(
  source: TemplateSource,
  start: number,
  end: number,
  placeholderAt: PlaceholderReader,
): DirectiveToken[] {
  const words: DirectiveToken[] = [];
  let at = start;
  while (at < end && source.text[at] !== '#') {
    if (isSpace(source.text[at])) {
      at += 1;
      continue;
    }
    const word = parseWord(source, at, end, placeholderAt);
    words.push(word);
    at = word.end;
  }
  return words;
}

function parseWord(
  source: TemplateSource,
  start: number,
  end: number,
  placeholderAt: PlaceholderReader,
): DirectiveToken {
  const parts: DirectivePart[] = [];
  let quote: DirectiveQuote = '';
  let quotedAt = start;
  let text = '';
  let at = start;

  function endText(): void {
    if (text !== '') parts.push({ kind: 'text', text });
    text = '';
  }

  while (at < end) {
    const character = source.text[at] ?? '';
    if (quote === '' && (character === '#' || isSpace(character))) break;
    const placeholder = placeholderAt(at);
    if (placeholder?.kind === 'block')
      throw templateErrorAt(
        source,
        at,
        'block-place',
        `\${${placeholder.block}} is not allowed in an #SBATCH line: move it below all #SBATCH lines`,
      );
    if (placeholder !== undefined) {
      endText();
      parts.push({ kind: 'placeholder', placeholder, quote });
      at = placeholder.end;
    } else if (character === '\\') {
      if (placeholderAt(at + 1) !== undefined) throw escapedPlaceholder(source, at);
      text += at + 1 < end ? (source.text[at + 1] ?? '') : '';
      at += 2;
    } else if (isQuote(character) && (quote === '' || quote === character)) {
      quote = quote === '' ? character : '';
      quotedAt = at;
      at += 1;
    } else {
      text += character;
      at += 1;
    }
  }
  if (quote !== '')
    throw templateErrorAt(
      source,
      quotedAt,
      'unclosed-quote',
      `this ${quote} is not closed, and sbatch rejects the line: close it`,
    );
  endText();
  const whole = parts.map((part) => (part.kind === 'text' ? part.text : PLACEHOLDER_MARK)).join('');
  return { start, end: Math.min(at, end), text: whole, parts };
}

/** As isspace in C: other spaces of Unicode do not separate tokens. */
function isSpace(character: string | undefined): boolean {
  return character !== undefined && ' \t\v\f\r\n'.includes(character);
}

function isQuote(character: string): character is '"' | "'" {
  return character === '"' || character === "'";
}

/**
 * The value as part of one token. It must not contain control characters.
 * A backslash splits hetjob and packjob, because Slurm 20.11 erases these words anywhere in the line.
 */
export function quoteForDirective(value: string, quote: DirectiveQuote): string {
  const isJobWord = /(?:het|pack)job/i.test(value);
  if (quote === '' && !isJobWord && /^[A-Za-z0-9_./@%+,=-][A-Za-z0-9_./:@%+,=-]*$/.test(value)) return value;
  const mark = quote === '' ? '"' : quote;
  const escaped = value
    .replaceAll(mark === '"' ? /[\\"]/g : /[\\']/g, '\\$&')
    .replaceAll(/(het|pack)(job)/gi, '$1\\$2');
  return quote === '' ? `"${escaped}"` : escaped;
}
