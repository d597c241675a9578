// Polls ClearML and Slurm once, and returns the snapshot that a pass works from.
import { groupBy } from '../../base/group-by.ts';
import type { Queue, QueueList, TaskList } from '../../clearml/client.ts';
import type { QueueId, TaskId } from '../../clearml/ids.ts';
import type { Task } from '../../clearml/task.ts';
import { attemptOf, parseJobName } from '../../slurm/job-name.ts';
import { isLive } from '../../slurm/job-state.ts';
import type { Job, JobList } from '../../slurm/scheduler.ts';
import type { Place } from '../decide/observation.ts';
import { namesJob } from '../decide/who-runs-the-task.ts';
import type { DaemonDeps } from '../deps.ts';
import { confirmMissingEntries } from './confirm-missing-entries.ts';
import { accountsOf, isOfUnlistedUser } from '../users/unix-users.ts';
import { leaveOutForeignJobs } from '../users/jobs-of-task.ts';

/** @param schedulerQueue that of the task, by default that of the daemon */
export type PlaceOf = (task: TaskId, ownQueue: QueueId, schedulerQueue?: QueueId) => Place;

/** Everything that one pass knows of ClearML and Slurm. */
export interface Snapshot {
  /** When the poll began, in milliseconds since 1970: nothing that changed later is decided from it. */
  readonly at: number;
  /** When Slurm began to list the jobs. */
  readonly listedAt: number;
  /** How long Slurm took to list the jobs, in milliseconds. */
  readonly slurmMs: number;
  readonly queues: readonly Queue[];
  /** False if a queue or an entry could not be read: what is missing may still exist. */
  readonly isWhole: boolean;
  readonly placeOf: PlaceOf;
  readonly tasks: ReadonlyMap<TaskId, Task>;
  /** Tasks that could not be read: nothing is decided about them, and they do not count as deleted. */
  readonly unread: ReadonlySet<TaskId>;
  /** Unix users whose jobs could not be listed or looked up: none of their tasks may be claimed, because it may have a job. */
  readonly unlisted: Set<string>;
  /** Whether the task was not read in this poll, because its status has not changed since an earlier one. */
  readonly isRemembered: (task: TaskId) => boolean;
  /** Requests that the next poll reads the task, even if its status does not change. */
  readonly readNext: (task: TaskId) => void;
  /** Every job with a job name of ours, by task. */
  readonly jobs: ReadonlyMap<TaskId, readonly Job[]>;
}

/** The part of a snapshot that comes from the ClearML server. */
export type ServerState = QueueList & TaskList & Pick<Snapshot, 'isRemembered' | 'readNext'>;

/** Polls once, from nothing. @param tasks the tasks to read; by default all tracked ones */
export function poll(deps: DaemonDeps, signal: AbortSignal, tasks?: readonly TaskId[]): Promise<Snapshot | undefined> {
  return pollWith(deps, signal, async () => ({
    ...(await deps.clearml.queues.readAll()),
    ...(await deps.clearml.tasks.read(tasks ?? [...deps.journal.entries.keys()])),
    isRemembered: () => false,
    readNext: () => undefined,
  }));
}

/**
 * Reads ClearML first, then Slurm: a job that Slurm still lists as pending had not taken its task's entry when ClearML was read.
 * Undefined if Slurm did not list all jobs: that says nothing about any job.
 */
export async function pollWith(
  deps: DaemonDeps,
  signal: AbortSignal,
  readServer: () => Promise<ServerState>,
): Promise<Snapshot | undefined> {
  const at = deps.clock.now();
  const server = await readServer();
  const list = await listJobs(deps, signal);
  if (list === undefined) return undefined;
  const { listedAt, slurmMs, unlisted } = list;
  const jobs = new Map(list.jobs);
  const others = await pollOthersJobs(deps, signal);
  if (others === undefined) return undefined;
  for (const [task, job] of others.jobs) jobs.set(task, [...(jobs.get(task) ?? []), job]);
  const unread = new Set([...withUnlisted(deps, server.unread, unlisted), ...others.unread]);
  const polled = { ...server, unread, unlisted, at, listedAt, slurmMs, jobs };
  const placesInLists = readPlaces(server, deps.schedulerQueue);
  const queues = await confirmMissingEntries(deps, { ...polled, placeOf: placesInLists });
  const placeOf = readPlaces(queues, deps.schedulerQueue);
  return { ...polled, ...queues, placeOf };
}

