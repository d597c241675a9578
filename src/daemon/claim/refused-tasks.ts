// Which waiting tasks are held because of their Unix user: sudo or Slurm refuses this user's jobs, or they cannot be listed.
import type { QueueEntry } from '../../clearml/client.ts';
import type { QueueId, TaskId } from '../../clearml/ids.ts';
import type { DaemonDeps } from '../deps.ts';
import type { Snapshot } from '../poll/poll.ts';
import type { Submitter } from '../submit/failed-submission-holds.ts';
import { tasksInTurn, type Refused } from '../submit/slurm-refusal-holds.ts';
import type { Backoff } from '../submit/submission-backoff.ts';
import { isHeld, runsAs } from '../users/unix-users.ts';
import type { HoldReason } from './hold-reasons.ts';
import type { WaitingQueue } from './plan-claims.ts';

export interface RefusedTasks {
  /** Whether a task may be held because of its owner. */
  mayHold(snapshot: Snapshot): boolean;
  /** Whose job the task's will be; undefined if its owner is not known yet. */
  refusedOf(snapshot: Snapshot | undefined, queue: QueueId, task: TaskId): Refused | undefined;
  /** Whose submission the task's will be; undefined if its owner is not known yet. */
  submitterOf(snapshot: Snapshot | undefined, queue: QueueId, task: TaskId): Submitter | undefined;
  /** Until when a refusal holds the whole queue, milliseconds since 1970. With a user map, only some users of the queue wait. */
  queueHeldUntil(queue: QueueId): number | undefined;
  /**
   * The tasks that must not block those behind them, tracked ones included. While the jobs of a user are unlisted, a task with an
   * unknown owner may be one of them.
   */
  tasksToPass(snapshot: Snapshot, queue: QueueId, entries: readonly QueueEntry[]): readonly TaskId[];
  /** Why those of these tasks are held that their user's refused submission or unlisted jobs hold. */
  reasons(snapshot: Snapshot, queue: QueueId, entries: readonly QueueEntry[]): readonly [TaskId, HoldReason][];
  /** The tasks of each hold whose turn it is, in the order of the turns. */
  inTurn(
    snapshot: Snapshot,
    waiting: readonly Pick<WaitingQueue, 'queue' | 'entries'>[],
  ): readonly ReadonlySet<TaskId>[];
}

/** @param ownerOf the ClearML user that owns the task; empty if it has none, undefined if it was not read yet */
export function createRefusedTasks(
  { unixUsers, clock, journal }: DaemonDeps,
  { holds: refusals, failures }: Pick<Backoff, 'holds' | 'failures'>,
  ownerOf: (snapshot: Snapshot, task: TaskId) => string | undefined,
): RefusedTasks {
  function mayHold({ unlisted }: Snapshot): boolean {
    const now = clock.now();
    if (failures.hasAny(now)) return true;
    if (unixUsers === undefined) return false;
    return unixUsers.holds.hasAny(now) || refusals?.hasAny(now) === true || unlisted.size > 0;
  }

  function refusedOf(snapshot: Snapshot | undefined, queue: QueueId, task: TaskId): Refused | undefined {
    if (unixUsers === undefined) return { queue, user: undefined };
    const owner = snapshot === undefined ? undefined : ownerOf(snapshot, task);
    return owner === undefined ? undefined : { queue, user: runsAs(unixUsers, ownerInMap(owner)) };
  }

  function submitterOf(snapshot: Snapshot | undefined, queue: QueueId, task: TaskId): Submitter | undefined {
    if (unixUsers !== undefined) return refusedOf(snapshot, queue, task);
    const owner = snapshot === undefined ? undefined : ownerOf(snapshot, task);
    return owner === undefined ? undefined : { queue, user: owner };
  }

  function hasFailed(snapshot: Snapshot, queue: QueueId, task: TaskId): boolean {
    const now = clock.now();
    return failures.isTaskHeld(task, now) || failures.isHeld(submitterOf(snapshot, queue, task) ?? { queue }, now);
  }

  /** If the submissions of several have failed, the tasks of others show best whether Slurm accepts jobs again. */
  function bestProbes(
    snapshot: Snapshot,
    waiting: readonly Pick<WaitingQueue, 'queue' | 'entries'>[],
  ): ReadonlySet<TaskId>[] {
    if (!failures.haveSeveralFailed()) return [];
    const best = waiting.flatMap(({ queue, entries }) =>
      entries.flatMap(({ task }) => {
        const of = submitterOf(snapshot, queue.id, task);
        return of !== undefined && failures.isBestProbe(of) ? [task] : [];
      }),
    );
    return best.length === 0 ? [] : [new Set(best)];
  }

  function isRefused(of: Refused | undefined): boolean {
    return of !== undefined && refusals?.isHeld(of, clock.now()) === true;
  }

  function mustPass(snapshot: Snapshot, queue: QueueId, task: TaskId): boolean {
    if (hasFailed(snapshot, queue, task)) return true;
    if (unixUsers === undefined) return false;
    const { unlisted } = snapshot;
    if (unlisted.has(journal.entries.get(task)?.unixUser?.name ?? '')) return true;
    const owner = ownerOf(snapshot, task);
    if (owner === undefined) return unlisted.size > 0;
    return (
      isHeld(unixUsers, ownerInMap(owner), { now: clock.now(), unlisted }) ||
      isRefused(refusedOf(snapshot, queue, task))
    );
  }

  function reasonOf(of: Refused | undefined, unlisted: ReadonlySet<string>): HoldReason | undefined {
    const unixUser = of?.user;
    const why = unixUser === undefined ? undefined : unixUsers?.holds.whyHeld(unixUser, clock.now());
    if (unixUser !== undefined && why !== undefined)
      return { kind: 'sudo', unixUser, ...(why === 'stuck' ? { isStuck: true } : {}) };
    if (unixUser !== undefined && unlisted.has(unixUser)) return { kind: 'unlisted', unixUser };
    return isRefused(of) ? { kind: 'refused', unixUser: of?.user } : undefined;
  }

  return {
    mayHold,
    refusedOf,
    submitterOf,
    queueHeldUntil(queue) {
      if (unixUsers !== undefined) return undefined;
      return refusals?.heldUntil({ queue, user: undefined }, clock.now());
    },
    tasksToPass(snapshot, queue, entries) {
      if (!mayHold(snapshot)) return [];
      return entries.map(({ task }) => task).filter((task) => mustPass(snapshot, queue, task));
    },
    reasons(snapshot, queue, entries) {
      if (!mayHold(snapshot)) return [];
      return entries.flatMap(({ task }): [TaskId, HoldReason][] => {
        const reason = reasonOf(refusedOf(snapshot, queue, task), snapshot.unlisted);
        return reason === undefined ? [] : [[task, reason]];
      });
    },
    inTurn(snapshot, waiting) {
      const now = clock.now();
      const best = bestProbes(snapshot, waiting);
      if (refusals?.hasAny(now) !== true) return best;
      const jobs = waiting.flatMap(({ queue, entries }) =>
        entries.map(({ task }) => ({ task, of: refusedOf(snapshot, queue.id, task) })),
      );
      return [...best, ...tasksInTurn(refusals, jobs, now)];
    },
  };
}

/** As the user map expects it. */
function ownerInMap(owner: string): string | undefined {
  return owner === '' ? undefined : owner;
}
