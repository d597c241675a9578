// The text of a template with its name, its positions for messages, and insertions into it.
import { TemplateError } from './errors.ts';
import type { EnforcedRule } from './enforced-rules.ts';

export interface TemplateSource {
  readonly file: string;
  readonly text: string;
}

/** A range of the text: UTF-16 offsets, without the end. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface Position {
  /** Both count from 1, as editors do. */
  readonly line: number;
  readonly column: number;
}

export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}

/**
 * The error for this position.
 * @param rule the id that `lint` prints; undefined for an error that only the values of a task can cause
 * @param finding the fact and the next step
 */
export function templateErrorAt(
  source: TemplateSource,
  offset: number,
  rule: EnforcedRule | undefined,
  finding: string,
): TemplateError {
  const { line, column } = positionAt(source.text, offset);
  return new TemplateError(source.file, line, column, finding, rule);
}

/** The offset of the next newline, or of the end of the text. */
export function endOfLine(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline === -1 ? text.length : newline;
}

export function isInside(inner: Range, outer: Range): boolean {
  return inner.start >= outer.start && inner.end <= outer.end;
}

/** A text that replaces a range; an empty range inserts it. */
export interface Insertion extends Range {
  readonly text: string;
}

/** This part of the text with the insertions, which are within it, in order, and do not overlap. */
export function insertAll(text: string, part: Range, insertions: readonly Insertion[]): string {
  let filled = '';
  let at = part.start;
  for (const insertion of insertions) {
    filled += text.slice(at, insertion.start) + insertion.text;
    at = insertion.end;
  }
  return filled + text.slice(at, part.end);
}