/** Lists the jobs of the Unix users that the daemon submits as; undefined if Slurm did not list them. */
export async function listJobs(
  deps: DaemonDeps,
  signal: AbortSignal,
): Promise<Pick<Snapshot, 'jobs' | 'listedAt' | 'slurmMs' | 'unlisted'> | undefined> {
  const listedAt = deps.clock.now();
  const accounts = accountsOf(deps.unixUsers, deps.journal.entries.values());
  const list = await deps.scheduler.list(signal, accounts);
  const slurmMs = Math.max(0, deps.clock.now() - listedAt);
  const found = await jobsOf(deps, list, 'Job list');
  return found && { ...found, listedAt, slurmMs };
}

/** Adds the tasks whose jobs could not be listed: nothing is decided about them. */
function withUnlisted(
  { journal }: DaemonDeps,
  unread: ReadonlySet<TaskId>,
  unlisted: ReadonlySet<string>,
): ReadonlySet<TaskId> {
  if (unlisted.size === 0) return unread;
  const hidden = [...journal.entries.values()].filter(({ unixUser }) => unlisted.has(unixUser?.name ?? ''));
  return new Set([...unread, ...hidden.map(({ task }) => task)]);
}

/**
 * Returns the tracked jobs of other Unix users, and no other job that has the name of one of these tasks. If the list is incomplete, a
 * task whose job is not in it is unread.
 */
async function pollOthersJobs(
  deps: DaemonDeps,
  signal: AbortSignal,
): Promise<{ readonly jobs: ReadonlyMap<TaskId, Job>; readonly unread: readonly TaskId[] } | undefined> {
  const entries = [...deps.journal.entries.values()].filter(({ isOthersJob }) => isOthersJob === true);
  if (entries.length === 0) return { jobs: new Map(), unread: [] };
  const found = await listAllUsersJobs(deps, signal);
  if (found === undefined) return undefined;
  const jobs = new Map(
    entries.flatMap(({ task, jobId, attempt }) => {
      const its = found.jobs.get(task)?.find(({ id, name }) => id === jobId && attemptOf(name) === attempt);
      return its?.isOthers === true ? [[task, its] as const] : [];
    }),
  );
  const missing = entries.map(({ task }) => task).filter((task) => !jobs.has(task));
  return { jobs, unread: found.unlisted.size === 0 ? [] : missing };
}

/** The jobs with a job name of ours, and the Unix users of the map whose jobs are missing. */
export type ListedJobs = Pick<Snapshot, 'jobs' | 'unlisted'>;

/** Returns every user's jobs; undefined if Slurm did not list them. */
export async function listAllUsersJobs(deps: DaemonDeps, signal?: AbortSignal): Promise<ListedJobs | undefined> {
  const accounts = accountsOf(deps.unixUsers, deps.journal.entries.values());
  return jobsOf(deps, await deps.scheduler.listAllUsers(signal, accounts), "List of all users' jobs");
}

/** 'unknown' if Slurm did not list the jobs of each user whose job it may be. */
export type LiveJob = 'found' | 'none' | 'unknown';

/**
 * Whether a job of the task is live, of any Unix user: a peer may run as another one.
 * @param all every user's jobs; undefined if Slurm did not list them
 */
export function findLiveJobOfAnyUser(deps: DaemonDeps, task: Task, all: ListedJobs | undefined): LiveJob {
  if (all === undefined) return 'unknown';
  const jobs = all.jobs.get(task.id) ?? [];
  if (jobs.some((job) => isLive(job.state) && (job.isOthers !== true || namesJob(task, job, deps.cluster.clusterName))))
    return 'found';
  return isOfUnlistedUser(deps.unixUsers, task.user, all.unlisted) ? 'unknown' : 'none';
}

