// Skips what separates the words of a script: spaces, newlines with the here-documents after them, and comments.
import { endOfLine } from '../template-source.ts';
import { lexPendingDocuments } from './lex-here-documents.ts';
import { isNext, peek, type Lexer } from './lexer-state.ts';

/** Skips spaces, tabs and line continuations, but no newline, which ends a command. */
export function skipSpaces(lexer: Lexer): void {
  for (;;) {
    if (isNext(lexer, '\\\n')) lexer.at += 2;
    else if (peek(lexer) === ' ' || peek(lexer) === '\t') lexer.at += 1;
    else return;
  }
}

/** Skips spaces, newlines and comments. */
export function skipLines(lexer: Lexer): void {
  for (;;) {
    skipSpaces(lexer);
    if (peek(lexer) === '\n') lexNewline(lexer);
    else if (peek(lexer) === '#') lexComment(lexer);
    else return;
  }
}

function lexNewline(lexer: Lexer): void {
  lexer.at += 1;
  lexPendingDocuments(lexer);
}

/** Skips to the end of the line, with any placeholders in it. */
function lexComment(lexer: Lexer): void {
  lexer.found.comments.push(lexer.at);
  lexer.at = Math.min(endOfLine(lexer.source.text, lexer.at), lexer.end);
}
