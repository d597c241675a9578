// Checks rendered here-documents: no value may end the document or lose a character in it.
import { insertAll, templateErrorAt, type Insertion, type TemplateSource } from './template-source.ts';
import { endsDocument, logicalLines } from './shell/lex-here-documents.ts';
import type { HereDocument } from './shell/lexer-result.ts';

/** bash joins such lines before it reads the document, even within single quotes of a command in it. */
const CONTINUATION = /(?<!\\)(?:\\\\)*\\\n/;

/** @throws TemplateError if a value would end the document, so that the text after it would be run as commands */
export function checkHereDocument(
  source: TemplateSource,
  document: HereDocument,
  insertions: readonly Insertion[],
): void {
  const { body, isQuoted, delimiter } = document;
  for (const line of logicalLines(source.text.slice(0, body.end), body.start, isQuoted)) {
    const within = insertions.filter(({ start, end }) => start >= line.start && end <= line.end);
    const [first] = within;
    if (first === undefined) continue;
    if (document.stripsTabs && within.some(({ text }) => text.includes('\t'))) {
      throw templateErrorAt(
        source,
        first.start,
        'document-text',
        'the value contains a tab, which <<- removes: write << instead of <<-',
      );
    }
    const filled = insertAll(source.text, line, within);
    if (losesLineEnds(filled, source.text.slice(line.start, line.end), within, document)) {
      throw templateErrorAt(
        source,
        first.start,
        'document-text',
        'a line of the value ends with a backslash, which bash would remove: add a character after the backslash, or remove |raw',
      );
    }
    const lines = filled === '' ? [''] : Array.from(logicalLines(filled, 0, isQuoted), ({ text }) => text);
    if (!lines.some((text) => endsHere(text, document))) continue;
    throw templateErrorAt(
      source,
      first.start,
      'document-text',
      `with this value, the line would be "${delimiter}" and end the here-document: use another word after <<`,
    );
  }
}

/** Within a command substitution, bash before 5.2 joins lines at every backslash before a newline, quoted or not. */
function losesLineEnds(
  filled: string,
  written: string,
  insertions: readonly Insertion[],
  { isNested, isQuoted }: HereDocument,
): boolean {
  const isLost = !isQuoted && insertions.some(({ text }) => CONTINUATION.test(text));
  return isLost || (isNested && continuations(filled) > continuations(written));
}

function continuations(line: string): number {
  return `${line}\n`.split('\\\n').length - 1;
}

/** Within a command substitution, older bashes end a document at a line that only begins with its delimiter. */
function endsHere(line: string, document: HereDocument): boolean {
  const text = document.stripsTabs ? line.replace(/^\t+/, '') : line;
  return endsDocument(line, document) || (document.isNested && text.startsWith(document.delimiter));
}
