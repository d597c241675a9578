// Parses facts about an ended job that only accounting has: who cancelled it, and the peak memory usage of its steps.
import type { CommandResult } from '../transport/transport.ts';
import { parseSacctTable, sacctWholeJobArgs } from './parse-sacct-table.ts';
import type { JobId } from './scheduler.ts';

const FIELDS = ['State', 'ReqMem', 'MaxRSS'];

export interface JobUsage {
  /** A uid; only the host can resolve its name. */
  readonly cancelledByUid: string | undefined;
  /** `50M`, of all steps on one node; undefined if it is not measured (slurm.conf(5), JobAcctGatherType). */
  readonly peakMemory: string | undefined;
  /** `50M`, `50M per node`, `1G per CPU`. */
  readonly memoryLimit: string | undefined;
}

/** The arguments for the newest run of a job, with its steps. */
export function sacctUsageArgs(id: JobId): string[] {
  return [...sacctWholeJobArgs(FIELDS), '--units=M', `--jobs=${id}`];
}

/** Only a hint: undefined if the output of accounting is incomplete. */
export function parseSacctUsage(result: CommandResult): JobUsage | undefined {
  const table = parseSacctTable(result, FIELDS);
  if (table.kind === 'failed') return undefined;
  const peaks = table.rows.map(([, , peak = '']) => Number(/^([\d.]+)M$/.exec(peak)?.[1] ?? 0));
  const peak = Math.max(0, ...peaks);
  const [, limit, per = ''] = /^([\d.]+[KMGTP])([nc]?)$/.exec(table.rows[0]?.[1] ?? '') ?? [];
  return {
    cancelledByUid: table.rows.flatMap(([state = '']) => /^CANCELLED by (\d+)$/.exec(state)?.[1] ?? [])[0],
    peakMemory: peak === 0 ? undefined : `${Math.ceil(peak)}M`,
    memoryLimit: limit === undefined ? undefined : `${limit}${{ n: ' per node', c: ' per CPU' }[per] ?? ''}`,
  };
}
