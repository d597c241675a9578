// Parses a row of squeue or sacct, and Slurm's forms of an empty value.
import { isLive, parseJobState } from './job-state.ts';
import type { Job, JobId } from './scheduler.ts';

/** Environment for every command that prints times: seconds since 1970 need no time zone (squeue(1), sacct(1)). */
export const TIME_ENVIRONMENT = { SLURM_TIME_FORMAT: '%s' } as const;

/** The columns as printed. */
export interface JobRow {
  readonly id: string;
  readonly name: string;
  readonly stateWord: string;
  readonly reason: string;
  readonly partition: string;
  readonly nodes: string;
  readonly submitted: string;
  readonly start: string;
  readonly end: string;
}

/** The job of a row; undefined if the row is not a plain job (`99_[0-3]`, `12+1`, `13.batch`). */
export function parseJobRow(row: JobRow): Job | undefined {
  if (!isJobId(row.id)) return undefined;
  const state = parseJobState(row.stateWord);
  return {
    id: row.id,
    name: row.name,
    state,
    stateWord: row.stateWord,
    reason: parseText(row.reason),
    partition: row.partition,
    nodes: parseText(row.nodes),
    submittedAt: parseTime(row.submitted),
    startAt: parseTime(row.start),
    // For a running job, squeue shows when its time limit ends it.
    endedAt: isLive(state) ? undefined : parseTime(row.end),
  };
}

/** A task of a job array, a component of a heterogeneous job, or a step: `99_[0-3]`, `12+1`, `13.batch`. */
export const PART_OF_SEVERAL = /^\d+[_+.]/;

/** Ids of Slurm have at most ten digits. A longer number would be kept, and shown in ClearML. */
export function isJobId(text: string): text is JobId {
  return /^[1-9]\d{0,19}$/.test(text);
}

/** undefined for the words that Slurm prints for an empty value. */
export function parseText(text: string): string | undefined {
  return ['', 'None', 'N/A', 'n/a', '(null)', 'Unknown', 'None assigned'].includes(text) ? undefined : text;
}

/** Milliseconds since 1970; undefined for `N/A`, `NONE`, `Unknown` and any other text. */
function parseTime(text: string): number | undefined {
  return /^[1-9]\d{0,11}$/.test(text) ? Number(text) * 1000 : undefined;
}

/** Parses `3:0`, an exit code and a signal, as sacct and scontrol print them. */
export function parseExitCode(text: string): { exitCode: number | undefined; exitSignal: number | undefined } {
  const [, exitCode, exitSignal] = /^(\d+):(\d+)$/.exec(text) ?? [];
  return {
    exitCode: exitCode === undefined ? undefined : Number(exitCode),
    exitSignal: exitSignal === undefined || exitSignal === '0' ? undefined : Number(exitSignal),
  };
}
