// Reads the tasks that were claimed together in one call, once all of them are parked, and lists the jobs of all users once for them.
import { sleepUnlessStopped } from '../../base/clock.ts';
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
  let isClosed = false;
  let isTimeUp = false;
  let parked = new Map<TaskId, (documents: Documents) => void>();
  let timer: AbortController | undefined;
  /** A list that has not begun. */
  let nextList: Promise<ListedJobs | undefined> | undefined;
  let resolveParked: () => void;
  const allParked = new Promise<void>((resolve) => (resolveParked = resolve));

  function readIfComplete(): void {
    if (!isTimeUp && (!isClosed || unparked.size > 0)) return;
    timer?.abort();
    resolveParked();
    const batch = parked;
    parked = new Map();
    void readTogether(clearml, [...batch.keys()]).then((documents) => {
      for (const resolve of batch.values()) resolve(documents);
    });
  }

  function stopWaiting(): void {
    isTimeUp = true;
    readIfComplete();
  }

  function startTimer(): void {
    if (timer !== undefined) return;
    const { signal } = (timer = new AbortController());
    void sleepUnlessStopped(clock, MAX_WAIT_MS, signal).then((isOver) => {
      if (isOver) stopWaiting();
    }, stopWaiting);
  }

  return {
    add(task) {
      unparked.add(task);
    },
    close() {
      isClosed = true;
      readIfComplete();
    },
    leave(task) {
      unparked.delete(task);
      readIfComplete();
    },
    whenParked() {
      if (unparked.size > 0) startTimer();
      return allParked;
    },
    async read(task) {
      unparked.delete(task);
      const read = new Promise<Documents>((resolve) => parked.set(task, resolve));
      startTimer();
      readIfComplete();
      // A task that is missing may be deleted or unreadable, or the call may have failed: ask for it alone.
      return (await read).get(task) ?? clearml.tasks.get(task);
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

type Documents = ReadonlyMap<TaskId, TaskDocument>;

/** Never rejects: a task that makes the call fail must not hold up the others. */
async function readTogether({ tasks }: DaemonDeps['clearml'], ids: readonly TaskId[]): Promise<Documents> {
  if (ids.length < 2) return new Map();
  return tasks.getMany(ids).catch(() => new Map());
}
