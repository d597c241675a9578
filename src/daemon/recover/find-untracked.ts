// Which tasks and jobs of ours nobody seems to follow: told from one view of the world. Pure.
import type { QueueId, TaskId } from '../../clearml/ids.ts';
import type { Task } from '../../clearml/task.ts';
import { attemptOf, readMark } from '../../slurm/job-name.ts';
import { isLive } from '../../slurm/job-state.ts';
import type { Job, JobId } from '../../slurm/scheduler.ts';
import { isJobId } from '../../slurm/job-row.ts';
import { isStoppedByTerm } from '../console/agent-messages.ts';
import { isWaiting } from '../decide/waiting.ts';
import { ranAs } from '../decide/ownership.ts';
import type { ServedQueue } from '../deps.ts';
import { findLiveJob, newestAttempt, type Snapshot } from '../poll/poll.ts';
import type { Peers } from '../poll/peers.ts';

/** What is to become of a task that nobody seems to follow. */
export type Untracked =
  /** Its job lives, or ended with the task in progress: it is followed. */
  | {
      readonly kind: 'job';
      readonly task: TaskId;
      readonly queue: ServedQueue;
      readonly jobId: JobId;
      readonly attempt: string;
      readonly isOthersJob: boolean;
    }
  /** Its job waits, though nobody wants the task run any more: it is cancelled. */
  | { readonly kind: 'unwanted job'; readonly task: TaskId; readonly jobId: JobId }
  /** It waits in the scheduler queue, and has no job: it goes on from there. */
  | { readonly kind: 'parked'; readonly task: TaskId; readonly queue: ServedQueue }
  /** It does not wait, but has an entry in the scheduler queue: that is taken out. */
  | { readonly kind: 'stale entry'; readonly task: TaskId }
  /** It waits, and is in no queue. */
  | {
      readonly kind: 'orphan';
      readonly task: TaskId;
      readonly queue: ServedQueue;
      readonly statusChanged: number | undefined;
    }
  /**
   * Its agent was sent SIGTERM and stopped it, and the job has failed since: it is followed if Slurm had started that job again
   * before the task was parked for it, which only the job's record tells.
   */
  | {
      readonly kind: 'maybe requeued';
      readonly task: TaskId;
      readonly queue: ServedQueue;
      readonly job: Job;
    }
  /** A job of ours ran it, and is gone. */
  | { readonly kind: 'lost job'; readonly task: TaskId; readonly queue: ServedQueue; readonly jobId: JobId };

export interface UntrackedFacts {
  readonly snapshot: Snapshot;
  /**
   * Tasks that have a live job or an entry in the scheduler queue, and where everything was asked for those with a failed job, too,
   * and all that wait or run in our queues.
   */
  readonly tasks: ReadonlyMap<TaskId, Task>;
  /** Those that are looked at: of all that was seen what nobody here follows. */
  readonly candidates: ReadonlySet<TaskId>;
  readonly queues: readonly ServedQueue[];
  readonly schedulerQueue: QueueId;
  /** This daemon's worker id: a job's worker id begins with it. */
  readonly worker: string;
  readonly isOurs: Peers['isOurs'];
  /** Every user's jobs by task, where they were asked for: without them nobody knows whether a task really has no job. */
  readonly allUsersJobs: ReadonlyMap<TaskId, readonly Job[]> | undefined;
  readonly adoptAfterMs: number;
}

/** Strays that seem to have no job: that is certain only once everybody's jobs were looked at. */
export function seemsJobless({ kind }: Untracked): boolean {
  return kind === 'parked' || kind === 'orphan' || kind === 'lost job';
}

/**
 * Finds them. What is younger than the grace may be in the hands of another daemon or agent, and is left alone, as is what a
 * living neighbour follows.
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

/** When each task was put into the scheduler queue. */
function readParked(snapshot: Snapshot, schedulerQueue: QueueId): Map<TaskId, number | undefined> {
  const entries = snapshot.queues.find(({ id }) => id === schedulerQueue)?.entries ?? [];
  return new Map(entries.map(({ task, added }) => [task, added]));
}

