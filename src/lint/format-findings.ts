// Formats the findings of `lint` as text and as JSON.
import { wrapText } from '../base/wrap-text.ts';
import { RULES, severityOf, type Finding } from './lint-rules.ts';
import type { Paint } from '../base/terminal-text.ts';

export interface LintedFile {
  /** The file name as given by the user. */
  readonly file: string;
  readonly findings: readonly Finding[];
  /** The lines of the file, for excerpts. */
  readonly lines: readonly string[];
}

export interface Counts {
  readonly errors: number;
  readonly warnings: number;
  readonly notes: number;
}

export function countFindings(files: readonly LintedFile[]): Counts {
  const severities = files.flatMap(({ findings }) => findings.map(severityOf));
  const count = (wanted: string): number => severities.filter((severity) => severity === wanted).length;
  return { errors: count('error'), warnings: count('warning'), notes: count('note') };
}

const COLORS = { error: 'bad', warning: 'doubtful', note: 'good' } as const;

/**
 * Each finding is `file:line:column rule severity: sentence`, an excerpt, the reason and the fix.
 * @param columns the width of the terminal; without one, lines are not wrapped, so that grep finds them
 */
export function formatFindings(files: readonly LintedFile[], paint: Paint, columns = Infinity): string {
  return files
    .flatMap(({ file, findings, lines }) => findings.map((finding) => formatFinding(file, finding, lines)))
    .join('');

  function formatFinding(file: string, finding: Finding, lines: readonly string[]): string {
    const { why, write } = RULES[finding.rule];
    const severity = severityOf(finding);
    const head = `${file}:${finding.line}:${finding.column} ${finding.rule} `;
    const first = hangingIndent(`${head}${severity}: ${finding.sentence}`, 4, columns);
    const painted = first.startsWith(`${head}${severity}:`)
      ? `${head}${paint(COLORS[severity], severity)}${first.slice(head.length + severity.length)}`
      : first;
    return `${painted}${excerpt(lines, finding, columns)}${hangingIndent(`    why: ${why}`, 9, columns)}${hangingIndent(`    write: ${write}`, 11, columns)}`;
  }
}

const EXCERPT_WIDTH = 76;

/** Returns the line with a caret below the finding's column; a long line is truncated around it. */
function excerpt(lines: readonly string[], { line, column }: Finding, columns: number): string {
  const text = lines[line - 1];
  if (text === undefined || text.trim() === '') return '';
  const width = Math.min(EXCERPT_WIDTH, columns - 4);
  const from = Math.max(0, column + 19 - width);
  // A tab counts as one column.
  const shown = text.slice(from, from + width).replaceAll('\t', ' ');
  return `    ${shown}\n    ${' '.repeat(Math.max(0, column - 1 - from))}^\n`;
}

/** @param by the indent of the first line's text and of all continuation lines */
function hangingIndent(text: string, by: number, width: number): string {
  const indent = ' '.repeat(by);
  return text.slice(0, by) + wrapText(text.slice(by), { indent, width }).slice(by);
}

export function formatLintJson(files: readonly LintedFile[], unchecked: readonly string[]): string {
  const findings = files.flatMap(({ file, findings: those }) =>
    those.map((finding) => {
      const { why, write } = RULES[finding.rule];
      return { file, ...finding, severity: severityOf(finding), why, write };
    }),
  );
  return `${JSON.stringify({ findings, ...countFindings(files), unchecked }, null, 2)}\n`;
}

/** `2 errors and 1 warning in 3 templates.` */
export function formatSummary(files: readonly LintedFile[]): string {
  const { errors, warnings, notes } = countFindings(files);
  const parts = [formatCount(errors, 'error'), formatCount(warnings, 'warning'), formatCount(notes, 'note')].filter(
    (part) => part !== '',
  );
  const where = files.length === 1 ? (files[0]?.file ?? '') : `${files.length} templates`;
  return `${parts.length === 0 ? 'No problems found' : parts.join(', ')} in ${where}.\n`;
}

function formatCount(count: number, what: string): string {
  return count === 0 ? '' : `${count} ${what}${count === 1 ? '' : 's'}`;
}
