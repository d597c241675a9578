// What stands between the words of a script: placeholders, newlines with the here-documents behind them, comments.
import { lexPendingDocuments } from './here-documents.ts';
import { looksAt, peek, type Lexer } from './lexer.ts';

/** Placeholders and continued lines; a newline ends a command and is not skipped. */
export function skipSpaces(lexer: Lexer): void {
  for (;;) {
    if (looksAt(lexer, '\\\n')) lexer.at += 2;
    else if (peek(lexer) === ' ' || peek(lexer) === '\t') lexer.at += 1;
    else return;
  }
}

/** Placeholders, newlines and comments. */
export function skipLines(lexer: Lexer): void {
  for (;;) {
    skipSpaces(lexer);
    if (peek(lexer) === '\n') lexNewline(lexer);
    else if (peek(lexer) === '#') lexComment(lexer);
    else return;
  }
}

export function lexNewline(lexer: Lexer): void {
  lexer.at += 1;
  lexPendingDocuments(lexer);
}

/** Everything to the end of the line; the placeholders in it are left alone. */
export function lexComment(lexer: Lexer): void {
  lexer.found.comments.push(lexer.at);
  const newline = lexer.source.text.indexOf('\n', lexer.at);
  lexer.at = newline === -1 ? lexer.end : Math.min(newline, lexer.end);
}
