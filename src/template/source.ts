// The text of a template together with its name, so that whoever finds something wrong in it can say where.
import { TemplateError } from './errors.ts';
import type { RuleId } from './lint/rules.ts';

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
export function templateErrorAt(source: TemplateSource, offset: number, rule: RuleId, finding: string): TemplateError {
  const { line, column } = positionAt(source.text, offset);
  return new TemplateError(source.file, line, column, finding, rule);
}

export function isInside(inner: Range, outer: Range): boolean {
  return inner.start >= outer.start && inner.end <= outer.end;
}