function findUntrackedTask(facts: UntrackedFacts, id: TaskId, parkedAt: number | undefined): Untracked | undefined {
  const { snapshot, adoptAfterMs } = facts;
  const task = facts.tasks.get(id);
  const isLongParked = parkedAt !== undefined && snapshot.at - parkedAt > adoptAfterMs;
  const live = findLiveJob(snapshot, id);
  // Taken for alive, but it may have ended: a later poll tells.
  if (live?.state === 'UNKNOWN') return undefined;
  if (task === undefined) {
    if (isLongParked) return { kind: 'stale entry', task: id };
    return live === undefined ? undefined : unwantedJob(facts, id, live);
  }

  const queue = facts.queues.find((served) => served.id === task.executionQueue);
  if (live !== undefined) {
    if (queue === undefined) return isWanted(task) ? undefined : unwantedJob(facts, id, live);
    return trackIfOurs(facts, { task: id, queue, job: live, isOthersJob: false });
  }
  if (queue === undefined) return isLongParked && !isWanted(task) ? { kind: 'stale entry', task: id } : undefined;
  if (isStoppedByTerm(task)) {
    const stoppedBy = failedAfterTerm(facts, task, queue);
    if (stoppedBy !== undefined) return stoppedBy;
  }
  const alive = facts.allUsersJobs?.get(id)?.filter((job) => isLive(job.state)) ?? [];
  // Submitted since our own jobs were listed: the next pass sees it there.
  if (alive.some(({ isOthers }) => isOthers !== true)) return undefined;
  const itsJob = alive.find((job) => isJobOf(task, job));
  if (itsJob !== undefined) return trackIfOurs(facts, { task: id, queue, job: itsJob, isOthersJob: true });
  const place = snapshot.placeOf(id, queue.id);
  if (isLongParked) {
    if (task.status !== 'queued' || place !== 'parked') return { kind: 'stale entry', task: id };
    const ended = endedSince(snapshot.jobs.get(id) ?? [], parkedAt);
    if (ended !== undefined) return trackIfOurs(facts, { task: id, queue, job: ended, isOthersJob: false });
    return facts.isOurs(queue.id, undefined) ? { kind: 'parked', task: id, queue } : undefined;
  }
  const quietMs = snapshot.at - Math.max(task.lastUpdate ?? 0, task.statusChanged ?? 0);
  if (quietMs < adoptAfterMs) return undefined;
  if (task.status === 'in_progress') return wasOurs(facts, task, queue);
  if (task.status !== 'queued' || place !== 'nowhere' || !facts.isOurs(queue.id, undefined)) return undefined;
  return { kind: 'orphan', task: id, queue, statusChanged: task.statusChanged };
}

function failedAfterTerm({ snapshot, isOurs }: UntrackedFacts, task: Task, queue: ServedQueue): Untracked | undefined {
  const jobs = snapshot.jobs.get(task.id) ?? [];
  const job = jobs.findLast((ended) => ended.state === 'FAILED' && ranAs(task, ended));
  if (job === undefined || !isOurs(queue.id, readMark(newestAttempt(jobs)))) return undefined;
  return { kind: 'maybe requeued', task: task.id, queue, job };
}

/**
 * The last job that ended while the task was parked: it never took the task, and how it ended says what is to become of it. A
 * user's scancel, for one, is no reason for another job.
 */
function endedSince(jobs: readonly Job[], parkedAt: number): Job | undefined {
  // Slurm's times are whole seconds.
  const ended = jobs.filter(({ endedAt }) => endedAt !== undefined && endedAt + 999 >= parkedAt);
  return ended.toSorted((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0)).at(-1);
}

/**
 * A task that is in progress, with nobody to be heard and no live job: Slurm still shows the job that ran it, or its last
 * worker was the job that was submitted for it.
 */
function wasOurs(facts: UntrackedFacts, task: Task, queue: ServedQueue): Untracked | undefined {
  const ended = facts.snapshot.jobs.get(task.id)?.at(-1);
  if (ended !== undefined) return trackIfOurs(facts, { task: task.id, queue, job: ended, isOthersJob: false });
  const jobId = readWorkerJob(task.lastWorker, facts.worker) ?? task.slurmJob;
  if (jobId === undefined || !isJobId(jobId) || !ranAs(task, { id: jobId }) || !facts.isOurs(queue.id, undefined))
    return undefined;
  return { kind: 'lost job', task: task.id, queue, jobId };
}

/** The job id in the worker id of a job of ours, `<worker>:<job id>` with a rank behind it where there are several nodes. */
function readWorkerJob(lastWorker: string | undefined, worker: string): JobId | undefined {
  if (lastWorker?.startsWith(`${worker}:`) !== true) return undefined;
  const id = lastWorker.slice(worker.length + 1).split(':', 1)[0] ?? '';
  return isJobId(id) ? id : undefined;
}

/**
 * Anybody on the cluster can give his job a name like ours: it counts only if the task itself knows it. Should it be a real one all
 * the same, then of two jobs of a parked task the gate lets in one.
 */
function isJobOf(task: Task, job: Job): boolean {
  return task.slurmJob === job.id || ranAs(task, job);
}

/** The rule that tracking has too: a daemon that adopts a task by another rule would leave it again in the same pass. */
function trackIfOurs(
  { snapshot, isOurs }: UntrackedFacts,
  { job, ...untracked }: { task: TaskId; queue: ServedQueue; job: Job; isOthersJob: boolean },
): Untracked | undefined {
  const attempt = attemptOf(job.name);
  const newest = newestAttempt(untracked.isOthersJob ? [] : (snapshot.jobs.get(untracked.task) ?? []), attempt);
  return isOurs(untracked.queue.id, readMark(newest))
    ? { kind: 'job', ...untracked, jobId: job.id, attempt }
    : undefined;
}

function isWanted({ status }: Task): boolean {
  return status === 'queued' || status === 'in_progress';
}

/** One that runs sees by itself that its task is gone. */
function unwantedJob({ snapshot, adoptAfterMs }: UntrackedFacts, task: TaskId, job: Job): Untracked | undefined {
  const isOld = job.submittedAt !== undefined && snapshot.at - job.submittedAt > adoptAfterMs;
  return isOld && isWaiting(job) ? { kind: 'unwanted job', task, jobId: job.id } : undefined;
}
