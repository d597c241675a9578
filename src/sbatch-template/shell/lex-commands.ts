// Lexes commands, pipelines, lists and redirections of bash, to find where each word begins (bash(1), "SHELL GRAMMAR", "REDIRECTION").
import { parsePlaceholder } from '../placeholders/parse-placeholder.ts';
import { templateErrorAt, type Range } from '../template-source.ts';
import { attempt, isNext, matchHere, peek, unclosed, type Lexer } from './lexer-state.ts';
import { lexParenthesized } from './lex-expansions.ts';
import { skipSpaces, skipLines } from './skip-whitespace.ts';
import { lexDelimiter } from './lex-here-documents.ts';
import { lexConditional } from './lex-conditional.ts';
import { noteOpenPatterns, noteTime } from './find-parser-bugs.ts';
import type { Word } from './lexer-result.ts';
import { isAssignment, lexWord } from './lex-words.ts';

/** What ends a list of commands, and is read with it: a reserved word, a parenthesis, the end of a `case` item. */
type Stop = 'end' | ')' | '}' | 'fi' | 'done' | 'item';

/** Reserved words that separate the lists of a compound command; an unexpected one ends nothing. */
const SEPARATORS = ['then', 'else', 'elif', 'do', 'fi', 'done', 'esac', '}', ']]'];

/** Compound commands that consist of a list between two words. */
const COMPOUNDS: ReadonlyMap<string, Stop> = new Map([
  ['{', '}'],
  ['if', 'fi'],
  ['while', 'done'],
  ['until', 'done'],
]);

/** Reserved words before a command. */
const PREFIXES = ['!', 'time', 'coproc'];

