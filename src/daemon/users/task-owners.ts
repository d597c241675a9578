// Remembers the owners of tasks, which never change, so that each is read once: limits and agent.slurm.user_map need them.
import { createBoundedMap } from '../../base/bounded-map.ts';
import type { Tasks } from '../../clearml/client.ts';
import type { QueueId, TaskId } from '../../clearml/ids.ts';
import type { Task } from '../../clearml/task.ts';

/** What the limits need of a task. */
export interface TaskFacts {
  /** The ClearML user that owns it; empty if it has none or was deleted, undefined if it is not known yet. */
  readonly owner: string | undefined;
  /** The queue that it was enqueued in. */
  readonly queue: QueueId | undefined;
  readonly isDeleted?: true;
}

export interface TaskOwners {
  get(task: TaskId): TaskFacts | undefined;
  /** Reads the unknown ones of these tasks, at most so many. Returns how many it has read. */
  read(tasks: Pick<Tasks, 'read'>, wanted: Iterable<TaskId>, most?: number): Promise<number>;
}

export function factsOf({ user = '', executionQueue }: Task): TaskFacts {
  return { owner: user, queue: executionQueue };
}

/** 20 MB; a task that is forgotten is read again. */
const MOST_KNOWN = 100_000;

export function createTaskOwners(): TaskOwners {
  const known = createBoundedMap<TaskFacts>(MOST_KNOWN);
  return {
    get: (task) => known.get(task),
    async read(tasks, wanted, most = Infinity) {
      const unknown: TaskId[] = [];
      for (const task of wanted) {
        if (unknown.length >= most) break;
        if (known.get(task) === undefined) unknown.push(task);
      }
      if (unknown.length === 0) return 0;
      const read = await tasks.read(unknown);
      for (const task of unknown) {
        const found = read.tasks.get(task);
        if (found !== undefined) known.set(task, factsOf(found));
        else if (!read.unread.has(task)) known.set(task, { owner: '', queue: undefined, isDeleted: true });
      }
      return unknown.length;
    },
  };
}
