// Lexes redirections: `>file`, `2>&1`, `<<<word`, and the operators of here-documents (bash(1), "REDIRECTION").
import { parsePlaceholder } from '../placeholders/parse-placeholder.ts';
import { templateErrorAt } from '../template-source.ts';
import { lexDelimiter } from './lex-here-documents.ts';
import { skipSpaces } from './skip-whitespace.ts';
import { matchHere, type Lexer } from './lexer-state.ts';
import { lexWord } from './lex-words.ts';

const DESCRIPTOR_AND_OPERATOR = /(?:[0-9]+|\{[A-Za-z_]\w*\})?(?:<<<|<<-|<<|<>|<&|>>|>&|>\||&>>|&>|<(?!\()|>(?!\())/y;

/** Reads a redirection and returns whether one begins here. `<(` and `>(` begin a word. */
export function lexRedirection(lexer: Lexer): boolean {
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