/** The options of `time`, and the NAME of `coproc NAME {`: the command begins after them. */
const TIME_OPTIONS = /(?:[ \t]+-p)?(?:[ \t]+--)?(?=[ \t\n;&|)]|$)/y;
const COPROC_NAME = /[ \t]+[A-Za-z_]\w*(?=[ \t]*\(|[ \t]+(?:\{|\[\[|if|while|until|for|case|select)(?:[\s;&|()<>]|$))/y;

const RESERVED = /(?:[a-z]+|[{}!]|\[\[|\]\])(?=[\s;&|()<>]|$)/y;

/** Reads up to and including the closing parenthesis. Here-documents announced before begin after the newline that follows it. */
export function lexSubstitution(lexer: Lexer, openedAt: number): void {
  const announced = lexer.pending;
  lexer.pending = [];
  lexer.depth += 1;
  lexList(lexer, ')', openedAt);
  lexer.depth -= 1;
  lexer.found.substitutions.push({ start: openedAt, end: lexer.at });
  lexer.pending = [...announced, ...lexer.pending];
}

export function lexList(lexer: Lexer, stop: Stop, openedAt: number): void {
  for (;;) {
    skipSeparators(lexer, stop);
    if (lexer.at >= lexer.end) {
      if (stop === ')') throw unclosed(lexer, openedAt, '(');
      return;
    }
    const reserved = matchHere(lexer, RESERVED) ?? '';
    if (peek(lexer) === ')') {
      lexer.at += 1;
      if (stop === ')') return;
    } else if (stop === 'item' && isNext(lexer, ';')) {
      lexer.at += matchHere(lexer, /;;&|;;|;&/y)?.length ?? 1;
      return;
    } else if (stop === 'item' && reserved === 'esac') {
      return;
    } else if (SEPARATORS.includes(reserved)) {
      lexer.at += reserved.length;
      if (reserved === stop) return;
    } else {
      lexPipeline(lexer);
    }
  }
}

function skipSeparators(lexer: Lexer, stop: Stop): void {
  for (;;) {
    skipLines(lexer);
    if (stop === 'item' && matchHere(lexer, /;;&?|;&/y) !== undefined) return;
    if (isNext(lexer, '&>') || !';&|'.includes(peek(lexer) || ' ')) return;
    lexer.at += 1;
  }
}

function lexPipeline(lexer: Lexer): void {
  const start = lexer.at;
  const elements: Range[] = [];
  for (;;) {
    const from = lexer.at;
    lexCommand(lexer);
    elements.push({ start: from, end: lexer.at });
    skipSpaces(lexer);
    const bar = matchHere(lexer, /\|&|\|(?!\|)/y);
    if (bar === undefined) break;
    lexer.at += bar.length;
    skipLines(lexer);
  }
  if (elements.length > 1) lexer.found.pipelines.push({ start, end: lexer.at, elements });
}

function lexCommand(lexer: Lexer): void {
  skipSpaces(lexer);
  const start = lexer.at;
  const reserved = matchHere(lexer, RESERVED) ?? '';
  const stop = COMPOUNDS.get(reserved);
  if (isNext(lexer, '((') && attempt(lexer, () => lexParenthesized(lexer, 2))) endCompound(lexer, start);
  else if (peek(lexer) === '(') lexCompound(lexer, '(', ')');
  else if (stop !== undefined) lexCompound(lexer, reserved, stop);
  else if (reserved === 'for' || reserved === 'select') lexLoop(lexer, reserved);
  else if (reserved === 'case') lexCase(lexer);
  else if (reserved === 'function') lexFunction(lexer);
  else if (reserved === '[[') {
    lexConditional(lexer);
    endCompound(lexer, start);
  } else if (PREFIXES.includes(reserved)) {
    lexer.at += reserved.length;
    if (reserved === 'time') {
      noteTime(lexer, start);
      lexer.at += matchHere(lexer, TIME_OPTIONS)?.length ?? 0;
    }
    if (reserved === 'coproc') lexer.at += matchHere(lexer, COPROC_NAME)?.length ?? 0;
    lexCommand(lexer);
    if (reserved === 'coproc') lexer.found.coprocesses.push({ start, end: lexer.at });
  } else {
    lexSimple(lexer);
  }
}

function lexCompound(lexer: Lexer, opener: string, stop: Stop): void {
  const start = lexer.at;
  lexer.at += opener.length;
  lexList(lexer, stop, start);
  endCompound(lexer, start);
}

/** `for NAME in WORDS; do … done`, `for ((…)); do … done`, `select NAME in WORDS; do … done` */
function lexLoop(lexer: Lexer, opener: string): void {
  const start = lexer.at;
  lexer.at += opener.length;
  skipSpaces(lexer);
  if (isNext(lexer, '((')) {
    if (!lexParenthesized(lexer, 2)) throw unclosed(lexer, start, '((');
  } else {
    const { text: name } = lexWord(lexer, 'operand');
    skipLines(lexer);
    const from = lexer.at;
    const hasWords = matchHere(lexer, RESERVED) === 'in';
    const words = hasWords ? lexLoopWords(lexer) : [];
    // Without words, the loop iterates over "$@".
    if (!hasWords) lexer.found.expansions.push({ start: from, end: from, name: '@', form: 'value' });
    lexer.found.implicitAssignments.push({ name, from: { start: from, end: lexer.at }, words });
  }
  lexList(lexer, 'done', start);
  endCompound(lexer, start);
}

function lexLoopWords(lexer: Lexer): Word[] {
  const words: Word[] = [];
  lexer.at += 'in'.length;
  skipSpaces(lexer);
  while (lexer.at < lexer.end && !'\n;#'.includes(peek(lexer))) {
    words.push(lexWord(lexer, 'argument'));
    skipSpaces(lexer);
  }
  return words;
}

/** `case WORD in PATTERN | PATTERN) … ;; esac` */
function lexCase(lexer: Lexer): void {
  const start = lexer.at;
  lexer.at += 'case'.length;
  skipSpaces(lexer);
  const { start: wordAt, end } = lexWord(lexer, 'operand');
  lexer.found.caseWords.push({ start: wordAt, end });
  skipLines(lexer);
  if (matchHere(lexer, RESERVED) === 'in') lexer.at += 'in'.length;
  for (;;) {
    skipLines(lexer);
    if (lexer.at >= lexer.end) break;
    if (matchHere(lexer, RESERVED) === 'esac') {
      lexer.at += 'esac'.length;
      break;
    }
    const isOpen = peek(lexer) !== '(';
    lexPatterns(lexer);
    if (isOpen) noteOpenPatterns(lexer, start);
    lexList(lexer, 'item', start);
  }
  endCompound(lexer, start);
}

function lexPatterns(lexer: Lexer): void {
  if (peek(lexer) === '(') lexer.at += 1;
  while (lexer.at < lexer.end) {
    skipSpaces(lexer);
    if (peek(lexer) === '|') lexer.at += 1;
    else if (peek(lexer) === ')') {
      lexer.at += 1;
      return;
    } else lexWord(lexer, 'operand');
  }
}

/** `function NAME { …; }`, with or without parentheses after the name. */
function lexFunction(lexer: Lexer): void {
  lexer.at += 'function'.length;
  skipSpaces(lexer);
  const { text } = lexWord(lexer, 'operand');
  skipSpaces(lexer);
  lexer.at += matchHere(lexer, /\([ \t]*\)/y)?.length ?? 0;
  lexFunctionBody(lexer, text);
}

function lexFunctionBody(lexer: Lexer, name: string): void {
  skipLines(lexer);
  const start = lexer.at;
  lexCommand(lexer);
  lexer.found.functions.push({ name, body: { start, end: lexer.at } });
}

function endCompound(lexer: Lexer, start: number): void {
  do {
    skipSpaces(lexer);
  } while (lexRedirection(lexer));
  lexer.found.compounds.push({ start, end: lexer.at });
}

function lexSimple(lexer: Lexer): void {
  const start = lexer.at;
  const assignments: Word[] = [];
  const words: Word[] = [];
  for (;;) {
    skipSpaces(lexer);
    if (lexRedirection(lexer)) continue;
    const character = peek(lexer);
    if (character === '' || '\n;&|)#'.includes(character)) break;
    if (character === '(' && words.length === 1) {
      const parentheses = matchHere(lexer, /\([ \t]*\)/y);
      lexer.at += parentheses?.length ?? 1;
      if (parentheses === undefined) continue;
      lexFunctionBody(lexer, words[0]?.text ?? '');
      return;
    }
    const word = lexWord(lexer, words.length === 0 ? 'command' : 'argument');
    (words.length === 0 && isAssignment(word) ? assignments : words).push(word);
  }
  lexer.found.commands.push({ start, end: lexer.at, assignments, words });
}

const DESCRIPTOR_AND_OPERATOR = /(?:[0-9]+|\{[A-Za-z_]\w*\})?(?:<<<|<<-|<<|<>|<&|>>|>&|>\||&>>|&>|<(?!\()|>(?!\())/y;

/** Reads a redirection and returns whether one begins here. `<(` and `>(` begin a word. */
function lexRedirection(lexer: Lexer): boolean {
  const start = lexer.at;
  const written = matchHere(lexer, DESCRIPTOR_AND_OPERATOR);
  if (written === undefined) return false;
  const operator = /[<>&].*$/.exec(written)?.[0] ?? '';
  lexer.at += written.length;
  skipSpaces(lexer);
  if (operator === '<<' || operator === '<<-') {
    if (parsePlaceholder(lexer.source, lexer.at) !== undefined) {
      throw templateErrorAt(
        lexer.source,
        lexer.at,
        'document-delimiter',
        'a placeholder cannot be the delimiter of a here-document: write a fixed word',
      );
    }
    lexDelimiter(lexer, start, operator === '<<-');
  } else {
    const target = lexWord(lexer, 'target');
    lexer.found.redirections.push({ start, end: lexer.at, operator, target });
  }
  return true;
}
