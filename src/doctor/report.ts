// How doctor's findings are shown: to a person as a list with marks, to a program as JSON. Pure.
import { wrapText } from '../base/wrap-text.ts';
import type { Check, Verdict } from './result.ts';

/** One row that was judged. */
export interface Finding extends Verdict {
  readonly id: string;
  readonly asks: string;
  /** Only for a bad one. */
  readonly fix: string | undefined;
}

/** Findings about the same thing. */
export interface Section {
  /** undefined for what comes first. */
  readonly title: string | undefined;
  readonly findings: readonly Finding[];
}

export function examine<Facts>(title: string | undefined, checks: readonly Check<Facts>[], facts: Facts): Section {
  return {
    title,
    findings: checks.map(({ id, asks, fix, judge }) => {
      const verdict = judge(facts);
      return { id, asks, ...verdict, fix: verdict.mark === 'bad' ? fix : undefined };
    }),
  };
}

const MARKS = { good: '✔', bad: '✘', open: '–' } as const;

export function countFailed(sections: readonly Section[]): number {
  return sections.flatMap(({ findings }) => findings).filter(({ mark }) => mark === 'bad').length;
}

export interface Look {
  /** Gives a mark its color. */
  readonly paint: (mark: 'good' | 'bad', shown: string) => string;
  /** Of the terminal; without one, nothing is broken into lines. */
  readonly columns: number;
}

/** A line for each check, and below a bad one what to do. */
export function formatSections(sections: readonly Section[], { paint, columns }: Look): string {
  const width = Math.max(...sections.flatMap(({ findings }) => findings.map(({ id }) => id.length)));
  const indent = ' '.repeat(width + 4);
  const right = (text: string): string =>
    text
      .split('\n')
      .map((line) => wrapText(line, { indent, width: columns }))
      .join('');
  return sections
    .map(({ title, findings }) => {
      const lines = findings.map(({ id, mark, says, fix }) => {
        const shown = mark === 'open' ? MARKS[mark] : paint(mark, MARKS[mark]);
        const line = `${shown} ${id.padEnd(width)}  ${right(says).slice(indent.length)}`;
        return fix === undefined ? line : `${line}${right(`→ ${fix}.`)}`;
      });
      return `${title === undefined ? '' : `\n${title}\n`}${lines.join('')}`;
    })
    .join('');
}

export function formatSummary(sections: readonly Section[]): string {
  const count = countFailed(sections);
  if (count === 0) return 'Nothing is in the way.\n';
  return count === 1 ? 'One thing is in the way.\n' : `${count} things are in the way.\n`;
}

const RESULTS = { good: 'ok', bad: 'failed', open: 'skipped' } as const;

export function formatDoctorJson(sections: readonly Section[]): string {
  const checks = sections.flatMap(({ title, findings }) =>
    findings.map(({ id, asks, mark, says, fix }) => ({ section: title, id, asks, result: RESULTS[mark], says, fix })),
  );
  return `${JSON.stringify({ checks, failed: countFailed(sections) }, null, 2)}\n`;
}
