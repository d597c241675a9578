// Finds out whether Slurm or a task is the cause of failed sbatch calls, and holds only tasks that may be the cause.
import { isOngoing } from '../../base/past-time.ts';
import type { TaskId } from '../../clearml/ids.ts';
import { backoffMs } from './backoff-ms.ts';
import type { DaemonDeps } from '../deps.ts';
import type { Entry } from '../journal/entry.ts';
import { createRefusalHolds, keyOf, refusedOf, type Refused, type RefusalHolds } from './slurm-refusal-holds.ts';

/** Whose submission it is: of a Unix user or, without a user map, of a ClearML user (empty if the task has none). */
export type Submitter = Refused;

export interface FailureHolds extends Pick<RefusalHolds, 'changes' | 'hasAny' | 'startProbe'> {
  /**
   * Records an sbatch that failed without a response about the job, and holds the tasks of this submitter: 15 seconds at first, then
   * longer, up to five minutes. Returns of how many users an sbatch has failed since Slurm last accepted a job: with several, Slurm may be
   * the cause. At most 1 if all of them are of one of several queues, whose template may be the cause; 0 if this submitter had failed
   * before then, which shows nothing about Slurm.
   */
  failed(of: Submitter, now: number): number;
  /** Records that the sbatch of a task failed that returns to its queue. */
  returned(task: TaskId, now: number): void;
  accepted(task: TaskId, of: Submitter, now: number): void;
  /** When Slurm last accepted a job, milliseconds since 1970. */
  lastAccepted(): number;
  /** Whether these tasks wait; without a user, because the submitter is not known yet, whether any of the queue do. */
  isHeld(of: Partial<Submitter> & Pick<Submitter, 'queue'>, now: number): boolean;
  /** Whether this task waits although others of its submitter do not: its sbatch has failed twice in a row. */
  isTaskHeld(task: TaskId, now: number): boolean;
  /** Whether the task itself must be the cause: its sbatch failed too often while Slurm accepted the jobs of others. */
  isHopeless(task: TaskId): boolean;
  /** Whether the submissions of several have failed. A task of one for whom `isBestProbe` shows best whether Slurm accepts jobs again. */
  haveSeveralFailed(): boolean;
  isBestProbe(of: Submitter): boolean;
}

/** An sbatch that failed so often while Slurm accepted the jobs of others fails because of its task. It takes about half an hour. */
export const MAX_FAILURES = 10;

const FORGOTTEN_AFTER_MS = 3_600_000;

interface FailedTask {
  readonly failures: number;
  /** Those between which Slurm accepted another job. */
  readonly alone: number;
  /** An earlier time means that the clock was set back, which must not prolong the hold. */
  readonly since: number;
  readonly until: number;
  /** How many jobs Slurm had accepted by then. */
  readonly acceptedBefore: number;
}

export function createFailureHolds(
  random: () => number,
  { hasSeveralQueues = false }: { readonly hasSeveralQueues?: boolean } = {},
): FailureHolds {
  const holds = createRefusalHolds(random, { queues: [], hasPriorities: false });
  const tasks = new Map<TaskId, FailedTask>();
  /** Those that failed since Slurm last accepted a job, and those that failed before and had no job accepted since. */
  const failedNow = new Map<string, Submitter>();
  const failedBefore = new Set<string>();
  let accepted = 0;
  let acceptedAt = -Infinity;

  function countFailed(): number {
    const all = [...failedNow.values()];
    if (hasSeveralQueues && new Set(all.map(({ queue }) => queue)).size === 1) return 1;
    return new Set(all.map(({ user }) => user)).size;
  }

  function forgetOld(now: number): void {
    for (const [task, { until }] of tasks) if (now >= until + FORGOTTEN_AFTER_MS) tasks.delete(task);
  }

  return {
    changes: () => holds.changes(),
    startProbe: (of, now) => holds.startProbe(of, now),
    hasAny(now) {
      forgetOld(now);
      return holds.hasAny(now) || tasks.size > 0;
    },
    failed(of, now) {
      const key = keyOf(of);
      // Each has its own message, so that no hold waits for another one.
      holds.refused(of, key, now);
      if (failedBefore.has(key)) return 0;
      failedNow.set(key, of);
      return countFailed();
    },
    returned(task, now) {
      forgetOld(now);
      const last = tasks.get(task);
      const failures = (last?.failures ?? 0) + 1;
      const alone = (last?.alone ?? 0) + (last !== undefined && last.acceptedBefore < accepted ? 1 : 0);
      // Longer than the hold of its submitter, so that another task of theirs is tried before.
      const until = failures > 1 ? now + backoffMs(failures + 1, random()) : now;
      tasks.set(task, { failures, alone, since: now, until, acceptedBefore: accepted });
    },
    accepted(task, of, now) {
      const key = keyOf(of);
      accepted += 1;
      acceptedAt = now;
      tasks.delete(task);
      for (const failed of failedNow.keys()) failedBefore.add(failed);
      failedNow.clear();
      failedBefore.delete(key);
      holds.accepted(of, now);
    },
    lastAccepted: () => acceptedAt,
    isHeld: ({ queue, ...of }, now) =>
      'user' in of ? holds.isHeld({ queue, user: of.user }, now) : holds.holdsAnyOf(queue, now),
    isTaskHeld: (task, now) => isOngoing(tasks.get(task), now),
    isHopeless: (task) => (tasks.get(task)?.alone ?? 0) >= MAX_FAILURES,
    haveSeveralFailed: () => countFailed() > 1,
    isBestProbe: (of) => !failedNow.has(keyOf(of)) && !failedBefore.has(keyOf(of)),
  };
}

/** Whose submission the rendered task's is. */
export function submitterOf({ unixUsers }: Pick<DaemonDeps, 'unixUsers'>, entry: Entry): Submitter {
  return unixUsers === undefined ? { queue: entry.queue, user: entry.origin?.userId ?? '' } : refusedOf(entry);
}
