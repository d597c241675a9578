// An `#SBATCH` line as sbatch reads it: split into words by rules of its own, in which no shell has a part.
import { readPlaceholder, type Placeholder, type ValuePlaceholder } from './placeholder.ts';
import { templateErrorAt, type Range, type TemplateSource } from './source.ts';

/** `'` and `"` do the same: in both of them a backslash takes the meaning of the character behind it away. */
export type DirectiveQuote = '' | '"' | "'";

export type DirectivePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'placeholder'; readonly placeholder: ValuePlaceholder; readonly quote: DirectiveQuote };

/** One word of a directive line, without its quotes. */
export interface DirectiveToken extends Range {
  readonly parts: readonly DirectivePart[];
}

export const DIRECTIVE_PREFIX = '#SBATCH';

/**
 * The words of the line from `start` (after `#SBATCH`) to `end`.
 * Source: `get_argument` in slurm's src/sbatch/opt.c, from 20.11 to 26.05; an unquoted `#` begins a comment even within a word.
 * @throws TemplateError for a quote that is not closed, a backslash before a placeholder, or a block
 */
export function readDirective(source: TemplateSource, start: number, end: number): DirectiveToken[] {
  return readWords(source, start, end, (at) => readPlaceholder(source, at));
}

/** The words of a directive line that is filled in already: what looks like a placeholder in it is part of a value. */
export function splitDirective(line: string): string[] {
  const words = readWords({ file: '', text: line }, DIRECTIVE_PREFIX.length, line.length, () => undefined);
  return words.map(({ parts }) => parts.map((part) => (part.kind === 'text' ? part.text : '')).join(''));
}

type PlaceholderReader = (at: number) => Placeholder | undefined;

function readWords(
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
    const word = readWord(source, at, end, placeholderAt);
    words.push(word);
    at = word.end;
  }
  return words;
}

function readWord(
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
      throw templateErrorAt(source, at, 'block-place', `\${${placeholder.block}} can not stand in an #SBATCH line`);
    if (placeholder !== undefined) {
      endText();
      parts.push({ kind: 'placeholder', placeholder, quote });
      at = placeholder.end;
    } else if (character === '\\') {
      if (placeholderAt(at + 1) !== undefined)
        throw templateErrorAt(source, at, 'escaped-blank', BACKSLASH_BEFORE_PLACEHOLDER);
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
    throw templateErrorAt(source, quotedAt, 'unclosed-quote', `this ${quote} is never closed: sbatch refuses the line`);
  endText();
  return { start, end: Math.min(at, end), parts };
}

const BACKSLASH_BEFORE_PLACEHOLDER =
  'a backslash in front of a placeholder: take it away, values are quoted for the place they stand in';

/** C's isspace: no other space of Unicode parts words here. */
function isSpace(character: string | undefined): boolean {
  return character !== undefined && ' \t\v\f\r\n'.includes(character);
}

function isQuote(character: string): character is '"' | "'" {
  return character === '"' || character === "'";
}

/**
 * The value as a part of one word of a directive, whatever it holds; it must hold no control characters.
 * The words hetjob and packjob are broken up because Slurm 20.11 placeholders them out wherever they stand on the line.
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
