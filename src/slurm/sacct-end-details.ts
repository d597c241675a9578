// Parses facts about ended jobs that only accounting has: who cancelled a job, and the peak memory usage of its steps.
import { groupBy } from '../base/group-by.ts';
import type { CommandResult } from '../transport/transport.ts';
import { parseSacctTable, sacctWholeJobArgs } from './parse-sacct-table.ts';
import type { JobId, JobRecord } from './scheduler.ts';

const FIELDS = ['JobIDRaw', 'State', 'ReqMem', 'MaxRSS'];

export interface JobUsage {
  /** A uid; only the host can resolve its name. */
  readonly cancelledByUid: string | undefined;
  /** `50M`, of all steps on one node; undefined if it is not measured (slurm.conf(5), JobAcctGatherType). */
  readonly peakMemory: string | undefined;
  /** `50M`, `50M per node`, `1G per CPU`. */
  readonly memoryLimit: string | undefined;
}

/** Whether accounting may know more about the end of the job than the controller. */
export function isExplainedByAccounting({ stateWord }: Pick<JobRecord, 'stateWord'>): boolean {
  return /^(CANCELLED|OUT_OF_MEMORY)\b/.test(stateWord);
}

/** The arguments for the newest run of each job, with its steps. */
export function sacctUsageArgs(ids: readonly JobId[]): string[] {
  return [...sacctWholeJobArgs(FIELDS), '--units=M', `--jobs=${ids.join(',')}`];
}

/** Only a hint: nothing if the output of accounting is incomplete. */
export function parseSacctUsage(result: CommandResult): ReadonlyMap<JobId, JobUsage> {
  const table = parseSacctTable(result, FIELDS);
  if (table.kind === 'failed') return new Map();
  // `7.batch` and `7.0` are steps of job 7.
  const rows = groupBy(table.rows, ([id = '']) => id.replace(/\..*$/s, '') as JobId);
  return new Map([...rows].map(([id, its]) => [id, usageOf(its)]));
}

function usageOf(rows: readonly (readonly string[])[]): JobUsage {
  const peaks = rows.map(([, , , peak = '']) => Number(/^([\d.]+)M$/.exec(peak)?.[1] ?? 0));
  const peak = peaks.reduce((most, one) => Math.max(most, one), 0);
  const [, limit, per = ''] = /^([\d.]+[KMGTP])([nc]?)$/.exec(rows[0]?.[2] ?? '') ?? [];
  return {
    cancelledByUid: rows.flatMap(([, state = '']) => /^CANCELLED by (\d+)$/.exec(state)?.[1] ?? [])[0],
    peakMemory: peak === 0 ? undefined : `${Math.ceil(peak)}M`,
    memoryLimit: limit === undefined ? undefined : `${limit}${{ n: ' per node', c: ' per CPU' }[per] ?? ''}`,
  };
}
