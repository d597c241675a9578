// Holds the tasks of a queue, or of one Unix user in it, whose jobs Slurm refuses because of a limit that other queues need not share.
import { isOngoing } from '../../base/past-time.ts';
import type { QueueId, TaskId } from '../../clearml/ids.ts';
import type { Entry } from '../journal/entry.ts';
import { isLimitOfUser } from '../../slurm/sbatch-errors.ts';
import { backoffMs } from './backoff-ms.ts';

/** Whose jobs are refused: each queue has its own partition, account and QOS, and each mapped user has another association. */
export interface Refused {
  readonly queue: QueueId;
  /** The name of the Unix user of the job; undefined for the user of the daemon. */
  readonly user: string | undefined;
}

/** A task, and whose job it will be; undefined if that is not known yet. */
export interface WaitingJob {
  readonly task: TaskId;
  readonly of: Refused | undefined;
}

export interface RefusalHolds {
  /** Holds these tasks: 15 seconds at first, longer after each probe, up to five minutes. @param why Slurm's message */
  refused(of: Refused, why: string, now: number): void;
  /** Call it when Slurm has accepted a job. Jobs that were submitted before the hold do not end it. */
  accepted(of: Refused, now: number): void;
  /**
   * Call it when a submission starts: after a hold, the others wait for its end, at most a minute. Returns what to call at its end,
   * whatever the result is.
   */
  startProbe(of: Refused, now: number): (now: number) => void;
  /** Whether these tasks wait. */
  isHeld(of: Refused, now: number): boolean;
  /** Whether any tasks of this queue wait. */
  holdsAnyOf(queue: QueueId, now: number): boolean;
  /** Until when these tasks wait at least, milliseconds since 1970; undefined if they do not. */
  heldUntil(of: Refused, now: number): number | undefined;
  /**
   * A number if one of these tasks must be tried before those of another hold, which had its turn and got no answer from Slurm: the
   * lowest number comes first.
   */
  turnOf(of: Refused, now: number): number | undefined;
  /** Whether any tasks may have to wait. A hold that ended long ago is forgotten. */
  hasAny(now: number): boolean;
  /** Grows with each change: tasks must be passed from now on, or no longer. */
  changes(): number;
}

interface Hold {
  readonly of: Refused;
  readonly why: string;
  readonly failures: number;
  /** Whether the last probe was refused, is running, or ended without an answer, so that another hold has its turn. */
  readonly probe: 'refused' | 'running' | 'unanswered';
  /** Since when that is so. An earlier time means that the clock was set back, which must not prolong the hold. */
  readonly since: number;
  readonly until: number;
}

const PROBE_MS = 60_000;
const FORGOTTEN_AFTER_MS = 3_600_000;

/**
 * @param queues the served queues in order of priority
 * @param hasPriorities false with order fairness
 */
export function createRefusalHolds(
  random: () => number,
  { queues, hasPriorities }: { readonly queues: readonly QueueId[]; readonly hasPriorities: boolean },
): RefusalHolds {
  const holds = new Map<string, Hold>();
  let changes = 0;

  function set(hold: Hold): void {
    holds.set(keyOf(hold.of), hold);
    changes += 1;
  }

  /**
   * Several queues may share one limit, which the message does not show. Then the place of an ended job belongs to the queue with the
   * highest priority: one that is refused for the same reason is probed before.
   */
  function mustLetPass(hold: Hold, other: Hold, now: number): boolean {
    if (!mayShareLimit(hold, other) || !isOngoing(other, now)) return false;
    return other.probe === 'running' || (other.since < hold.until && hasPriorityOver(other, hold));
  }

  function hasPriorityOver(one: Hold, other: Hold): boolean {
    return hasPriorities && queues.indexOf(one.of.queue) < queues.indexOf(other.of.queue);
  }

  function heldUntil(of: Refused, now: number): number | undefined {
    const hold = holds.get(keyOf(of));
    if (hold === undefined) return undefined;
    const waitsFor = [...holds.values()].filter((other) =>
      other === hold ? isOngoing(hold, now) : mustLetPass(hold, other, now),
    );
    return waitsFor.length === 0 ? undefined : Math.max(...waitsFor.map(({ until }) => until));
  }

  return {
    refused(of, why, now) {
      const last = holds.get(keyOf(of));
      // Submissions that ran at the same time count once.
      if (last !== undefined && last.probe !== 'running' && isOngoing(last, now)) return;
      const failures = (last?.failures ?? 0) + 1;
      set({ of, why, failures, probe: 'refused', since: now, until: now + backoffMs(failures, random()) });
    },
    accepted(of, now) {
      const key = keyOf(of);
      const last = holds.get(key);
      if (last === undefined || (last.probe !== 'running' && isOngoing(last, now))) return;
      holds.delete(key);
      changes += 1;
    },
    startProbe(of, now) {
      const last = holds.get(keyOf(of));
      if (last === undefined || isOngoing(last, now)) return () => undefined;
      const probed: Hold = { ...last, probe: 'running', since: now, until: now + PROBE_MS };
      set(probed);
      return (endedAt) => {
        if (holds.get(keyOf(of)) === probed) set({ ...probed, probe: 'unanswered', since: endedAt, until: endedAt });
      };
    },
    isHeld: (of, now) => heldUntil(of, now) !== undefined,
    holdsAnyOf: (queue, now) =>
      [...holds.values()].some(({ of }) => of.queue === queue && heldUntil(of, now) !== undefined),
    heldUntil,
    turnOf(of, now) {
      const hold = holds.get(keyOf(of));
      if (hold === undefined || isOngoing(hold, now)) return undefined;
      const hadTurn = (other: Hold): boolean => other.probe === 'unanswered' && other.since > hold.since;
      return [...holds.values()].some((other) => mayShareLimit(hold, other) && hadTurn(other)) ? hold.since : undefined;
    },
    hasAny(now) {
      for (const [key, { until }] of holds) if (now >= until + FORGOTTEN_AFTER_MS) holds.delete(key);
      return holds.size > 0;
    },
    changes: () => changes,
  };
}

/** The tasks of each hold that must be tried before another, in the order of their turns. */
export function tasksInTurn(holds: RefusalHolds, jobs: readonly WaitingJob[], now: number): ReadonlySet<TaskId>[] {
  const turns = new Map<number, Set<TaskId>>();
  for (const { task, of } of jobs) {
    const turn = of === undefined ? undefined : holds.turnOf(of, now);
    if (turn !== undefined) turns.set(turn, (turns.get(turn) ?? new Set()).add(task));
  }
  return [...turns].sort(([one], [other]) => one - other).map(([, tasks]) => tasks);
}

/** Whose job the task's is. */
export function refusedOf({ queue, unixUser }: Pick<Entry, 'queue' | 'unixUser'>): Refused {
  return { queue, user: unixUser?.name };
}

/** A user's limit concerns no other user. */
function mayShareLimit(one: Hold, other: Hold): boolean {
  if (one === other || one.why !== other.why) return false;
  return one.of.user === other.of.user || !isLimitOfUser(one.why);
}

export function keyOf({ queue, user = '' }: Refused): string {
  return `${queue} ${user}`;
}
