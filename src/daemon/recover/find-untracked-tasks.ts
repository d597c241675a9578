// Finds the tasks and jobs in a snapshot that no daemon seems to track. Pure.
import type { TaskId } from '../../clearml/ids.ts';
import { isQueuedOrRunning, type Task } from '../../clearml/task.ts';
import { attemptOf, parseMark } from '../../slurm/job-name.ts';
import { isLive, isWaiting } from '../../slurm/job-state.ts';
import type { Job, JobId } from '../../slurm/scheduler.ts';
import { isJobId } from '../../slurm/parse-job-row.ts';
import { isStoppedByTerm } from '../decide/recognize-abort.ts';
import { namesJob, ranAs } from '../decide/who-runs-the-task.ts';
import type { DaemonDeps, ServedQueue } from '../deps.ts';
import { findLiveJob, newestAttempt, readParked, type Snapshot } from '../poll/poll.ts';
import type { Peers } from '../poll/peers.ts';

/** An untracked task, and what to do with it. */
export type Untracked =
  /** Its job is live, or ended while the task was in progress: track it. */
  | {
      readonly kind: 'job';
      readonly task: TaskId;
      readonly queue: ServedQueue;
      readonly jobId: JobId;
      readonly attempt: string;
      readonly isOthersJob: boolean;
    }
  /** Its job is pending although the task must not run any more: cancel the job. */
  | { readonly kind: 'unwanted job'; readonly task: TaskId; readonly job: Job }
  /**
   * `parked`: it is parked and has no job: return it to its queue. Any user of the ClearML server can park a task, so to submit it would
   * evade limits and pauses. `orphan`: it is queued, and in no queue.
   */
  | {
      readonly kind: 'parked' | 'orphan';
      readonly task: TaskId;
      readonly queue: ServedQueue;
      readonly statusChanged: number | undefined;
    }
  /** It is not queued but has an entry in the scheduler queue: remove the entry. */
  | { readonly kind: 'stale entry'; readonly task: TaskId }
  /**
   * Its agent stopped it on SIGTERM, and the job failed later: track it if Slurm had restarted that job before the task was parked again,
   * which only the job's record shows.
   */
  | {
      readonly kind: 'maybe requeued';
      readonly task: TaskId;
      readonly queue: ServedQueue;
      readonly job: Job;
    }
  /** A job of ours ran it and is gone. */
  | { readonly kind: 'lost job'; readonly task: TaskId; readonly queue: ServedQueue; readonly jobId: JobId };

export interface UntrackedFacts
  extends
    Pick<DaemonDeps, 'queues' | 'schedulerQueue' | 'worker' | 'adoptAfterMs'>,
    Pick<Peers, 'mayAdopt' | 'mayAdoptJobless' | 'hasMetMark'> {
  readonly snapshot: Snapshot;
  /**
   * Tasks with a live job or an entry in the scheduler queue; with a search everywhere, also those with a failed job, and all queued or
   * running tasks of our queues.
   */
  readonly tasks: ReadonlyMap<TaskId, Task>;
  /** The tasks to check: all in the snapshot that this daemon does not track. */
  readonly candidates: ReadonlySet<TaskId>;
  /** Slurm's name of the cluster. */
  readonly cluster: string;
  /** All users' jobs by task, if they were listed: only they show that a task really has no job. */
  readonly allUsersJobs: ReadonlyMap<TaskId, readonly Job[]> | undefined;
}

/** Whether the task seems to have no job, which only the list of all users' jobs can confirm. */
export function seemsJobless({ kind }: Untracked): boolean {
  return kind === 'parked' || kind === 'orphan' || kind === 'lost job';
}

/**
 * Finds the untracked tasks. A task that changed less than `adoptAfterMs` ago may be held by another daemon or agent and is left alone,
 * as is a task that a live peer tracks.
 */
export function findUntracked(facts: UntrackedFacts): Untracked[] {
  if (facts.candidates.size === 0) return [];
  const parkedAt = readParked(facts.snapshot, facts.schedulerQueue);
  const untrackedTasks: Untracked[] = [];
  for (const id of facts.candidates) {
    const untracked = findUntrackedTask(facts, id, parkedAt.get(id));
    if (untracked !== undefined) untrackedTasks.push(untracked);
  }
  return untrackedTasks;
}

