// What is wrong with a template, or with a value in it: always a file, a line, what was found and what to write instead.
import type { RefusalRule } from './refusal-rules.ts';

/** Thrown when a template can't be used or can't be rendered for this task: nothing was submitted, a person must act. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What was found, and what to write instead; one or two sentences. */
  readonly finding: string;
  /** By which `lint` tells of it; undefined for what only a task's values can bring about. */
  readonly rule: RefusalRule | undefined;

  constructor(file: string, line: number, column: number, finding: string, rule?: RefusalRule) {
    super(`${file}:${line}:${column}: ${finding}`);
    this.file = file;
    this.line = line;
    this.column = column;
    this.finding = finding;
    this.rule = rule;
  }
}

/** What the reading comes to; or undefined, with its problem put to the others, where the rest shall be looked at all the same. */
export function catchTemplateError<Result>(problems: TemplateError[], read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    problems.push(error);
    return undefined;
  }
}

/** @throws the first of the problems, if there is one */
export function throwFirst([first]: readonly TemplateError[]): void {
  if (first !== undefined) throw first;
}
