// How the findings of `lint` are shown: to a person as lines, to a program as JSON.
import { RULES, severityOf, type Finding } from '../template/lint/rules.ts';

export interface LintedFile {
  /** As it was named. */
  readonly file: string;
  readonly findings: readonly Finding[];
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

/** `file:line:column rule severity: sentence`, and below it why and what to write. */
export function formatFindings(files: readonly LintedFile[]): string {
  return files
    .flatMap(({ file, findings }) =>
      findings.map((finding) => {
        const { why, write } = RULES[finding.rule];
        const place = `${file}:${finding.line}:${finding.column}`;
        return (
          `${place} ${finding.rule} ${severityOf(finding)}: ${finding.sentence}\n` +
          `    why: ${why}\n    write: ${write}\n`
        );
      }),
    )
    .join('');
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
  const parts = [counted(errors, 'error'), counted(warnings, 'warning'), counted(notes, 'note')].filter(
    (part) => part !== '',
  );
  const where = files.length === 1 ? (files[0]?.file ?? '') : `${files.length} templates`;
  return `${parts.length === 0 ? 'Nothing to say' : parts.join(', ')} in ${where}.\n`;
}

function counted(count: number, what: string): string {
  return count === 0 ? '' : `${count} ${what}${count === 1 ? '' : 's'}`;
}
