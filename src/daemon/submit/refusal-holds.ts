// Holds the tasks of a queue, or of one Unix user in it, whose jobs Slurm refuses because of a limit that other queues need not share.
import type { QueueId } from '../../clearml/ids.ts';
import type { Entry } from '../journal/entry.ts';
import { backoffMs } from './backoff-ms.ts';

/** Whose jobs are refused: each queue has its own partition, account and QOS, and each mapped user has another association. */
export interface Refused {
  readonly queue: QueueId;
  /** The name of the Unix user of the job; undefined for the user of the daemon. */
  readonly user: string | undefined;
}

export interface RefusalHolds {
  /** Holds these tasks: 15 seconds at first, longer after each probe, up to five minutes. @param why Slurm's message */
  refused(of: Refused, why: string, now: number): void;
  /** Call it when Slurm has accepted a job. Jobs that were submitted before the hold do not end it. */
  accepted(of: Refused, now: number): void;
  /** Call it when a task is claimed or submitted again: after a hold, the others wait for its submission, at most a minute. */
  noteProbe(of: Refused, now: number): void;
  /** Whether these tasks wait. */
  isHeld(of: Refused, now: number): boolean;
  /** Until when these tasks wait at least, milliseconds since 1970; undefined if they do not. */
  heldUntil(of: Refused, now: number): number | undefined;
  /** Whether any tasks may have to wait. A hold that ended long ago is forgotten. */
  hasAny(now: number): boolean;
  /** Grows with each change: tasks must be passed from now on, or no longer. */
  changes(): number;
}

interface Hold {
  readonly of: Refused;
  readonly why: string;
  readonly failures: number;
  /** When the last probe was refused. */
  readonly refusedAt: number;
  readonly until: number;
  readonly isProbed: boolean;
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
    if (other === hold || other.why !== hold.why || now >= other.until) return false;
    return other.isProbed || (other.refusedAt < hold.until && hasPriorityOver(other, hold));
  }

  function hasPriorityOver(one: Hold, other: Hold): boolean {
    return hasPriorities && queues.indexOf(one.of.queue) < queues.indexOf(other.of.queue);
  }

  function heldUntil(of: Refused, now: number): number | undefined {
    const hold = holds.get(keyOf(of));
    if (hold === undefined) return undefined;
    const others = [...holds.values()].filter((other) => mustLetPass(hold, other, now));
    const until = Math.max(hold.until, ...others.map((other) => other.until));
    return now < until ? until : undefined;
  }

  return {
    refused(of, why, now) {
      const last = holds.get(keyOf(of));
      // Submissions that ran at the same time count once.
      if (last !== undefined && !last.isProbed && now < last.until) return;
      const failures = (last?.failures ?? 0) + 1;
      set({ of, why, failures, refusedAt: now, until: now + backoffMs(failures, random()), isProbed: false });
    },
    accepted(of, now) {
      const key = keyOf(of);
      const last = holds.get(key);
      if (last === undefined || (!last.isProbed && now < last.until)) return;
      holds.delete(key);
      changes += 1;
    },
    noteProbe(of, now) {
      const last = holds.get(keyOf(of));
      if (last !== undefined && now >= last.until) set({ ...last, until: now + PROBE_MS, isProbed: true });
    },
    isHeld: (of, now) => heldUntil(of, now) !== undefined,
    heldUntil,
    hasAny(now) {
      for (const [key, { until }] of holds) if (now >= until + FORGOTTEN_AFTER_MS) holds.delete(key);
      return holds.size > 0;
    },
    changes: () => changes,
  };
}

/** Whose job the task's is. */
export function refusedOf({ queue, unixUser }: Pick<Entry, 'queue' | 'unixUser'>): Refused {
  return { queue, user: unixUser?.name };
}

function keyOf({ queue, user = '' }: Refused): string {
  return `${queue} ${user}`;
}
