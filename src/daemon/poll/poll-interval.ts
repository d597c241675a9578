// The pace of looking at Slurm: often while something happens, seldom while nothing does, and never more than a slow controller bears.
import type { Entry } from '../journal/entry.ts';
import type { Snapshot } from './poll.ts';

/** What one look showed, as far as it matters for when the next one is due. */
export interface PollResult {
  /** How many tasks are followed. */
  readonly tracked: number;
  /** Something was begun of which Slurm tells in a moment: a job was submitted or cancelled, or is looked for. */
  readonly isChangeExpected: boolean;
  /** So many looks in a row brought no news. */
  readonly quietPolls: number;
  /** How long Slurm took for its list of jobs. */
  readonly slurmMs: number;
}

/** At most so many times as long as the setting says. */
const MAX_FACTOR = 4;
/** A job shows in Slurm's list, and a cancelled one leaves it, some seconds after the call. */
export const SOON_MS = 5_000;
/** After so many looks without news the pause is twice as long, and after twice as many four times. */
const QUIET_POLLS = 4;
/** The controller is to be busy with us for a twentieth of its time at most (sdiag counts what each user's calls cost it). */
const LOAD_FACTOR = 20;

/** The setting, and what bounds it. */
export interface PollLimits {
  /** `poll_interval_sec`: the pause while something happens. */
  readonly baseMs: number;
  /** For how long Slurm's list shows a job that has ended (MinJobAge): it is to be seen there. */
  readonly minJobAgeMs: number;
}

/** How long until the next look, in milliseconds. */
export function nextPollDelayMs(
  { baseMs, minJobAgeMs }: PollLimits,
  { tracked: tracked, isChangeExpected: isChangeExpected, quietPolls: quietPolls, slurmMs }: PollResult,
): number {
  if (isChangeExpected)
    return Math.max(Math.min(baseMs, SOON_MS), Math.min(LOAD_FACTOR * slurmMs, MAX_FACTOR * baseMs));
  const isIdle = tracked === 0;
  const factor = isIdle || quietPolls >= 2 * QUIET_POLLS ? MAX_FACTOR : quietPolls >= QUIET_POLLS ? 2 : 1;
  const wantedMs = Math.max(factor * baseMs, LOAD_FACTOR * slurmMs);
  const mostMs = isIdle ? Infinity : Math.max(baseMs, minJobAgeMs / 2);
  return Math.min(wantedMs, MAX_FACTOR * baseMs, mostMs);
}

/** Whether the end of something is awaited: a look that finds it over is to come soon. */
export function isAwaitingChange({ step, endSeenAt, absentSince, astraySince, stoppingSince }: Entry): boolean {
  return step !== 'following' || [endSeenAt, absentSince, astraySince, stoppingSince].some((at) => at !== undefined);
}

/**
 * A number that is another one when a job or a task is in another state, or one has come or gone. Kept instead of the view, which with
 * 50,000 jobs takes as much memory as everything else.
 */
export function fingerprint({ tasks, jobs }: Pick<Snapshot, 'tasks' | 'jobs'>): number {
  let sum = 0;
  for (const [task, { status }] of tasks) sum = (sum + hash(task, status)) | 0;
  // Slurm lists jobs by priority, which changes all the time.
  for (const [task, ofTask] of jobs)
    for (const { id, state, reason = '' } of ofTask) sum = (sum + hash(task, id, state, reason)) | 0;
  return sum;
}

/** FNV-1a, 32 bits, with a blank behind each of the texts. */
function hash(...texts: readonly string[]): number {
  let value = 0x811c9dc5;
  for (const text of texts) {
    for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
    value = Math.imul(value ^ 0x20, 0x01000193);
  }
  return value;
}
