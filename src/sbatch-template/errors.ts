// The error for a template, or for a value in it, with file, line, the fact and the next step.
import type { EnforcedRule } from './enforced-rules.ts';

/** Thrown if a template is invalid or cannot be rendered for this task: nothing was submitted, and a user must act. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The fact and the next step; one or two sentences. */
  readonly finding: string;
  /** The id that `lint` prints; undefined for errors that only the values of a task can cause. */
  readonly rule: EnforcedRule | undefined;

  constructor(file: string, line: number, column: number, finding: string, rule?: EnforcedRule) {
    super(`${file}:${line}:${column}: ${finding}`);
    this.file = file;
    this.line = line;
    this.column = column;
    this.finding = finding;
    this.rule = rule;
  }
}

/** The result; or undefined after a `TemplateError`, which is added to the list so that the caller can continue. */
export function catchTemplateError<Result>(problems: TemplateError[], read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    problems.push(error);
    return undefined;
  }
}
