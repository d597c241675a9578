// Parses the report of `doctor --json` for tests.
import * as z from 'zod';
import type { DoctorProblem } from '../doctor/seed-problem.ts';

const Report = z.object({
  failed: z.number(),
  checks: z.array(
    z.object({
      section: z.string().optional(),
      id: z.string(),
      asks: z.string(),
      result: z.enum(['ok', 'failed', 'skipped']),
      says: z.string(),
      fix: z.string().optional(),
    }),
  ),
});

export type Row = z.infer<typeof Report>['checks'][number];

export interface DoctorReport {
  readonly code: number | null;
  readonly failed: readonly Row[];
  readonly row: (id: string) => Row;
  /** Returns undefined if each problem is found by its check, with its message, and nothing else is found. */
  readonly mismatch: (...problems: readonly DoctorProblem[]) => string | undefined;
}

export function readReport({
  code,
  stdout,
  stderr,
}: {
  code: number | null;
  stdout: string;
  stderr: string;
}): DoctorReport {
  const { checks } = Report.parse(JSON.parse(stdout));
  const failed = checks.filter(({ result }) => result === 'failed');
  return {
    code,
    failed,
    row(id) {
      const found = checks.find((check) => check.id === id);
      if (found === undefined) throw new Error(`no ${id} in ${stdout}\n${stderr}`);
      return found;
    },
    mismatch(...problems) {
      const isSo =
        failed.length === problems.length &&
        problems.every(({ check, says }) => failed.some((row) => row.id === check && says.test(row.says))) &&
        failed.every(({ fix }) => /^[A-Z]/.test(fix ?? ''));
      return isSo ? undefined : JSON.stringify(failed, null, 2);
    },
  };
}
