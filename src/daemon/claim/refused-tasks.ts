// Which waiting tasks are held because of their Unix user: sudo or Slurm refuses this user's jobs, or they cannot be listed.
import type { QueueId, TaskId } from '../../clearml/ids.ts';
import type { DaemonDeps } from '../deps.ts';
import type { Snapshot } from '../poll/poll.ts';
import type { Submitter } from '../submit/failed-submission-holds.ts';
import { tasksInTurn, type Refused } from '../submit/slurm-refusal-holds.ts';
import type { Backoff } from '../submit/submission-backoff.ts';
import { accountOf } from '../users/unix-users.ts';
import type { HoldReason } from './hold-reasons.ts';
import type { HeldTasks, WaitingQueue } from './plan-claims.ts';

export interface RefusedTasks {
  /** Whether a task may be held because of its owner. */
  mayHold(snapshot: Snapshot): boolean;
  /** Whose submission the task's will be; undefined if its owner is not known yet. */
  submitterOf(snapshot: Snapshot, queue: QueueId, task: TaskId): Submitter | undefined;
  /** Until when a refusal holds the whole queue, milliseconds since 1970. With a user map, only some users of the queue wait. */
  queueHeldUntil(queue: QueueId): number | undefined;
  /** They must not block those behind them, tracked ones included. */
  find(snapshot: Snapshot, waiting: Waiting): HeldTasks;
  /** The tasks of each hold whose turn it is, in the order of the turns. */
  inTurn(snapshot: Snapshot, waiting: Waiting): readonly ReadonlySet<TaskId>[];
}

type Waiting = readonly Pick<WaitingQueue, 'queue' | 'entries'>[];

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

  function submitterOf(snapshot: Snapshot, queue: QueueId, task: TaskId): Submitter | undefined {
    const owner = ownerOf(snapshot, task);
    if (owner === undefined) return undefined;
    // The user map expects undefined for a task without an owner.
    const user = unixUsers === undefined ? owner : accountOf(unixUsers, owner === '' ? undefined : owner)?.name;
    return { queue, user };
  }

  /** Whose job the task's will be; undefined if its owner is not known yet. */
  function refusedOf(snapshot: Snapshot, queue: QueueId, task: TaskId): Refused | undefined {
    return unixUsers === undefined ? { queue, user: undefined } : submitterOf(snapshot, queue, task);
  }

  function hasFailed(snapshot: Snapshot, queue: QueueId, task: TaskId): boolean {
    const now = clock.now();
    return failures.isTaskHeld(task, now) || failures.isHeld(submitterOf(snapshot, queue, task) ?? { queue }, now);
  }

  /** If the submissions of several have failed, the tasks of others show best whether Slurm accepts jobs again. */
  function bestProbes(snapshot: Snapshot, waiting: Waiting): ReadonlySet<TaskId>[] {
    if (!failures.haveSeveralFailed()) return [];
    const best = waiting.flatMap(({ queue, entries }) =>
      entries.flatMap(({ task }) => {
        const of = submitterOf(snapshot, queue.id, task);
        return of !== undefined && failures.isBestProbe(of) ? [task] : [];
      }),
    );
    return best.length === 0 ? [] : [new Set(best)];
  }

  /** While the jobs of a user are unlisted, a task with an unknown owner may be one of them. */
  function mustPass(snapshot: Snapshot, queue: QueueId, task: TaskId): boolean {
    if (hasFailed(snapshot, queue, task)) return true;
    if (unixUsers === undefined) return false;
    const { unlisted } = snapshot;
    if (unlisted.has(journal.entries.get(task)?.unixUser?.name ?? '')) return true;
    const of = submitterOf(snapshot, queue, task);
    return of === undefined ? unlisted.size > 0 : unlisted.has(of.user ?? '');
  }

  function reasonOf(of: Refused | undefined, unlisted: ReadonlySet<string>): HoldReason | undefined {
    if (of === undefined) return undefined;
    const now = clock.now();
    const { user: unixUser } = of;
    if (unixUser !== undefined) {
      const why = unixUsers?.holds.whyHeld(unixUser, now);
      if (why !== undefined) return { kind: 'sudo', unixUser, ...(why === 'stuck' ? { isStuck: true } : {}) };
      if (unlisted.has(unixUser)) return { kind: 'unlisted', unixUser };
    }
    return refusals?.isHeld(of, now) === true ? { kind: 'refused', unixUser } : undefined;
  }

  return {
    mayHold,
    submitterOf,
    queueHeldUntil(queue) {
      if (unixUsers !== undefined) return undefined;
      return refusals?.heldUntil({ queue, user: undefined }, clock.now());
    },
    find(snapshot, waiting) {
      const held = new Map<TaskId, HoldReason | undefined>();
      if (!mayHold(snapshot)) return held;
      for (const { queue, entries } of waiting)
        for (const { task } of entries) {
          const reason = reasonOf(refusedOf(snapshot, queue.id, task), snapshot.unlisted);
          if (reason !== undefined || mustPass(snapshot, queue.id, task)) held.set(task, reason);
        }
      return held;
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
