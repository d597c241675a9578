// Lexes words of bash: text, quotes and expansions without white space between them (bash(1), "DEFINITIONS").
import { parsePlaceholder, type BlockPlaceholder, type ValuePlaceholder } from '../placeholders/parse-placeholder.ts';
import type { Word } from './lexer-result.ts';
import { skipLines } from './skip-whitespace.ts';
import { lexEscape, isNext, peek, unclosed, type Lexer } from './lexer-state.ts';
import { noteQuotesInGroup } from './find-parser-bugs.ts';
import { lexPiece, lexSubscript } from './lex-expansions.ts';

/**
 * The role of a word: the name of the command or an assignment before it; an argument or a word of a list; an element of an array; the target of
 * a redirection; an operand of `case`, `for` or `[[`; the expression after `=~`.
 */
export type WordRole = 'command' | 'argument' | 'element' | 'target' | 'operand' | 'expression';

/** The characters that end a word (bash(1): "metacharacter"); only white space ends the expression after `=~`. */
const METACHARACTERS = ' \t\n|&;()<>';
const WHITE_SPACE = ' \t\n';

/** With these in its word, an unquoted value could be the name of a home directory or part of a pattern. */
const EXPANDABLE = /[~*?[\]]/;

/** A value in braces could become several words. */
const BRACES = /(?<!\$)\{[^$]/;

const ASSIGNMENT = /^[A-Za-z_]\w*(?:\[[^=]*\])?\+?=/;
const ARRAY = /^[A-Za-z_]\w*(?:\[[^=]*\])?\+?=$/;

export function isAssignment(word: Word): boolean {
  return ASSIGNMENT.test(word.text);
}

/** Reads a word, or one character if no word begins here, so that every caller makes progress. */
export function lexWord(lexer: Lexer, role: WordRole): Word {
  const start = lexer.at;
  const values: ValuePlaceholder[] = [];
  const blocks: BlockPlaceholder[] = [];
  const enders = role === 'expression' ? WHITE_SPACE : METACHARACTERS;
  let text = '';
  // In the subscript of an element, `([(i + 1) % 2]=…)`, no character ends the word.
  let brackets = 0;

  while (lexer.at < lexer.end) {
    const character = peek(lexer);
    const placeholder = character === '$' ? parsePlaceholder(lexer.source, lexer.at) : undefined;
    if (placeholder !== undefined) {
      if (placeholder.kind === 'value') values.push(placeholder);
      else blocks.push(placeholder);
      lexer.at = placeholder.end;
      text += '\0';
    } else if (isNext(lexer, '\\\n')) {
      lexEscape(lexer);
    } else if (brackets === 0 && (isNext(lexer, '<(') || isNext(lexer, '>('))) {
      lexProcessSubstitution(lexer);
      text += '\0';
    } else if (character === '(' && brackets === 0 && beginsGroup(text, role)) {
      lexGroup(lexer, role, text);
      text += '\0';
    } else if (character === '[' && role === 'command' && /^[A-Za-z_]\w*$/.test(text)) {
      const openedAt = lexer.at;
      lexer.at += 1;
      lexSubscript(lexer, openedAt, 'an array subscript');
      text += '[\0]';
    } else if (brackets === 0 && enders.includes(character)) {
      break;
    } else {
      if (character === '[' && role === 'element' && (text === '' || brackets > 0)) brackets += 1;
      else if (character === ']' && brackets > 0) brackets -= 1;
      text += lexText(lexer);
    }
  }
  if (lexer.at === start) lexer.at += 1;

  const word = { start, end: lexer.at, text };
  for (const placeholder of values) addOccurrence(lexer, placeholder, word, role);
  for (const placeholder of blocks)
    lexer.found.blocks.push({ placeholder, isNested: lexer.depth > 0, within: undefined });
  return word;
}

/** Reads a piece and returns it without its quotes, with a NUL for each expansion. */
function lexText(lexer: Lexer): string {
  const start = lexer.at;
  lexPiece(lexer, 'bare', { kind: 'unquoted', needsQuotes: true, canSplit: false });
  const piece = lexer.source.text.slice(start, lexer.at);
  if (piece.startsWith("'")) return withoutPlaceholders(piece.slice(1, -1));
  if (piece.startsWith("$'")) return withoutPlaceholders(piece.slice(2, -1));
  if (piece.startsWith('"')) return withoutExpansions(piece.slice(1, -1)).replaceAll(/\\([\\"$`])/g, '$1');
  if (piece.startsWith('\\')) return piece.slice(1);
  if (piece === '$' && peek(lexer) === '"') return '';
  return piece.length > 1 ? '\0' : piece;
}

function withoutPlaceholders(text: string): string {
  return text.replaceAll(/\$(?:\{CLEARML_[^}]*\}|<CLEARML_[^>]*>)/g, '\0');
}

/** Approximately: text after a command substitution is dropped. */
export function withoutExpansions(text: string): string {
  return withoutPlaceholders(text).replaceAll(/\$(?:[A-Za-z_]\w*|\{[^}]*\}|\(.*|[0-9@*#?!$-])|`[^`]*`/gs, '\0');
}

function addOccurrence(lexer: Lexer, placeholder: ValuePlaceholder, word: Word, role: WordRole): void {
  const isWhole = placeholder.start === word.start && placeholder.end === word.end;
  const isLeftOfSubscript = role === 'element' && word.text.startsWith('[') && placeholder.end <= endOfKey(lexer, word);
  if (isLeftOfSubscript) {
    lexer.found.occurrences.push({ placeholder, context: { kind: 'number', where: 'an array subscript' } });
    return;
  }
  // In `2>file`, `a=1`, `if` and `@(a|b)`, even a plain value would not be an ordinary word.
  const isRisky =
    '<>('.includes(peek(lexer) || ' ') ||
    role === 'operand' ||
    role === 'expression' ||
    (role === 'command' && !isAssignment(word));
  const around =
    lexer.source.text.slice(word.start, placeholder.start) + lexer.source.text.slice(placeholder.end, word.end);
  const canSplit = isWhole && (role === 'argument' || role === 'element');
  lexer.found.occurrences.push({
    placeholder,
    context: {
      kind: 'unquoted',
      needsQuotes: isRisky || EXPANDABLE.test(around),
      canSplit,
      ...(BRACES.test(around) ? { isInBraces: true } : {}),
    },
  });
}

function endOfKey(lexer: Lexer, word: Word): number {
  const end = lexer.source.text.indexOf(']=', word.start);
  return end === -1 || end > word.end ? word.end : end;
}

function lexProcessSubstitution(lexer: Lexer): void {
  const start = lexer.at;
  lexer.at += 2;
  lexer.lexSubstitution(lexer, start);
  lexer.found.processSubstitutions.push({ start, end: lexer.at });
}

/** An array `name=(…)`, a pattern `@(a|b)`, or parentheses in the expression after `=~`; `!(…)` can also negate a command or a condition. */
function beginsGroup(text: string, role: WordRole): boolean {
  const isNegation = text === '!' && (role === 'command' || role === 'operand');
  return role === 'expression' || ARRAY.test(text) || (/[?*+@!]$/.test(text) && !isNegation);
}

function lexGroup(lexer: Lexer, role: WordRole, text: string): void {
  const openedAt = lexer.at;
  lexer.at += 1;
  const isArray = role !== 'expression' && ARRAY.test(text);
  const elements = isArray ? lexElements(lexer) : [];
  if (!isArray) lexPattern(lexer);
  if (peek(lexer) !== ')') throw unclosed(lexer, openedAt, '(');
  lexer.at += 1;
  if (isArray) lexer.found.arrays.push({ start: openedAt, end: lexer.at, elements });
}

function lexElements(lexer: Lexer): Word[] {
  const elements: Word[] = [];
  for (;;) {
    skipLines(lexer);
    if (peek(lexer) === ')' || lexer.at >= lexer.end) return elements;
    elements.push(lexWord(lexer, 'element'));
  }
}

function lexPattern(lexer: Lexer): void {
  let depth = 0;
  while (lexer.at < lexer.end) {
    if (peek(lexer) === '(') depth += 1;
    if (peek(lexer) === ')') {
      if (depth === 0) return;
      depth -= 1;
    }
    const start = lexer.at;
    lexPiece(lexer, 'bare', { kind: 'unquoted', needsQuotes: true, canSplit: false });
    noteQuotesInGroup(lexer, start);
  }
}
