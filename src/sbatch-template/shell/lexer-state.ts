// The state of the bash lexer and the steps that all its parts share.
import { escapedPlaceholder, parsePlaceholder } from '../placeholders/parse-placeholder.ts';
import { templateErrorAt, type TemplateSource } from '../template-source.ts';
import type { TemplateError } from '../errors.ts';
import type { HereDocument, LexedScript, QuotingContext } from './lexer-result.ts';

/** A here-document whose text begins after the next newline. */
export type PendingDocument = Omit<HereDocument, 'body' | 'isNested'>;

type Mutable<Lists> = { [Key in keyof Lists]: Lists[Key] extends readonly (infer Item)[] ? Item[] : Lists[Key] };

export interface Lexer {
  readonly source: TemplateSource;
  readonly found: Mutable<LexedScript>;
  /** The next character to read. */
  at: number;
  /** The lexer stops here. */
  end: number;
  /** How many command substitutions are open. */
  depth: number;
  pending: PendingDocument[];
  /** Reads commands up to and including a closing parenthesis; a member, because words and commands contain each other. */
  readonly lexSubstitution: (lexer: Lexer, openedAt: number) => void;
}

export function peek({ at, end, source }: Lexer): string {
  return at < end ? (source.text[at] ?? '') : '';
}

export function isNext(lexer: Lexer, expected: string): boolean {
  return lexer.at + expected.length <= lexer.end && lexer.source.text.startsWith(expected, lexer.at);
}

/** The match of a sticky expression here, or undefined. */
export function matchHere(lexer: Lexer, pattern: RegExp): string | undefined {
  pattern.lastIndex = lexer.at;
  const match = pattern.exec(lexer.source.text)?.[0];
  return match === undefined || lexer.at + match.length > lexer.end ? undefined : match;
}

export function unclosed(lexer: Lexer, openedAt: number, what: string): TemplateError {
  return templateErrorAt(
    lexer.source,
    openedAt,
    'unclosed-syntax',
    `this ${what} is not closed, and bash cannot run the script: close it`,
  );
}

/**
 * Reads a placeholder, if one begins here.
 * @param context as far as the lexer knows it; `assignContexts` may replace it
 */
export function lexPlaceholder(lexer: Lexer, context: QuotingContext): boolean {
  const placeholder = parsePlaceholder(lexer.source, lexer.at);
  if (placeholder === undefined) return false;
  if (placeholder.kind === 'value') lexer.found.occurrences.push({ placeholder, context });
  else lexer.found.blocks.push({ placeholder, isNested: lexer.depth > 0, within: context.kind });
  lexer.at = placeholder.end;
  return true;
}

/** Reads a backslash and the character that it escapes. @throws TemplateError before a placeholder, because it is ambiguous */
export function lexEscape(lexer: Lexer): void {
  if (parsePlaceholder(lexer.source, lexer.at + 1) !== undefined) throw escapedPlaceholder(lexer.source, lexer.at);
  lexer.at = Math.min(lexer.at + 2, lexer.end);
}

/** Runs the reader. If it returns false, the state of the lexer is restored. */
export function attempt(lexer: Lexer, read: () => boolean): boolean {
  const at = lexer.at;
  const pending = [...lexer.pending];
  const lists = Object.values(lexer.found).map((list) => ({ list, length: list.length }));
  if (read()) return true;
  lexer.at = at;
  lexer.pending = pending;
  for (const { list, length } of lists) list.length = length;
  return false;
}
