// How doctor's findings are shown: to a person as a list with marks, to a program as JSON. Pure.
import type { Check, Verdict } from './verdict.ts';

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

export function countBad(sections: readonly Section[]): number {
  return sections.flatMap(({ findings }) => findings).filter(({ mark }) => mark === 'bad').length;
}

/** A line for each check, and below a bad one what to do. */
export function formatSections(sections: readonly Section[]): string {
  const width = Math.max(...sections.flatMap(({ findings }) => findings.map(({ id }) => id.length)));
  return sections
    .map(({ title, findings }) => {
      const lines = findings.map(({ id, mark, says, fix }) => {
        const line = `${MARKS[mark]} ${id.padEnd(width)}  ${indented(says, width)}\n`;
        return fix === undefined ? line : `${line}${' '.repeat(width + 4)}→ ${fix}.\n`;
      });
      return `${title === undefined ? '' : `\n${title}\n`}${lines.join('')}`;
    })
    .join('');
}

function indented(says: string, width: number): string {
  return says.replaceAll('\n', `\n${' '.repeat(width + 4)}`);
}

export function formatSummary(sections: readonly Section[]): string {
  const count = countBad(sections);
  if (count === 0) return 'Nothing is in the way.\n';
  return count === 1 ? 'One thing is in the way.\n' : `${count} things are in the way.\n`;
}

const RESULTS = { good: 'ok', bad: 'failed', open: 'skipped' } as const;

export function formatDoctorJson(sections: readonly Section[]): string {
  const checks = sections.flatMap(({ title, findings }) =>
    findings.map(({ id, asks, mark, says, fix }) => ({ section: title, id, asks, result: RESULTS[mark], says, fix })),
  );
  return `${JSON.stringify({ checks, failed: countBad(sections) }, null, 2)}\n`;
}
