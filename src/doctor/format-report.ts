// Formats the results of doctor: as a list for users, as JSON for programs.
import { wrapText } from '../base/wrap-text.ts';
import type { Check, CheckResult } from './check-result.ts';

/** The result of one check. */
export interface Finding extends CheckResult {
  readonly id: string;
  readonly question: string;
  /** Only if the check failed. */
  readonly fix: string | undefined;
}

export interface Section {
  /** undefined for the first section. */
  readonly title: string | undefined;
  readonly findings: readonly Finding[];
}

export function examine<Facts>(title: string | undefined, checks: readonly Check<Facts>[], facts: Facts): Section {
  return {
    title,
    findings: checks.map(({ id, question, fix, check }) => {
      const result = check(facts);
      return { id, question, ...result, fix: result.status === 'failed' ? fix : undefined };
    }),
  };
}

const MARKS = { passed: '✔', failed: '✘', skipped: '–' } as const;
const COLORS = { passed: 'good', failed: 'bad' } as const;

export function countFailed(sections: readonly Section[]): number {
  return sections.flatMap(({ findings }) => findings).filter(({ status }) => status === 'failed').length;
}

export interface ReportStyle {
  readonly paint: (color: 'good' | 'bad', text: string) => string;
  /** Width of the terminal; lines are not wrapped if it is infinite. */
  readonly columns: number;
}

/** A line for each check, followed by the fix if it failed. */
export function formatSections(sections: readonly Section[], { paint, columns }: ReportStyle): string {
  const width = Math.max(...sections.flatMap(({ findings }) => findings.map(({ id }) => id.length)));
  const indent = ' '.repeat(width + 4);
  const right = (text: string): string =>
    text
      .split('\n')
      .map((line) => wrapText(line, { indent, width: columns }))
      .join('');
  return sections
    .map(({ title, findings }) => {
      const lines = findings.map(({ id, status, message, fix }) => {
        const mark = status === 'skipped' ? MARKS[status] : paint(COLORS[status], MARKS[status]);
        const line = `${mark} ${id.padEnd(width)}  ${right(message).slice(indent.length)}`;
        return fix === undefined ? line : `${line}${right(`→ ${fix}.`)}`;
      });
      return `${title === undefined ? '' : `\n${title}\n`}${lines.join('')}`;
    })
    .join('');
}

export function formatSummary(sections: readonly Section[]): string {
  const count = countFailed(sections);
  if (count === 0) return 'No problems found.\n';
  return `${count} ${count === 1 ? 'problem' : 'problems'} found.\n`;
}

const JSON_RESULTS = { passed: 'ok', failed: 'failed', skipped: 'skipped' } as const;

export function formatDoctorJson(sections: readonly Section[]): string {
  const checks = sections.flatMap(({ title, findings }) =>
    findings.map(({ id, question, status, message, fix }) => ({
      section: title,
      id,
      asks: question,
      result: JSON_RESULTS[status],
      says: message,
      fix,
    })),
  );
  return `${JSON.stringify({ checks, failed: countFailed(sections) }, null, 2)}\n`;
}
