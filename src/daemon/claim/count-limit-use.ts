// Counts the jobs, nodes and GPUs of a cluster, its queues and its users, for the limits: from Slurm's list, parked tasks and the journal.
import { elapsedMs } from '../../base/past-time.ts';
import type { Clock } from '../../base/clock.ts';
import type { Tasks } from '../../clearml/client.ts';
import type { QueueId, TaskId } from '../../clearml/ids.ts';
import { isQueuedOrRunning } from '../../clearml/task.ts';
import { isLive, isWaiting } from '../../slurm/job-state.ts';
import type { Job, JobSize } from '../../slurm/scheduler.ts';
import type { Entry } from '../journal/entry.ts';
import type { TaskFacts } from '../users/task-owners.ts';

/** The jobs of a cluster or queue: tasks with a live job, and tasks on the way to one. */
export interface JobCounts {
  readonly jobs: number;
  /** Those whose job does not run. */
  readonly waiting: number;
  readonly byOwner: ReadonlyMap<string, number>;
  /** Jobs whose owner is not known yet: they count against each owner. */
  readonly ofUnknownOwner: number;
  readonly nodes: number;
  readonly gpus: number;
  /** Jobs whose nodes and GPUs are not known yet: while there is one, a limit of nodes or GPUs admits no further task. */
  readonly ofUnknownSize: number;
}

export const NO_JOBS: JobCounts = {
  jobs: 0,
  waiting: 0,
  byOwner: new Map(),
  ofUnknownOwner: 0,
  nodes: 0,
  gpus: 0,
  ofUnknownSize: 0,
};

interface CountedJob {
  readonly owner: string | undefined;
  readonly isWaiting: boolean;
  readonly size?: JobSize | undefined;
}

export function addJob(counts: JobCounts, job: CountedJob): JobCounts {
  const added = { ...counts, byOwner: new Map(counts.byOwner) };
  count(added, job);
  return added;
}

/** Jobs whose owner is not known yet count, too. */
export function jobsOfOwner({ byOwner, ofUnknownOwner }: JobCounts, owner: string): number {
  return (byOwner.get(owner) ?? 0) + ofUnknownOwner;
}

export interface JobsOfCluster {
  /** Every job with a job name of ours, by task. */
  readonly jobs: ReadonlyMap<TaskId, readonly Job[]>;
  /** Tasks with an entry in the scheduler queue: also those of peers. */
  readonly parked: Iterable<TaskId>;
  readonly journal: ReadonlyMap<TaskId, Entry>;
  /** Whether the task is known to be deleted, or neither queued nor in progress. */
  readonly isOver: (task: TaskId) => boolean;
}

export interface Tally {
  readonly cluster: JobCounts;
  readonly queues: ReadonlyMap<QueueId, JobCounts>;
}

/**
 * Lists the tasks that have a live job or are on the way to one, and whether they wait. A tracked task that Slurm does not list counts,
 * because its job may still run. A live job of an untracked task counts only if the task is not over: any user can give a job such a name.
 */
export function tasksWithJobs({
  jobs,
  parked,
  journal,
  isOver,
}: JobsOfCluster): ReadonlyMap<TaskId, { readonly isWaiting: boolean }> {
  const found = new Map<TaskId, { readonly isWaiting: boolean }>();
  for (const task of parked) found.set(task, { isWaiting: true });
  for (const [task, { step }] of journal) if (step !== 'orphaned') found.set(task, { isWaiting: true });
  for (const [task, its] of jobs) {
    const live = its.filter(({ state }) => isLive(state));
    const isTracked = found.has(task) || journal.has(task);
    if (live.length > 0 && (isTracked || !isOver(task))) found.set(task, { isWaiting: live.every(isWaiting) });
  }
  return found;
}

/** A task whose facts are not known yet counts against each queue and each user. */
export function tally(
  tasks: ReadonlyMap<TaskId, { readonly isWaiting: boolean }>,
  queues: readonly QueueId[],
  readFacts: (task: TaskId) => TaskFacts | undefined,
  sizeOf: (task: TaskId) => JobSize | undefined,
): Tally {
  const cluster = noJobs();
  const byQueue = new Map(queues.map((id) => [id, noJobs()]));
  for (const [task, { isWaiting }] of tasks) {
    const facts = readFacts(task);
    const job = { owner: facts?.owner, isWaiting, size: sizeOf(task) };
    count(cluster, job);
    for (const id of facts === undefined ? queues : [facts.queue]) {
      const counts = id === undefined ? undefined : byQueue.get(id);
      if (counts !== undefined) count(counts, job);
    }
  }
  return { cluster, queues: byQueue };
}

/** Filled in place: a copy for each of 50,000 jobs takes seconds. */
type GrowingCounts = { -readonly [Key in keyof JobCounts]: JobCounts[Key] } & { readonly byOwner: Map<string, number> };

function noJobs(): GrowingCounts {
  return { ...NO_JOBS, byOwner: new Map() };
}

function count(counts: GrowingCounts, { owner, isWaiting, size }: CountedJob): void {
  counts.jobs += 1;
  if (isWaiting) counts.waiting += 1;
  if (owner === undefined) counts.ofUnknownOwner += 1;
  else counts.byOwner.set(owner, (counts.byOwner.get(owner) ?? 0) + 1);
  if (size === undefined) counts.ofUnknownSize += 1;
  counts.nodes += size?.nodes ?? 0;
  counts.gpus += size?.gpus ?? 0;
}

/** How long a status that was read counts. */
const STATUS_LIFETIME_MS = 300_000;
/** The task may run again: its agent sets it in progress although the server has taken it for dead. */
const OVER_LIFETIME_MS = 30_000;

/** Remembers which untracked tasks with a live job are over. */
export interface OverReader {
  readonly isOver: (task: TaskId) => boolean;
  /** Reads those of these tasks whose status is unknown or old, at most so many, and forgets all other tasks. Returns how many it has read. */
  read(tasks: readonly TaskId[], most: number): Promise<number>;
}

export function createOverReader(tasks: Pick<Tasks, 'read'>, clock: Pick<Clock, 'now'>): OverReader {
  let known = new Map<TaskId, { readonly isOver: boolean; readonly at: number }>();
  return {
    isOver: (task) => known.get(task)?.isOver === true,
    async read(wanted, most) {
      const now = clock.now();
      const isWanted = new Set(wanted);
      known = new Map([...known].filter(([task]) => isWanted.has(task)));
      const isOld = (task: TaskId): boolean => {
        const { at, isOver = false } = known.get(task) ?? {};
        return elapsedMs(at, now) >= (isOver ? OVER_LIFETIME_MS : STATUS_LIFETIME_MS);
      };
      const old = wanted.filter(isOld).slice(0, most);
      if (old.length === 0) return 0;
      const read = await tasks.read(old);
      for (const task of old) {
        if (read.unread.has(task)) continue;
        known.set(task, { isOver: !isQueuedOrRunning(read.tasks.get(task)), at: now });
      }
      return old.length;
    },
  };
}
