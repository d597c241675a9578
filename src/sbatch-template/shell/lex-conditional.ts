// Lexes `[[ … ]]`, some of whose operators evaluate their operands as arithmetic (bash(1), "CONDITIONAL EXPRESSIONS").
import type { Word } from './lexer-result.ts';
import { skipLines } from './skip-whitespace.ts';
import { isNext, matchHere, unclosed, type Lexer } from './lexer-state.ts';
import { lexWord } from './lex-words.ts';

const ARITHMETIC_OPERATORS = ['-eq', '-ne', '-lt', '-le', '-gt', '-ge'];

/** Reads from `[[` up to and including `]]`. */
export function lexConditional(lexer: Lexer): void {
  const start = lexer.at;
  lexer.at += 2;
  const words: Word[] = [];
  for (;;) {
    skipLines(lexer);
    if (lexer.at >= lexer.end) throw unclosed(lexer, start, '[[');
    if (isNext(lexer, ']]') && endsHere(lexer)) break;
    const isExpression = words.at(-1)?.text === '=~';
    const operator = isExpression ? undefined : matchHere(lexer, /&&|\|\||[()<>]/y);
    if (operator === undefined || matchHere(lexer, /[<>]\(/y) !== undefined) {
      words.push(lexWord(lexer, isExpression ? 'expression' : 'operand'));
    } else {
      lexer.at += operator.length;
    }
  }
  lexer.at += 2;
  lexer.found.commands.push({
    start,
    end: lexer.at,
    assignments: [],
    words: [{ start, end: start + 2, text: '[[' }, ...words],
  });
  words.forEach(({ text }, index) => {
    if (!ARITHMETIC_OPERATORS.includes(text)) return;
    for (const operand of [words[index - 1], words[index + 1]]) {
      if (operand !== undefined)
        lexer.found.arithmetic.push({ start: operand.start, end: operand.end, where: `[[ … ${text} … ]]` });
    }
  });
}

/** A nested script ends at its quote or backquote, before the end of the text. */
function endsHere(lexer: Lexer): boolean {
  return lexer.at + 2 === lexer.end || matchHere(lexer, /\]\](?=[\s;&|()<>`])/y) !== undefined;
}
