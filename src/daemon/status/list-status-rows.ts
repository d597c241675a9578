// Forms the status of a cluster from what was read: active tasks, waiting tasks, and the use of limits. Pure.
import type { Limits } from '../../base/job-limits.ts';
import type { Queue, TaskList } from '../../clearml/client.ts';
import type { TaskId } from '../../clearml/ids.ts';
import { isQueuedOrRunning } from '../../clearml/task.ts';
import { isLive } from '../../slurm/job-state.ts';
import type { Job, ListedSizes } from '../../slurm/scheduler.ts';
import type { LimitUse } from '../claim/hold-reasons.ts';
import { NO_JOBS, tally, tasksWithJobs } from '../claim/count-limit-use.ts';
import { LEAST_SIZE, sizeOfJobs } from '../claim/nodes-and-gpus-of-tasks.ts';
import { usesOf } from '../claim/report-limit-use.ts';
import type { Entry } from '../journal/entry.ts';
import { factsOf } from '../users/task-owners.ts';
import { statusRow, type KnownTask, type StatusRow } from './status-row.ts';

/** What a poll knows of the tasks of a cluster. */
export interface Polled extends TaskList {
  readonly entries: ReadonlyMap<TaskId, Entry>;
  readonly queues: readonly Queue[];
  readonly jobs: ReadonlyMap<TaskId, readonly Job[]>;
  readonly hasResponded: { readonly clearml: boolean; readonly slurm: boolean };
}

/** A task in a served queue that is not claimed yet. */
export interface WaitingRow {
  readonly task: TaskId;
  readonly name: string | undefined;
  readonly queue: string;
  /** Its position in the queue; 1 is next. */
  readonly place: number;
  /** When it was enqueued; undefined if the server does not report it. */
  readonly since: number | undefined;
  /** The limit or pause that holds it; empty if none does. */
  readonly why: string;
}

/** The tasks that are journaled, are parked, or have a live job with a job name of ours. */
export function activeTasks({
  entries,
  queues,
  jobs,
  schedulerQueue,
}: Pick<Polled, 'entries' | 'queues' | 'jobs'> & Pick<LimitedCluster, 'schedulerQueue'>): ReadonlySet<TaskId> {
  const ids = new Set([...entries.keys(), ...parkedTasks(queues, schedulerQueue)]);
  for (const [id, its] of jobs) if (its.some(({ state }) => isLive(state))) ids.add(id);
  return ids;
}

function parkedTasks(queues: readonly Queue[], schedulerQueue: string): readonly TaskId[] {
  const found = queues.find(({ id, name }) => id === schedulerQueue || name === schedulerQueue);
  return found?.entries.map(({ task }) => task) ?? [];
}

/** The rows of these tasks: by queue, then the oldest first. @param now milliseconds since 1970 */
export function activeRows(ids: ReadonlySet<TaskId>, polled: Polled, now: number): StatusRow[] {
  const read = taskReader(polled);
  return [...ids].map((id) => statusRow(read(id), now)).sort(compareRows);
}

/** Returns a function that collects what the poll knows of a task. */
export function taskReader({
  entries,
  queues,
  tasks,
  unread,
  jobs,
  hasResponded: { clearml, slurm },
}: Polled): (id: TaskId) => KnownTask {
  const queueNames = new Map(queues.map(({ id, name }) => [id, name]));
  return (id) => {
    const task = tasks.get(id);
    return {
      id,
      entry: entries.get(id),
      task,
      jobs: jobs.get(id) ?? [],
      queueName: task?.executionQueue === undefined ? undefined : queueNames.get(task.executionQueue),
      hasResponded: { clearml: clearml && !unread.has(id), slurm },
    };
  };
}

/** By queue, then the oldest first. */
export function compareRows(
  { queue: a = '', since: from = 0 }: StatusRow,
  { queue: b = '', since: to = 0 }: StatusRow,
): number {
  // Most rows are of the same queue, and localeCompare takes most of the time of a sort.
  return (a === b ? 0 : a.localeCompare(b)) || from - to;
}

export type UnnamedRow = Omit<WaitingRow, 'name' | 'why'>;

/** The entries of the served queues whose tasks are not active. */
export function waitingEntries(
  servedQueues: readonly string[],
  queues: readonly Queue[],
  known: ReadonlySet<TaskId>,
): readonly UnnamedRow[] {
  return servedQueues.flatMap((named) => {
    const queue = queues.find(({ id, name }) => id === named || name === named);
    const entries = (queue?.entries ?? []).filter(({ task }) => !known.has(task));
    return entries.map(({ task, added }, index) => ({
      task,
      queue: queue?.name ?? named,
      place: index + 1,
      since: added,
    }));
  });
}

export interface LimitedCluster {
  /** The name or id of the scheduler queue, which need not exist yet. */
  readonly schedulerQueue: string;
  /** The names or ids of the queues that are served. */
  readonly servedQueues: readonly string[];
  /** Of the cluster, and of its queues by their names or ids. */
  readonly limits?: Limits | undefined;
  readonly queueLimits?: ReadonlyMap<string, Limits> | undefined;
}

/** `queue`: undefined for a limit of the cluster. */
export type ClusterLimitUse = LimitUse & { readonly queue: string | undefined };

/**
 * How much of each limit is used. Counts as claiming does: a job that Slurm does not list has at least one node.
 * @param sizes undefined if they were not read
 */
export function limitUses(
  { limits = {}, queueLimits = new Map(), servedQueues, schedulerQueue }: LimitedCluster,
  {
    entries,
    queues,
    tasks,
    jobs,
    sizes,
  }: Pick<Polled, 'entries' | 'queues' | 'tasks' | 'jobs'> & {
    readonly sizes: ListedSizes | undefined;
  },
): ClusterLimitUse[] {
  const served = queues.filter(({ id, name }) => servedQueues.includes(id) || servedQueues.includes(name));
  const parked = parkedTasks(queues, schedulerQueue);
  const isOver = (task: TaskId): boolean => !isQueuedOrRunning(tasks.get(task));
  const counts = tally(
    tasksWithJobs({ jobs, parked, journal: entries, isOver }),
    served.map(({ id }) => id),
    (task) => {
      const read = tasks.get(task);
      const entry = entries.get(task);
      const owner = read === undefined ? undefined : factsOf(read).owner;
      return read === undefined && entry === undefined
        ? undefined
        : { owner, queue: entry?.queue ?? read?.executionQueue };
    },
    (task) => (sizes === undefined ? undefined : (sizeOfJobs(sizes, jobs.get(task), entries.get(task)) ?? LEAST_SIZE)),
  );
  return [
    ...usesOf(limits, counts.cluster).map((use) => ({ ...use, queue: undefined })),
    ...served.flatMap(({ id, name }) =>
      usesOf(queueLimits.get(name) ?? queueLimits.get(id) ?? {}, counts.queues.get(id) ?? NO_JOBS).map((use) => ({
        ...use,
        queue: name,
      })),
    ),
  ];
}