async function jobsOf(deps: DaemonDeps, list: JobList, what: string): Promise<ListedJobs | undefined> {
  if (list.kind === 'listed')
    return { jobs: await leaveOutForeignJobs(deps, byTask(list.jobs)), unlisted: new Set(list.unlisted) };
  deps.log.warn(`${what} unavailable; taking no action in this pass`, { slurm: list.message });
  return undefined;
}

/**
 * Indexes the queue entries of all tasks. An entry in another queue takes precedence over being parked: a user put it there. A task
 * that was not found is `unknown` if not every entry could be read.
 */
export function readPlaces({ queues, isWhole }: QueueList, schedulerQueue: QueueId): PlaceOf {
  const where = indexEntries({ queues });
  return (task, ownQueue, parkedIn = schedulerQueue) => {
    const ids = where.get(task);
    if (ids === undefined) return isWhole ? 'nowhere' : 'unknown';
    if (ids.includes(ownQueue)) return 'own queue';
    return ids.some((id) => id !== parkedIn) ? 'another queue' : 'parked';
  };
}

function indexEntries({ queues }: Pick<QueueList, 'queues'>): ReadonlyMap<TaskId, readonly QueueId[]> {
  const where = new Map<TaskId, QueueId[]>();
  for (const queue of queues) {
    for (const entry of queue.entries) {
      const ids = where.get(entry.task);
      if (ids === undefined) where.set(entry.task, [queue.id]);
      else ids.push(queue.id);
    }
  }
  return where;
}

/**
 * Returns where a task is parked, perhaps by another daemon, or with an earlier configuration: in the only queue that has an entry of it
 * although it was not enqueued there.
 */
export function readParkedIn(list: QueueList): (task: Pick<Task, 'id' | 'executionQueue'>) => QueueId | undefined {
  // Few tasks need it.
  let where: ReturnType<typeof indexEntries> | undefined;
  return ({ id, executionQueue }) => {
    where ??= indexEntries(list);
    const [only, ...others] = (where.get(id) ?? []).filter((queue) => queue !== executionQueue);
    return others.length === 0 ? only : undefined;
  };
}

/** Without the scheduler queue no task can be parked, and no job gets past the gate. */
export function hasSchedulerQueue(
  { schedulerQueue }: { readonly schedulerQueue: QueueId },
  { queues }: Pick<Snapshot, 'queues'>,
): boolean {
  return queues.some(({ id }) => id === schedulerQueue);
}

/** Returns when each task with an entry in the scheduler queue was parked; undefined if that could not be read. */
export function readParked({ queues }: Snapshot, schedulerQueue: QueueId): ReadonlyMap<TaskId, number | undefined> {
  const entries = queues.find(({ id }) => id === schedulerQueue)?.entries ?? [];
  return new Map(entries.map(({ task, added }) => [task, added]));
}

/** False if not every queue could be read: the scheduler queue may still exist. */
export function isSchedulerQueueDeleted(whose: { readonly schedulerQueue: QueueId }, snapshot: Snapshot): boolean {
  return snapshot.isWhole && !hasSchedulerQueue(whose, snapshot);
}

/** Returns a job of this task that may still run. */
export function findLiveJob(snapshot: Snapshot, task: TaskId): Job | undefined {
  return snapshot.jobs.get(task)?.find((job) => isLive(job.state));
}

/** Returns the newest attempt of these jobs of one task; its daemon tracks the task. @param least an attempt known from elsewhere */
export function newestAttempt(jobs: readonly Job[], least = ''): string {
  let newest = least;
  for (const { name } of jobs) {
    const attempt = attemptOf(name);
    if (attempt > newest) newest = attempt;
  }
  return newest;
}

/** Groups the jobs that have a job name of ours by the task in the name. */
export function byTask(jobs: readonly Job[]): Map<TaskId, Job[]> {
  const found = groupBy(jobs, ({ name }) => parseJobName(name)?.taskId as TaskId | undefined);
  found.delete(undefined);
  return found as Map<TaskId, Job[]>;
}
