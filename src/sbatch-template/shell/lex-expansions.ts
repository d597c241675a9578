// Lexes the quotes and expansions of bash, which contain each other: `"…"`, `$(…)`, `${…}`, `$((…))` (bash(1), "QUOTING", "EXPANSION").
import { parsePlaceholder } from '../placeholders/parse-placeholder.ts';
import { attempt, lexPlaceholder, lexEscape, isNext, matchHere, peek, unclosed, type Lexer } from './lexer-state.ts';
import type { QuotingContext } from './lexer-result.ts';

/**
 * How deep in quotes the lexer is: outside quotes; in double quotes; in double quotes in an expansion in double quotes; in a
 * here-document, where quotes have no meaning.
 */
export type QuoteNesting = 'bare' | 'quoted' | 'requoted' | 'document';

/** Reads one quoted text, expansion, placeholder or character. */
export function lexPiece(lexer: Lexer, nesting: QuoteNesting, context: QuotingContext): void {
  if (lexPlaceholder(lexer, context)) return;
  const character = peek(lexer);
  if (character === '\\') lexEscape(lexer);
  else if (character === '`') lexBackquotes(lexer);
  else if (character === '$') lexDollar(lexer, nesting);
  else if (character === "'" && nesting !== 'document') lexSingleQuotes(lexer, nesting);
  else if (character === '"' && nesting !== 'document') lexDoubleQuotes(lexer, nesting, context);
  else lexer.at += 1;
}

function lexDoubleQuotes(lexer: Lexer, nesting: QuoteNesting, around: QuotingContext): void {
  const openedAt = lexer.at;
  const context = contextInDoubleQuotes(nesting, around);
  lexer.at += 1;
  while (lexer.at < lexer.end) {
    const character = peek(lexer);
    if (character === '"') {
      lexer.at += 1;
      return;
    }
    if (character === "'") lexer.at += 1;
    else lexPiece(lexer, nesting === 'bare' ? 'quoted' : 'requoted', context);
  }
  throw unclosed(lexer, openedAt, '"');
}

/** In `"${x:-"…"}"`, bash expands braces as if there were no inner quotes, so that these do not protect the value. */
function contextInDoubleQuotes(nesting: QuoteNesting, around: QuotingContext): QuotingContext {
  if (nesting === 'bare') return { kind: 'double quotes' };
  return around.kind === 'quoted default' ? { kind: 'quoted default', isRequoted: true } : around;
}

const QUOTES_IN_QUOTED_EXPANSION: QuotingContext = { kind: 're-evaluated', by: '\'…\' inside "${…}"' };

/**
 * Within `"${x:-…}"`, bash requires pairs of single quotes and then takes them literally: only a plain word between them is safe.
 */
function lexSingleQuotes(lexer: Lexer, nesting: QuoteNesting): void {
  const openedAt = lexer.at;
  const context: QuotingContext = nesting === 'bare' ? { kind: 'single quotes' } : QUOTES_IN_QUOTED_EXPANSION;
  lexer.at += 1;
  while (lexer.at < lexer.end) {
    if (lexPlaceholder(lexer, context)) continue;
    lexer.at += 1;
    if (lexer.source.text[lexer.at - 1] === "'") return;
  }
  throw unclosed(lexer, openedAt, "'");
}

/** Reads a text in which a backslash escapes the next character, up to and including the character that closes it. */
function lexEscapable(lexer: Lexer, opener: "$'" | '`', context: QuotingContext): void {
  const openedAt = lexer.at;
  lexer.at += opener.length;
  while (lexer.at < lexer.end) {
    if (lexPlaceholder(lexer, context)) continue;
    const character = peek(lexer);
    if (character === '\\') {
      lexEscape(lexer);
      continue;
    }
    lexer.at += 1;
    if (opener.endsWith(character)) return;
  }
  throw unclosed(lexer, openedAt, opener);
}

function lexBackquotes(lexer: Lexer): void {
  const openedAt = lexer.at;
  lexEscapable(lexer, '`', { kind: 're-evaluated', by: 'backquotes' });
  noteBackquoted(lexer, openedAt);
}

