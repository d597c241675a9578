// The text of a template together with its name, so that whoever finds something wrong in it can say where.
import { TemplateError } from './errors.ts';
import type { RefusalRule } from './refusal-rules.ts';

export interface TemplateSource {
  readonly file: string;
  readonly text: string;
}

/** A stretch of the template: UTF-16 offsets, the end not included. */
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

/** What was found, and what to write instead, at the place where it was found; the rule is the one that `lint` tells it by. */
export function templateErrorAt(source: TemplateSource, offset: number, rule: RefusalRule, finding: string): TemplateError {
  const { line, column } = positionAt(source.text, offset);
  return new TemplateError(source.file, line, column, finding, rule);
}

export function isInside(inner: Range, outer: Range): boolean {
  return inner.start >= outer.start && inner.end <= outer.end;
}

/** What comes in the place of a stretch; an empty stretch is a place between two characters. */
export interface Insertion extends Range {
  readonly text: string;
}

/** This part of the text, filled in. The insertions are within it, in order, and apart from each other. */
export function insertAll(text: string, part: Range, insertions: readonly Insertion[]): string {
  let filled = '';
  let at = part.start;
  for (const insertion of insertions) {
    filled += text.slice(at, insertion.start) + insertion.text;
    at = insertion.end;
  }
  return filled + text.slice(at, part.end);
}
