// The quotes and expansions of bash, which hold each other: `"…"`, `$(…)`, `${…}`, `$((…))` (bash(1), "QUOTING", "EXPANSION").
import { readPlaceholder } from '../placeholder.ts';
import { attempt, lexPlaceholder, lexEscape, looksAt, matchHere, peek, unclosed, type Lexer } from './lexer.ts';
import type { QuotingContext } from './quoting-context.ts';

/**
 * Which quotes mean something here: all of them; all, but inside double quotes; all, but inside the double quotes
 * that stand in an expansion in double quotes; none, in a here-document.
 */
export type QuoteNesting = 'bare' | 'quoted' | 'requoted' | 'document';

/** Reads one quoted text, one expansion, one placeholder, or else one character. */
export function lexPiece(lexer: Lexer, surroundings: QuoteNesting, context: QuotingContext): void {
  if (lexPlaceholder(lexer, context)) return;
  const character = peek(lexer);
  if (character === '\\') lexEscape(lexer);
  else if (character === '`') lexBackquotes(lexer);
  else if (character === '$') lexDollar(lexer, surroundings);
  else if (character === "'" && surroundings !== 'document') lexSingleQuotes(lexer, surroundings);
  else if (character === '"' && surroundings !== 'document') lexDoubleQuotes(lexer, surroundings, context);
  else lexer.at += 1;
}

function lexDoubleQuotes(lexer: Lexer, surroundings: QuoteNesting, around: QuotingContext): void {
  const openedAt = lexer.at;
  const context = contextInDoubleQuotes(surroundings, around);
  lexer.at += 1;
  while (lexer.at < lexer.end) {
    const character = peek(lexer);
    if (character === '"') {
      lexer.at += 1;
      return;
    }
    if (character === "'") lexer.at += 1;
    else lexPiece(lexer, surroundings === 'bare' ? 'quoted' : 'requoted', context);
  }
  throw unclosed(lexer, openedAt, '"');
}

/** In `"${x:-"…"}"` bash expands braces as if the inner quotes were none, so the value must not rely on them. */
function contextInDoubleQuotes(surroundings: QuoteNesting, around: QuotingContext): QuotingContext {
  if (surroundings === 'bare') return { kind: 'double quotes' };
  return around.kind === 'quoted default' ? { kind: 'quoted default', isRequoted: true } : around;
}

/**
 * Within `"${x:-…}"` bash wants single quotes in pairs and then takes them literally:
 * of what stands between them only a plain word is sure to arrive.
 */
function lexSingleQuotes(lexer: Lexer, surroundings: QuoteNesting): void {
  const openedAt = lexer.at;
  const context: QuotingContext =
    surroundings === 'bare' ? { kind: 'single quotes' } : { kind: 're-evaluated', by: '\'…\' inside "${…}"' };
  lexer.at += 1;
  while (lexer.at < lexer.end) {
    if (lexPlaceholder(lexer, context)) continue;
    lexer.at += 1;
    if (lexer.source.text[lexer.at - 1] === "'") return;
  }
  throw unclosed(lexer, openedAt, "'");
}

function lexAnsiQuotes(lexer: Lexer): void {
  const openedAt = lexer.at;
  lexer.at += 2;
  while (lexer.at < lexer.end) {
    if (lexPlaceholder(lexer, { kind: 'ansi quotes' })) continue;
    const character = peek(lexer);
    if (character === '\\') {
      lexEscape(lexer);
      continue;
    }
    lexer.at += 1;
    if (character === "'") return;
  }
  throw unclosed(lexer, openedAt, "$'");
}

function lexBackquotes(lexer: Lexer): void {
  const openedAt = lexer.at;
  lexer.at += 1;
  while (lexer.at < lexer.end) {
    if (lexPlaceholder(lexer, { kind: 're-evaluated', by: 'backquotes' })) continue;
    const character = peek(lexer);
    if (character === '\\') {
      lexEscape(lexer);
      continue;
    }
    lexer.at += 1;
    if (character === '`') {
      noteBackquoted(lexer, openedAt);
      return;
    }
  }
  throw unclosed(lexer, openedAt, '`');
}

