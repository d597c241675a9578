// The poll interval: short while jobs change, longer while nothing does, and bounded by the load on a slow controller.
import type { Entry } from '../journal/entry.ts';
import { whatItWaitsFor } from '../../slurm/reasons/explain-wait.ts';
import type { Job } from '../../slurm/scheduler.ts';
import type { Snapshot } from './poll.ts';

/** What determines when the next poll is due. */
export interface PollResult {
  /** How many tasks are tracked. */
  readonly tracked: number;
  /** Slurm is about to show a change: a job was submitted or cancelled, or is being looked up. */
  readonly isChangeExpected: boolean;
  /** How many polls in a row showed no change. */
  readonly quietPolls: number;
  /** How long Slurm took to list the jobs. */
  readonly slurmMs: number;
}

/** The longest interval, as a multiple of the setting. */
const MAX_FACTOR = 4;
/** Slurm lists a new job, and drops a cancelled one, some seconds after the command. */
export const SOON_MS = 5_000;
/** After this many polls without a change the interval doubles, and after twice as many it doubles again. */
const QUIET_POLLS = 4;
/** Our polls may use at most a twentieth of the controller's time (sdiag shows the cost of each user's RPCs). */
export const LOAD_FACTOR = 20;

/** The setting and its bound. */
export interface PollLimits {
  /** `poll_interval_sec`: the interval while jobs change. */
  readonly baseMs: number;
  /** How long Slurm lists an ended job (MinJobAge): a poll must see it there. */
  readonly minJobAgeMs: number;
}

/** Returns the delay until the next poll, in milliseconds. */
export function nextPollDelayMs(
  { baseMs, minJobAgeMs }: PollLimits,
  { tracked, isChangeExpected, quietPolls, slurmMs }: PollResult,
): number {
  if (isChangeExpected)
    return Math.max(Math.min(baseMs, SOON_MS), Math.min(LOAD_FACTOR * slurmMs, MAX_FACTOR * baseMs));
  const isIdle = tracked === 0;
  const factor = isIdle || quietPolls >= 2 * QUIET_POLLS ? MAX_FACTOR : quietPolls >= QUIET_POLLS ? 2 : 1;
  const wantedMs = Math.max(factor * baseMs, LOAD_FACTOR * slurmMs);
  const mostMs = isIdle ? Infinity : Math.max(baseMs, minJobAgeMs / 2);
  return Math.min(wantedMs, MAX_FACTOR * baseMs, mostMs);
}

/** Whether the task is in a transient state, so that the next poll must come soon. */
export function isAwaitingChange({ step, endSeenAt, absentSince, astraySince, stoppingSince }: Entry): boolean {
  return step !== 'following' || [endSeenAt, absentSince, astraySince, stoppingSince].some((at) => at !== undefined);
}

/**
 * Returns a hash of the state of all jobs and tasks. Kept instead of the snapshot, which with 50,000 jobs takes as much memory as
 * everything else.
 */
export function fingerprint({ tasks, jobs }: Pick<Snapshot, 'tasks' | 'jobs'>): number {
  let sum = 0;
  for (const [task, { status }] of tasks) sum = (sum + hash(task, status)) | 0;
  // The sum ignores the order: Slurm lists jobs by priority, which changes all the time.
  for (const [task, ofTask] of jobs)
    for (const job of ofTask) sum = (sum + hash(task, job.id, job.state, reasonOf(job))) | 0;
  return sum;
}

/** Not of a job in several partitions: Slurm shows their reasons in turn, so no poll would be without a change. */
function reasonOf(job: Job): string {
  return job.partition.includes(',') ? '' : whatItWaitsFor(job);
}

/** FNV-1a, 32 bits, with a space after each text. */
function hash(...texts: readonly string[]): number {
  let value = 0x811c9dc5;
  for (const text of texts) {
    for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
    value = Math.imul(value ^ 0x20, 0x01000193);
  }
  return value;
}