/** Records the expansions in backquotes, approximately: their text is not lexed here. */
function noteBackquoted({ source, found, at }: Lexer, openedAt: number): void {
  for (const match of source.text.slice(openedAt, at).matchAll(/\$\{?([A-Za-z_]\w*|[0-9@*])/g)) {
    const start = openedAt + match.index;
    found.expansions.push({ start, end: start + match[0].length, name: match[1] ?? '', form: 'value' });
  }
  found.substitutions.push({ start: openedAt, end: at });
}

/** Reads an expansion. Any other `$` is one character, also the one of `$"…"`. */
function lexDollar(lexer: Lexer, nesting: QuoteNesting): void {
  const openedAt = lexer.at;
  if (isNext(lexer, '$((') && attempt(lexer, () => lexParenthesized(lexer, 3))) return;
  if (isNext(lexer, '$(')) {
    lexer.at += 2;
    lexer.lexSubstitution(lexer, openedAt);
  } else if (isNext(lexer, '${')) {
    lexParameter(lexer, nesting);
  } else if (isNext(lexer, '$[')) {
    lexer.at += 2;
    lexSubscript(lexer, openedAt, '$[…]');
  } else if (nesting === 'bare' && isNext(lexer, "$'")) {
    lexEscapable(lexer, "$'", { kind: 'ansi quotes' });
  } else {
    const name = matchHere(lexer, /\$(?:[A-Za-z_]\w*|[0-9])/y);
    lexer.at += (name ?? matchHere(lexer, /\$[@*#?$!-]/y))?.length ?? 1;
    if (name !== undefined) noteUnbracedName(lexer, openedAt);
    const expanded = name ?? matchBefore(lexer, openedAt);
    if (expanded !== undefined)
      lexer.found.expansions.push({ start: openedAt, end: lexer.at, name: expanded.slice(1), form: 'value' });
  }
}

/** `$@` or `$*`, if one was just read. */
function matchBefore({ source, at }: Lexer, start: number): string | undefined {
  const read = source.text.slice(start, at);
  return read === '$@' || read === '$*' ? read : undefined;
}

function noteUnbracedName(lexer: Lexer, start: number): void {
  const placeholder = peek(lexer) === '$' ? parsePlaceholder(lexer.source, lexer.at) : undefined;
  if (placeholder?.kind === 'value') lexer.found.unbracedNames.push({ start, end: lexer.at, placeholder });
}

/** `${…}` (bash(1), "Parameter Expansion"). The first brace outside quotes and expansions closes it. */
function lexParameter(lexer: Lexer, nesting: QuoteNesting): void {
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
  const context = operator === undefined ? PATTERN : contextOfDefault(nesting);
  while (lexer.at < lexer.end) {
    if (peek(lexer) === '}') {
      if (isOffset) lexer.found.arithmetic.push({ start, end: lexer.at, where: 'an offset of ${…}' });
      lexer.at += 1;
      noteExpansion(lexer, openedAt, head, operator);
      if (operator?.endsWith('=') === true)
        lexer.found.implicitAssignments.push({ name: head, from: { start, end: lexer.at - 1 } });
      return;
    }
    // In `"${x//$'\\''/}"`, the quotes have their meaning, and an escaped quote does not close them.
    if (nesting !== 'bare' && nesting !== 'document' && isNext(lexer, "$'"))
      lexEscapable(lexer, "$'", QUOTES_IN_QUOTED_EXPANSION);
    else lexPiece(lexer, nesting, context);
  }
  throw unclosed(lexer, openedAt, '${');
}

/** With only the digits of the value, or quoted for a shell. */
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

function contextOfDefault(nesting: QuoteNesting): QuotingContext {
  if (nesting === 'bare') return { kind: 'unquoted', needsQuotes: true, canSplit: false };
  if (nesting === 'quoted') return { kind: 'quoted default', isRequoted: false };
  if (nesting === 'requoted') return { kind: 're-evaluated', by: 'a quoted ${…} inside another quoted ${…}' };
  return { kind: 're-evaluated', by: '${…} in a here-document' };
}

/** Reads from after the `[` up to and including its closing bracket. */
export function lexSubscript(lexer: Lexer, openedAt: number, where: string): void {
  if (!lexArithmetic(lexer, '[', ']', where)) throw unclosed(lexer, openedAt, '[');
}

/** `((…))`, with or without a `$`. Returns false for a subshell in a subshell. */
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
