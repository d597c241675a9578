// Holds the tasks of Unix users for whom sudo refused a submission, or whose sbatch hangs, until one task shows that it no longer does.
import { isOngoing } from '../../base/past-time.ts';
import type { SubmitOutcome } from '../../slurm/scheduler.ts';

/** sudo refused sbatch, or sbatch hangs as this user. */
export type HoldCause = 'refused' | 'stuck';

export interface SudoHolds {
  /**
   * Call it with the outcome of each sbatch as this user. If sudo refused it or it hung, the tasks of this user wait: twice as long after
   * each probe. Up to an hour if sudo refused it; up to five minutes if it hung, because Slurm may be the cause.
   * @param startedAt when the submission began
   */
  ended(name: string, outcome: SubmitOutcome, now: number, startedAt?: number): void;
  /**
   * Call it while a submission as this user runs. Returns when to call it again; undefined if it hangs, and then the tasks of this user
   * wait too. It may also only wait for those before it: it does not hang while others of this user end.
   */
  checkRunning(name: string, startedAt: number, now: number): number | undefined;
  /** Call it when a task of this user is claimed: after a hold, the user's other tasks wait for its submission, at most a minute. */
  noteProbe(name: string, now: number): void;
  /** Whether a user's tasks wait, or the next one is a probe. A user who enqueued nothing since the end of a hold is forgotten. */
  hasAny(now: number): boolean;
  /** Whether the tasks of this user stay in their queues until the hold ends. */
  isHeld(name: string, now: number): boolean;
  /** Why they wait; undefined if they do not. */
  whyHeld(name: string, now: number): HoldCause | undefined;
  /** Grows with each change: the tasks of a user must be passed from now on, or no longer. */
  changes(): number;
}

interface Hold {
  readonly why: HoldCause;
  /** An earlier time means that the clock was set back, which must not prolong the hold. */
  readonly since: number;
  /** The user's tasks wait until then (milliseconds since 1970); the next one shows whether its submission fails too. */
  readonly until: number;
  readonly lengthMs: number;
  /** The submission of that one is running. */
  readonly isProbed: boolean;
}

const FIRST_HOLD_MS = 60_000;
const LONGEST_HOLD_MS = 3_600_000;
const LONGEST_MS: Readonly<Record<HoldCause, number>> = { refused: LONGEST_HOLD_MS, stuck: 300_000 };

/** A submission hangs if none of its user has ended for so long. */
export const HANGS_MS = 10_000;
/** Or if it takes longer than this: the user may let one of them end from time to time. */
const HANGS_MAX_MS = 30_000;

export function createSudoHolds(): SudoHolds {
  const holds = new Map<string, Hold>();
  /** When a submission as each user got a response last. */
  const respondedAt = new Map<string, number>();
  /** When one timed out last, or was not run because of that. */
  const timedOutAt = new Map<string, number>();
  let changes = 0;

  function set(name: string, next: Hold): void {
    holds.set(name, next);
    changes += 1;
  }

  function release(name: string): void {
    if (holds.delete(name)) changes += 1;
  }

  function hold(name: string, now: number, why: HoldCause): void {
    const last = holds.get(name);
    // Submissions that ran at the same time count once.
    if (last !== undefined && !last.isProbed && isOngoing(last, now)) return;
    const lengthMs = last === undefined ? FIRST_HOLD_MS : Math.min(2 * last.lengthMs, LONGEST_MS[why]);
    set(name, { since: now, until: now + lengthMs, lengthMs, why, isProbed: false });
  }

  /** Its response does not show that the next sbatch runs: after a timeout, none does until a probe gets a response. */
  function wasBeforeTimeout(name: string, startedAt: number, now: number): boolean {
    const timedOut = timedOutAt.get(name);
    return holds.has(name) && timedOut !== undefined && startedAt < timedOut && timedOut <= now;
  }

  return {
    ended(name, outcome, now, startedAt = now) {
      const isUnavailable = outcome.kind === 'unavailable';
      if ((isUnavailable || outcome.kind === 'unknown') && outcome.isStuck === true) {
        timedOutAt.set(name, now);
        hold(name, now, 'stuck');
        return;
      }
      respondedAt.set(name, now);
      if (!isUnavailable && wasBeforeTimeout(name, startedAt, now))
        set(name, { since: now, until: now + FIRST_HOLD_MS, lengthMs: FIRST_HOLD_MS, why: 'stuck', isProbed: false });
      else if (!isUnavailable) release(name);
      else if (outcome.isOfUser === true) hold(name, now, 'refused');
    },
    checkRunning(name, startedAt, now) {
      const respondedLast = respondedAt.get(name) ?? -Infinity;
      const hangsAt = Math.min(startedAt + HANGS_MAX_MS, Math.max(startedAt, respondedLast) + HANGS_MS);
      if (now < hangsAt) return hangsAt;
      hold(name, now, 'stuck');
      return undefined;
    },
    noteProbe(name, now) {
      const last = holds.get(name);
      if (last !== undefined && !isOngoing(last, now))
        set(name, { ...last, since: now, until: now + FIRST_HOLD_MS, isProbed: true });
    },
    hasAny(now) {
      for (const [name, { until }] of holds) if (now >= until + LONGEST_HOLD_MS) release(name);
      return holds.size > 0;
    },
    isHeld: (name, now) => isOngoing(holds.get(name), now),
    whyHeld(name, now) {
      const hold = holds.get(name);
      return isOngoing(hold, now) ? hold?.why : undefined;
    },
    changes: () => changes,
  };
}
