// What is wrong with a template, or with a value in it: always a file, a line, what was found and what to write instead.

/** Thrown when a template can't be used or can't be rendered for this task: nothing was submitted, a person must act. */
export class TemplateProblem extends Error {
  override readonly name = 'TemplateProblem';
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What was found, and what to write instead; one or two sentences. */
  readonly finding: string;

  constructor(file: string, line: number, column: number, finding: string) {
    super(`${file}:${line}:${column}: ${finding}`);
    this.file = file;
    this.line = line;
    this.column = column;
    this.finding = finding;
  }
}
