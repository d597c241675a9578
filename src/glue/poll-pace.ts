// The pace of looking at Slurm: often while something happens, seldom while nothing does, and never more than a slow controller bears.
import type { Entry } from './entry.ts';
import type { View } from './look.ts';

/** What one look showed, as far as it matters for when the next one is due. */
export interface Looked {
  /** How many tasks are followed. */
  readonly followed: number;
  /** Something was begun of which Slurm tells in a moment: a job was submitted or cancelled, or is looked for. */
  readonly isHalfWay: boolean;
  /** So many looks in a row brought no news. */
  readonly quietLooks: number;
  /** How long Slurm took for its list of jobs. */
  readonly slurmMs: number;
}

/** At most so many times as long as the setting says. */
const LONGEST = 4;
/** A job shows in Slurm's list, and a cancelled one leaves it, some seconds after the call. */
const SOON_MS = 5_000;
/** After so many looks without news the pause is twice as long, and after twice as many four times. */
const QUIET_LOOKS = 4;
/** The controller is to be busy with us for a twentieth of its time at most (sdiag counts what each user's calls cost it). */
const SHARE = 20;

/** The setting, and what bounds it. */
export interface LookPace {
  /** `poll_interval_sec`: the pause while something happens. */
  readonly baseMs: number;
  /** For how long Slurm's list shows a job that has ended (MinJobAge): it is to be seen there. */
  readonly minJobAgeMs: number;
}

/** How long until the next look, in milliseconds. */
export function pauseBetweenLooks(
  { baseMs, minJobAgeMs }: LookPace,
  { followed, isHalfWay, quietLooks, slurmMs }: Looked,
): number {
  if (isHalfWay) return Math.max(Math.min(baseMs, SOON_MS), Math.min(SHARE * slurmMs, LONGEST * baseMs));
  const isIdle = followed === 0;
  const factor = isIdle || quietLooks >= 2 * QUIET_LOOKS ? LONGEST : quietLooks >= QUIET_LOOKS ? 2 : 1;
  const wantedMs = Math.max(factor * baseMs, SHARE * slurmMs);
  const mostMs = isIdle ? Infinity : Math.max(baseMs, minJobAgeMs / 2);
  return Math.min(wantedMs, LONGEST * baseMs, mostMs);
}

/** Whether the end of something is awaited: a look that finds it over is to come soon. */
export function isWaitedFor({ step, endSeenAt, absentSince, astraySince, stoppingSince }: Entry): boolean {
  return step !== 'following' || [endSeenAt, absentSince, astraySince, stoppingSince].some((at) => at !== undefined);
}

/** Whether a job or a task is in another state than before, or one has come or gone. */
export function hasNews(before: View, now: View): boolean {
  if (before.jobs.size !== now.jobs.size || before.tasks.size !== now.tasks.size) return true;
  for (const [id, task] of now.tasks) if (before.tasks.get(id)?.status !== task.status) return true;
  for (const [id, jobs] of now.jobs) {
    const known = before.jobs.get(id);
    const isSame = jobs.every(({ state, reason }, index) => {
      const one = known?.[index];
      return one?.state === state && one.reason === reason;
    });
    if (!isSame || known?.length !== jobs.length) return true;
  }
  return false;
}
