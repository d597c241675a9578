// Reads from the ClearML server what changed since the last poll, and remembers the rest: docs/decisions/incremental-polls.md.
import { groupBy } from '../../base/group-by.ts';
import type { Queue } from '../../clearml/client.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { Task, TaskStatus } from '../../clearml/task.ts';
import type { DaemonDeps } from '../deps.ts';
import type { ServerState, Snapshot } from './poll.ts';
import { isAtRest, planRead, READ_LIMITS } from './plan-task-reads.ts';

export interface ServerReader {
  /** Reads the queues, then the tracked tasks. */
  read(): Promise<ServerState>;
  /** Notes which tasks the next poll must read, even if their status does not change. */
  note(snapshot: Pick<Snapshot, 'tasks' | 'jobs'>): void;
}

interface Remembered {
  readonly queues: readonly Queue[];
  /** The one that was read longest ago first. */
  readonly tasks: Map<TaskId, Task>;
  /** A time that the server's clock had reached before all of this was read. */
  readonly heardAt: number | undefined;
}

interface TasksRead extends Pick<ServerState, 'unread' | 'isRemembered'> {
  readonly tasks: Map<TaskId, Task>;
}

/**
 * A change becomes visible later than the time that the server gives it, and between two heartbeats, 30 s apart, the server's clock may
 * be set back.
 */
const OVERLAP_MS = 45_000;

/** If one of so few tasks has another status, all of them are read. */
const FEW = 50;

export function createServerReader(deps: DaemonDeps): ServerReader {
  const limits = deps.readLimits ?? READ_LIMITS;
  let remembered: Remembered | undefined;
  let readNext = new Set<TaskId>();

  async function readTasks(last: Remembered | undefined): Promise<TasksRead> {
    const { entries } = deps.journal;
    const isIncremental = last?.heardAt !== undefined && entries.size > limits.fullUpTo;
    const changed = isIncremental ? await readChanged(last.tasks, last.heardAt) : undefined;
    if (changed !== undefined) return changed;
    const { tasks, unread } = await deps.clearml.tasks.read([...entries.keys()]);
    return { tasks: new Map(tasks), unread, isRemembered: () => false };
  }

  /** Brings the remembered tasks up to date; undefined if the server's responses do not allow that. */
  async function readChanged(tasks: Map<TaskId, Task>, since: number): Promise<TasksRead | undefined> {
    const { entries } = deps.journal;
    for (const task of tasks.keys()) if (!entries.has(task)) tasks.delete(task);
    const { inFull, ifChanged } = planRead(entries, tasks, readNext, limits);
    const changed = await deps.clearml.tasks.readChanged(ifChanged, since - OVERLAP_MS);
    if (!changed.isWhole) return undefined;
    const doubtful = await findDoubtful(
      ifChanged.filter((id) => !changed.tasks.has(id)),
      tasks,
    );
    if (doubtful === undefined) return undefined;
    const requested = [...inFull, ...doubtful];
    const read = await deps.clearml.tasks.read(requested);

    const fresh = new Set([...requested, ...changed.tasks.keys(), ...changed.unread]);
    // Also moves them to the end.
    for (const task of fresh) tasks.delete(task);
    for (const [id, task] of [...changed.tasks, ...read.tasks]) tasks.set(id, task);
    const unread = new Set([...changed.unread, ...read.unread]);
    for (const task of unread) tasks.delete(task);
    return { tasks, unread, isRemembered: (task) => tasks.has(task) && !fresh.has(task) };
  }

  /** Some of these tasks, among them all that were deleted or have another status; undefined if the server cannot count. */
  async function findDoubtful(
    ids: readonly TaskId[],
    known: ReadonlyMap<TaskId, Task>,
  ): Promise<readonly TaskId[] | undefined> {
    const byStatus = groupBy(ids, (id) => known.get(id)?.status ?? 'unknown');
    const doubtful: TaskId[] = [];
    for (const [status, all] of byStatus) if (!(await findOthers(all, status, doubtful))) return undefined;
    return doubtful;
  }

  /** Halves the tasks until those with another status are among few. False if the server cannot count. */
  async function findOthers(ids: readonly TaskId[], status: TaskStatus, found: TaskId[]): Promise<boolean> {
    const count = await deps.clearml.tasks.count(ids, status);
    if (count === undefined || count === ids.length) return count !== undefined;
    if (ids.length <= FEW) {
      found.push(...ids);
      return true;
    }
    const middle = Math.ceil(ids.length / 2);
    return (
      (await findOthers(ids.slice(0, middle), status, found)) && (await findOthers(ids.slice(middle), status, found))
    );
  }

  return {
    async read() {
      const heardAt = deps.peers.heardAt();
      const last = isReliable(remembered, heardAt) ? remembered : undefined;
      // After a failure the next poll reads everything.
      remembered = undefined;
      const known = last !== undefined && countEntries(last.queues) > limits.fullUpTo ? last.queues : [];
      const { queues, isWhole } = await deps.clearml.queues.readAll(known);
      const { tasks, unread, isRemembered } = await readTasks(last);
      remembered = { queues, tasks, heardAt };
      return { queues, isWhole, tasks, unread, isRemembered, readNext: (task) => readNext.add(task) };
    },

    note({ tasks, jobs }) {
      readNext = new Set();
      for (const [id, entry] of deps.journal.entries) {
        const task = tasks.get(id);
        if (task !== undefined && !isAtRest(entry, task, jobs.get(id) ?? [])) readNext.add(id);
      }
    },
  };
}

/** If the server's clock was set back, or no heartbeat is known, the times of changes say nothing. */
function isReliable(remembered: Remembered | undefined, heardAt: number | undefined): boolean {
  return remembered?.heardAt !== undefined && heardAt !== undefined && heardAt >= remembered.heardAt;
}

function countEntries(queues: readonly Queue[]): number {
  return queues.reduce((sum, { entries }) => sum + entries.length, 0);
}
