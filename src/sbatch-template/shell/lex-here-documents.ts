// Lexes here-documents: their delimiters, their ends, and the placeholders in them (bash(1), "Here Documents").
import { endOfLine, templateErrorAt } from '../template-source.ts';
import { lexPiece } from './lex-expansions.ts';
import { lexPlaceholder, peek, type Lexer, type PendingDocument } from './lexer-state.ts';
import type { QuotingContext } from './lexer-result.ts';

/** Reads the texts of the documents that the previous line announces. */
export function lexPendingDocuments(lexer: Lexer): void {
  const announced = lexer.pending;
  lexer.pending = [];
  announced.forEach((document, index) =>
    lexDocument(lexer, document, contextOf(document, lexer.depth > 0 && index > 0)),
  );
}

/** In a command substitution, bash before 5.2 recognizes one document for each line, and runs the text of the next one as commands. */
function contextOf({ isQuoted }: PendingDocument, isOverlooked: boolean): QuotingContext {
  if (isOverlooked) return { kind: 're-evaluated', by: 'bash before 5.2, in the second here-document of a line' };
  return { kind: isQuoted ? 'quoted here-document' : 'here-document' };
}

function lexDocument(lexer: Lexer, document: PendingDocument, context: QuotingContext): void {
  const body = { start: lexer.at, end: endOfBody(lexer, document) };
  const outerEnd = lexer.end;
  lexer.end = body.end;
  while (lexer.at < lexer.end) {
    if (!document.isQuoted) lexPiece(lexer, 'document', context);
    else if (!lexPlaceholder(lexer, context)) lexer.at += 1;
  }
  lexer.end = outerEnd;
  lexer.found.documents.push({ ...document, body, isNested: lexer.depth > 0 });
  lexer.at = Math.min(endOfLine(lexer.source.text, body.end) + 1, lexer.end);
}

function endOfBody(lexer: Lexer, document: PendingDocument): number {
  const text = lexer.source.text.slice(0, lexer.end);
  for (const line of logicalLines(text, lexer.at, document.isQuoted)) {
    if (endsDocument(line.text, document)) return line.start;
  }
  throw templateErrorAt(
    lexer.source,
    document.operatorAt,
    'unclosed-syntax',
    `this here-document is not closed: write ${document.delimiter} alone on a line`,
  );
}

export function endsDocument(line: string, document: Pick<PendingDocument, 'delimiter' | 'stripsTabs'>): boolean {
  return (document.stripsTabs ? line.replace(/^\t+/, '') : line) === document.delimiter;
}

/** The lines from this offset. With an unquoted delimiter, a backslash at the end of a line joins it with the next one. */
export function* logicalLines(
  text: string,
  from: number,
  isQuoted: boolean,
): Generator<{ start: number; end: number; text: string }> {
  for (let start = from; start < text.length;) {
    let end = endOfLine(text, start);
    let line = text.slice(start, end);
    while (!isQuoted && /(?<!\\)(?:\\\\)*\\$/.test(line) && end < text.length) {
      const next = endOfLine(text, end + 1);
      line = line.slice(0, -1) + text.slice(end + 1, next);
      end = next;
    }
    yield { start, end, text: line };
    start = end + 1;
  }
}

/** Reads the delimiter after `<<` or `<<-`. Any quote in it makes the document literal. */
export function lexDelimiter(lexer: Lexer, operatorAt: number, stripsTabs: boolean): void {
  let delimiter = '';
  let isQuoted = false;
  for (let quote = ''; lexer.at < lexer.end; lexer.at += 1) {
    const character = peek(lexer);
    if (quote === '' && ' \t\n|&;()<>'.includes(character)) break;
    if (quote === '' ? character === "'" || character === '"' : character === quote) {
      quote = quote === '' ? character : '';
      isQuoted = true;
    } else if (character === '\\' && quote !== "'") {
      isQuoted = true;
      lexer.at += 1;
      delimiter += peek(lexer);
    } else {
      delimiter += character;
    }
  }
  lexer.pending.push({ operatorAt, delimiter, isQuoted, stripsTabs });
}
