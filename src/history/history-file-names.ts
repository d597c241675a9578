// The files of the history: one for each month (UTC), compressed once the month is over, deleted after a year.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessMissing } from '../base/missing-files.ts';

export interface MonthFile {
  readonly path: string;
  /** `2026-11`. */
  readonly month: string;
  /** Of `execute`: the id of its task, as each process that runs at the same time has its own files. */
  readonly writer: string | undefined;
  readonly isCompressed: boolean;
}

const NAME = /^(\d{4}-\d{2})(?:\.([0-9a-f]+))?\.jsonl(\.gz)?$/;

/** @param stateDir of a cluster */
export function historyDir(stateDir: string): string {
  return join(stateDir, 'history');
}

/** @param at milliseconds since 1970 */
export function monthOf(at: number): string {
  return new Date(at).toISOString().slice(0, 7);
}

/** The month that begins `count` months before the one of this time. */
export function monthsBefore(at: number, count: number): string {
  const date = new Date(at);
  return monthOf(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - count, 1));
}

export function monthFile(folder: string, month: string, writer?: string): string {
  return join(folder, `${month}${writer === undefined ? '' : `.${writer}`}.jsonl`);
}

/** The files, the oldest month first; none if there is no history. */
export async function listMonthFiles(folder: string): Promise<MonthFile[]> {
  const names = (await unlessMissing(readdir(folder))) ?? [];
  return names.sort().flatMap((name) => {
    const [, month, writer, compressed] = NAME.exec(name) ?? [];
    return month === undefined
      ? []
      : { path: join(folder, name), month, writer, isCompressed: compressed !== undefined };
  });
}