/** What is expanded in backquotes, roughly: their text is not read any further. */
function noteBackquoted({ source, found, at }: Lexer, openedAt: number): void {
  for (const match of source.text.slice(openedAt, at).matchAll(/\$\{?([A-Za-z_]\w*|[0-9@*])/g)) {
    const start = openedAt + match.index;
    found.expansions.push({ start, end: start + match[0].length, name: match[1] ?? '', form: 'value' });
  }
  found.substitutions.push({ start: openedAt, end: at });
}

/** Reads an expansion; a `$` that begins none is one character, also the one of `$"…"`. */
function lexDollar(lexer: Lexer, surroundings: QuoteNesting): void {
  const openedAt = lexer.at;
  if (looksAt(lexer, '$((') && attempt(lexer, () => lexParenthesized(lexer, 3))) return;
  if (looksAt(lexer, '$(')) {
    lexer.at += 2;
    lexer.lexSubstitution(lexer, openedAt);
  } else if (looksAt(lexer, '${')) {
    lexParameter(lexer, surroundings);
  } else if (looksAt(lexer, '$[')) {
    lexer.at += 2;
    lexSubscript(lexer, openedAt, '$[…]');
  } else if (surroundings === 'bare' && looksAt(lexer, "$'")) {
    lexAnsiQuotes(lexer);
  } else {
    const name = matchHere(lexer, /\$(?:[A-Za-z_]\w*|[0-9])/y);
    lexer.at += (name ?? matchHere(lexer, /\$[@*#?$!-]/y))?.length ?? 1;
    if (name !== undefined) noteUnbracedName(lexer, openedAt);
    const expanded = name ?? matchBefore(lexer, openedAt);
    if (expanded !== undefined)
      lexer.found.expansions.push({ start: openedAt, end: lexer.at, name: expanded.slice(1), form: 'value' });
  }
}

/** `$@` or `$*`, just read. */
function matchBefore({ source, at }: Lexer, start: number): string | undefined {
  const read = source.text.slice(start, at);
  return read === '$@' || read === '$*' ? read : undefined;
}

function noteUnbracedName(lexer: Lexer, start: number): void {
  const placeholder = peek(lexer) === '$' ? readPlaceholder(lexer.source, lexer.at) : undefined;
  if (placeholder?.kind === 'value') lexer.found.unbracedNames.push({ start, end: lexer.at, placeholder });
}

/** `${…}` (bash(1), "Parameter Expansion"). The closing brace is the first one outside of quotes and expansions. */
function lexParameter(lexer: Lexer, surroundings: QuoteNesting): void {
  const openedAt = lexer.at;
  lexer.at += 2;
  const head = matchHere(lexer, /[!#]?(?:[A-Za-z_]\w*|[0-9]+|[@*#?!-]|\$(?![{<]))?/y) ?? '';
  lexer.at += head.length;
  if (peek(lexer) === '[') {
    lexer.at += 1;
    lexSubscript(lexer, openedAt, 'an array subscript');
  }
  const operator = matchHere(lexer, /:?[-=+?]/y);
  const start = lexer.at;
  const isOffset = operator === undefined && peek(lexer) === ':';
  const context = operator === undefined ? PATTERN : contextOfDefault(surroundings);
  while (lexer.at < lexer.end) {
    if (peek(lexer) === '}') {
      if (isOffset) lexer.found.arithmetic.push({ start, end: lexer.at, where: 'an offset of ${…}' });
      lexer.at += 1;
      noteExpansion(lexer, openedAt, head, operator);
      if (operator?.endsWith('=') === true)
        lexer.found.implicitAssignments.push({ name: head, from: { start, end: lexer.at - 1 } });
      return;
    }
    lexPiece(lexer, surroundings, context);
  }
  throw unclosed(lexer, openedAt, '${');
}

/** Without all that is no digit, or quoted for a shell. */
const HARMLESS = /^\$\{\w+(?:\/\/\[[!^](?:0-9|\[:digit:\])\]\/?|@[QaA])\}$/;

function noteExpansion(lexer: Lexer, start: number, head: string, operator: string | undefined): void {
  const [, prefix = '', name = ''] = /^([!#]?)([A-Za-z_]\w*|[0-9]+|[@*])$/.exec(head) ?? [];
  if (name === '') return;
  const written = lexer.source.text.slice(start, lexer.at);
  const isHarmless = prefix === '#' || operator?.endsWith('+') === true || HARMLESS.test(written);
  const isList = prefix === '!' && /[@*]\]?\}$/.test(written);
  const read = prefix === '!' ? 'indirect' : written.endsWith('@P}') ? 'prompt' : 'value';
  const isKeys = isList && written.endsWith(']}');
  const form = isKeys ? 'keys' : isHarmless || isList ? 'harmless' : read;
  lexer.found.expansions.push({ start, end: lexer.at, name, form });
}

const PATTERN: QuotingContext = { kind: 're-evaluated', by: 'a pattern of ${…}' };

function contextOfDefault(surroundings: QuoteNesting): QuotingContext {
  if (surroundings === 'bare') return { kind: 'unquoted', needsQuotes: true, canSplit: false };
  if (surroundings === 'quoted') return { kind: 'quoted default', isRequoted: false };
  if (surroundings === 'requoted') return { kind: 're-evaluated', by: '${…} in quotes in ${…} in quotes' };
  return { kind: 're-evaluated', by: '${…} in a here-document' };
}

/** Reads on after the `[`, to the bracket that closes it. */
export function lexSubscript(lexer: Lexer, openedAt: number, where: string): void {
  if (!lexArithmetic(lexer, '[', ']', where)) throw unclosed(lexer, openedAt, '[');
}

/** `((…))`, with or without a `$`; false when it turns out to be a subshell in a subshell. */
export function lexParenthesized(lexer: Lexer, openerLength: number): boolean {
  lexer.at += openerLength;
  if (!lexArithmetic(lexer, '(', ')', 'arithmetic') || peek(lexer) !== ')') return false;
  lexer.at += 1;
  return true;
}

function lexArithmetic(lexer: Lexer, opener: string, closer: string, where: string): boolean {
  const start = lexer.at;
  let depth = 0;
  while (lexer.at < lexer.end) {
    const character = peek(lexer);
    if (character === opener) depth += 1;
    if (character === closer) {
      if (depth === 0) {
        lexer.found.arithmetic.push({ start, end: lexer.at, where });
        lexer.at += 1;
        return true;
      }
      depth -= 1;
    }
    lexPiece(lexer, 'bare', { kind: 'number', where });
  }
  return false;
}
