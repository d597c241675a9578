// Reads the tasks that were claimed together in one call, once all of them are parked, and lists the jobs of all users once for them.
import { waitAtMost } from '../../base/clock.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { TaskDocument } from '../../clearml/task.ts';
import type { DaemonDeps } from '../deps.ts';
import { type ListedJobs, listAllUsersJobs } from '../poll/poll.ts';

/** A task whose parking takes longer, as its call is retried, does not delay the others. */
const MAX_WAIT_MS = 2_000;

export interface ClaimedBatch {
  /** Adds a claimed task, which is parked next. */
  add(task: TaskId): void;
  /** No task is added any more. */
  close(): void;
  /** The task is not parked now, so it is not read. */
  leave(task: TaskId): void;
  /** Resolves when no task of it is about to be parked, at the latest after two seconds. */
  whenParked(): Promise<void>;
  /** Reads the parked task as `tasks.get` does. The call begins after this one, and thus after the task was parked. */
  read(task: TaskId): Promise<TaskDocument | undefined>;
  /** Lists the jobs of all users: once for all who ask at the same time. The list begins after this call. */
  listJobs(): Promise<ListedJobs | undefined>;
}

export function createClaimedBatch(deps: DaemonDeps): ClaimedBatch {
  const { clearml, clock } = deps;
  const unparked = new Set<TaskId>();
  const parked: TaskId[] = [];
  let isClosed = false;
  let resolveAllParked: () => void;
  const allParked = new Promise<void>((resolve) => (resolveAllParked = resolve));
  let waiting: Promise<void> | undefined;
  let documents: ReturnType<typeof readTogether> | undefined;
  /** A list that has not begun. */
  let nextList: Promise<ListedJobs | undefined> | undefined;

  function leave(task: TaskId): void {
    unparked.delete(task);
    if (isClosed && unparked.size === 0) resolveAllParked();
  }

  function whenParked(): Promise<void> {
    // A clock that fails must not hold up the tasks.
    return (waiting ??= waitAtMost(clock, MAX_WAIT_MS, allParked).catch(() => undefined));
  }

  return {
    add(task) {
      unparked.add(task);
    },
    close() {
      isClosed = true;
      if (unparked.size === 0) resolveAllParked();
    },
    leave,
    whenParked,
    async read(task) {
      parked.push(task);
      leave(task);
      await whenParked();
      documents ??= readTogether(clearml, [...parked]);
      // A task that is missing may be late, deleted or unreadable, or the call may have failed: ask for it alone.
      return (await documents).get(task) ?? clearml.tasks.get(task);
    },
    listJobs() {
      nextList ??= Promise.resolve().then(() => {
        nextList = undefined;
        return listAllUsersJobs(deps);
      });
      return nextList;
    },
  };
}

/** Never rejects: a task that makes the call fail must not hold up the others. */
async function readTogether(
  { tasks }: DaemonDeps['clearml'],
  ids: readonly TaskId[],
): Promise<ReadonlyMap<TaskId, TaskDocument>> {
  if (ids.length < 2) return new Map();
  return tasks.getMany(ids).catch(() => new Map());
}
