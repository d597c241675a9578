// Look: one reading of ClearML and one of Slurm, from which a whole round is decided.
import type { Queue } from '../../clearml/client.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { Task } from '../../clearml/task.ts';
import { attemptOf, readJobName } from '../../slurm/job-name.ts';
import { isLive } from '../../slurm/job-state.ts';
import type { Job } from '../../slurm/scheduler.ts';
import type { DaemonDeps } from '../deps.ts';
import { readPlaces, type PlaceOf } from './queue-entries.ts';

/** What one round saw of the whole world. */
export interface Snapshot {
  /** When the looking began: nothing younger is judged by it. */
  readonly at: number;
  /** How long Slurm took for its list of jobs, in milliseconds. */
  readonly slurmMs: number;
  readonly queues: readonly Queue[];
  /** False when a queue or an entry could not be read: what is missing may be there all the same. */
  readonly isWhole: boolean;
  readonly placeOf: PlaceOf;
  readonly tasks: ReadonlyMap<TaskId, Task>;
  /** Tasks of which the answer could not be read: nothing is concluded about them, least of all that they were deleted. */
  readonly unread: ReadonlySet<TaskId>;
  /** Every job under a name of ours, by task. */
  readonly jobs: ReadonlyMap<TaskId, readonly Job[]>;
}

/**
 * Looks at ClearML first and then at Slurm: a job that still waits in the second look had not taken its task's entry in the first.
 * Undefined when Slurm gave no whole answer: that says nothing about any job.
 */
export async function poll(deps: DaemonDeps, signal: AbortSignal): Promise<Snapshot | undefined> {
  const at = deps.clock.now();
  const { queues, isWhole } = await deps.clearml.queues.readAll();
  const { tasks, unread } = await deps.clearml.tasks.read([...deps.journal.entries.keys()]);
  const askedAt = deps.clock.now();
  const list = await deps.scheduler.list(signal);
  const slurmMs = Math.max(0, deps.clock.now() - askedAt);
  if (list.kind === 'failed') {
    deps.log.warn('Job list unavailable; skipping this pass', { slurm: list.words });
    return undefined;
  }
  const jobs = byTask(list.jobs);
  const others = await pollOthersJobs(deps, signal);
  if (others === undefined) return undefined;
  for (const [task, job] of others) jobs.set(task, [...(jobs.get(task) ?? []), job]);
  const placeOf = readPlaces({ queues, isWhole }, deps.schedulerQueue);
  return { at, slurmMs, queues, isWhole, placeOf, tasks, unread, jobs };
}

/** The jobs that we follow for another Unix user: those alone, whatever else users have running under the names of these tasks. */
async function pollOthersJobs(
  { journal, scheduler, log }: DaemonDeps,
  signal: AbortSignal,
): Promise<ReadonlyMap<TaskId, Job> | undefined> {
  const entries = [...journal.entries.values()].filter(({ isOthersJob }) => isOthersJob === true);
  if (entries.length === 0) return new Map();
  const list = await scheduler.listAllUsers(signal);
  if (list.kind === 'failed') {
    log.warn("List of all users' jobs unavailable", { slurm: list.words });
    return undefined;
  }
  const found = byTask(list.jobs);
  return new Map(
    entries.flatMap(({ task, jobId, attempt }) => {
      const its = found.get(task)?.find(({ id, name }) => id === jobId && attemptOf(name) === attempt);
      return its?.isOthers === true ? [[task, its] as const] : [];
    }),
  );
}

/** Without the scheduler queue no task can be parked, and no job gets past the gate. */
export function hasSchedulerQueue({ schedulerQueue }: DaemonDeps, { queues }: Snapshot): boolean {
  return queues.some(({ id }) => id === schedulerQueue);
}

/** Missing from an answer that could not be read to its end, it may be there. */
export function isSchedulerQueueDeleted(deps: DaemonDeps, snapshot: Snapshot): boolean {
  return snapshot.isWhole && !hasSchedulerQueue(deps, snapshot);
}

/** A job of this task that may still run. */
export function findLiveJob(snapshot: Snapshot, task: TaskId): Job | undefined {
  return snapshot.jobs.get(task)?.find((job) => isLive(job.state));
}

/** The newest of these attempts at one task: whoever made it follows the task. @param least one that is known already */
export function newestAttempt(jobs: readonly Job[], least = ''): string {
  let newest = least;
  for (const { name } of jobs) {
    const attempt = attemptOf(name);
    if (attempt > newest) newest = attempt;
  }
  return newest;
}

/** Jobs under names of ours, by the task that is in the name. */
export function byTask(jobs: readonly Job[]): Map<TaskId, Job[]> {
  const found = new Map<TaskId, Job[]>();
  for (const job of jobs) {
    const name = readJobName(job.name);
    if (name === undefined) continue;
    const task = name.taskId as TaskId;
    const known = found.get(task);
    if (known === undefined) found.set(task, [job]);
    else known.push(job);
  }
  return found;
}