function findUntrackedTask(facts: UntrackedFacts, id: TaskId, parkedAt: number | undefined): Untracked | undefined {
  const { snapshot, adoptAfterMs } = facts;
  const task = facts.tasks.get(id);
  const isLongParked = parkedAt !== undefined && snapshot.at - parkedAt > adoptAfterMs;
  const live = findLiveJob(snapshot, id);
  // Counts as live, but it may have ended: a later poll shows it.
  if (live?.state === 'UNKNOWN') return undefined;
  if (task === undefined) {
    if (isLongParked) return { kind: 'stale entry', task: id };
    return live === undefined ? undefined : unwantedJob(facts, id, live);
  }

  const queue = facts.queues.find((served) => served.id === task.executionQueue);
  if (live !== undefined) {
    if (queue === undefined) return isQueuedOrRunning(task) ? undefined : unwantedJob(facts, id, live);
    return trackIfOurs(facts, { task: id, queue, job: live, isOthersJob: false });
  }
  if (queue === undefined)
    return isLongParked && !isQueuedOrRunning(task) ? { kind: 'stale entry', task: id } : undefined;
  if (isStoppedByTerm(task)) {
    const stoppedBy = failedAfterTerm(facts, task, queue);
    if (stoppedBy !== undefined) return stoppedBy;
  }
  const alive = facts.allUsersJobs?.get(id)?.filter((job) => isLive(job.state)) ?? [];
  // Submitted after our own jobs were listed: the next pass lists it.
  if (alive.some(({ isOthers }) => isOthers !== true)) return undefined;
  const itsJob = alive.find((job) => namesJob(task, job, facts.cluster));
  if (itsJob !== undefined) return trackIfOurs(facts, { task: id, queue, job: itsJob, isOthersJob: true });
  const place = snapshot.placeOf(id, queue.id);
  if (isLongParked) {
    if (task.status !== 'queued' || place !== 'parked') return { kind: 'stale entry', task: id };
    const ended = endedSince(snapshot.jobs.get(id) ?? [], parkedAt);
    if (ended !== undefined) return trackIfOurs(facts, { task: id, queue, job: ended, isOthersJob: false });
    if (!facts.mayAdoptJobless(queue.id, task.slurmCluster)) return undefined;
    return { kind: 'parked', task: id, queue, statusChanged: task.statusChanged };
  }
  const quietMs = snapshot.at - Math.max(task.lastUpdate ?? 0, task.statusChanged ?? 0);
  if (quietMs < adoptAfterMs) return undefined;
  if (task.status === 'in_progress') return wasOurs(facts, task, queue);
  if (task.status !== 'queued' || place !== 'nowhere') return undefined;
  const ended = endedSince(snapshot.jobs.get(id) ?? [], task.statusChanged ?? Infinity);
  // It had taken the entry. After any other end, the task may have returned to its queue since.
  if (ended?.state === 'CANCELLED') return trackIfOurs(facts, { task: id, queue, job: ended, isOthersJob: false });
  if (!facts.mayAdoptJobless(queue.id, task.slurmCluster)) return undefined;
  return { kind: 'orphan', task: id, queue, statusChanged: task.statusChanged };
}

function failedAfterTerm(
  { snapshot, mayAdopt }: UntrackedFacts,
  task: Task,
  queue: ServedQueue,
): Untracked | undefined {
  const jobs = snapshot.jobs.get(task.id) ?? [];
  const newest = newestAttempt(jobs);
  // A newer job may have been stopped before its agent reported as the worker of the task.
  const job = jobs.find(({ name, state }) => attemptOf(name) === newest && state === 'FAILED');
  if (job === undefined || !ranAs(task, job) || !mayAdopt(queue.id, parseMark(newest))) return undefined;
  return { kind: 'maybe requeued', task: task.id, queue, job };
}

/**
 * Returns the last job that ended since the task was parked or enqueued. It never started the task, and its end decides what happens next:
 * after a user's scancel, for example, there must be no other job.
 */
function endedSince(jobs: readonly Job[], since: number): Job | undefined {
  // Slurm's times are whole seconds.
  const ended = jobs.filter(({ endedAt }) => endedAt !== undefined && endedAt + 999 >= since);
  return ended.toSorted((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0)).at(-1);
}

/**
 * Checks a task in progress without recent reports and without a live job: it was ours if Slurm still lists the job that ran it, or if
 * its last worker was the job that was submitted for it. An agent that died before its first report leaves no worker.
 */
function wasOurs(facts: UntrackedFacts, task: Task, queue: ServedQueue): Untracked | undefined {
  const ended = facts.snapshot.jobs.get(task.id)?.at(-1);
  if (ended !== undefined) return trackIfOurs(facts, { task: task.id, queue, job: ended, isOthersJob: false });
  // On another cluster, the same id is that of another job.
  if (task.slurmCluster !== undefined && task.slurmCluster !== facts.cluster) return undefined;
  const jobId = parseWorkerJob(task.lastWorker, facts.worker) ?? task.slurmJob;
  if (jobId === undefined || !isJobId(jobId) || !facts.mayAdoptJobless(queue.id, task.slurmCluster)) return undefined;
  if (task.lastWorker !== undefined && !ranAs(task, { id: jobId })) return undefined;
  return { kind: 'lost job', task: task.id, queue, jobId };
}

/** Returns the job id from the worker id of a job of ours: `<worker>:<job id>`, with `:<rank>` if it has several nodes. */
function parseWorkerJob(lastWorker: string | undefined, worker: string): JobId | undefined {
  if (lastWorker?.startsWith(`${worker}:`) !== true) return undefined;
  const id = lastWorker.slice(worker.length + 1).split(':', 1)[0] ?? '';
  return isJobId(id) ? id : undefined;
}

/** Is no less strict than the rule of reconcile: a daemon would adopt a task and leave it in the same pass. */
function trackIfOurs(
  { snapshot, mayAdopt }: UntrackedFacts,
  { job, ...untracked }: { task: TaskId; queue: ServedQueue; job: Job; isOthersJob: boolean },
): Untracked | undefined {
  const attempt = attemptOf(job.name);
  const newest = newestAttempt(untracked.isOthersJob ? [] : (snapshot.jobs.get(untracked.task) ?? []), attempt);
  return mayAdopt(untracked.queue.id, parseMark(newest))
    ? { kind: 'job', ...untracked, jobId: job.id, attempt }
    : undefined;
}

/**
 * A running job finds out by itself that its task is gone. A job whose daemon is unknown may be that of another ClearML server, on which its
 * task exists.
 */
function unwantedJob(
  { snapshot, adoptAfterMs, hasMetMark }: UntrackedFacts,
  task: TaskId,
  job: Job,
): Untracked | undefined {
  const mark = parseMark(attemptOf(job.name));
  if (mark === undefined || !hasMetMark(mark)) return undefined;
  const isOld = job.submittedAt !== undefined && snapshot.at - job.submittedAt > adoptAfterMs;
  return isOld && isWaiting(job) ? { kind: 'unwanted job', task, job } : undefined;
}
