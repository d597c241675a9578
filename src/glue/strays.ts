// Strays: tasks of ours that the journal does not know (it was lost, or another daemon died), found again from ClearML and Slurm.
import type { QueueId, TaskId } from '../clearml/ids.ts';
import type { Task } from '../clearml/task.ts';
import { readJobName } from '../slurm/job-name.ts';
import { isLive } from '../slurm/job-state.ts';
import type { JobId } from '../slurm/scheduler.ts';
import type { Entry } from './entry.ts';
import { hasLiveJob, type View } from './follow.ts';
import type { Glue, ServedQueue } from './glue.ts';

/** What is to become of a task that nobody seems to follow. */
export type Stray =
  | {
      readonly kind: 'job';
      readonly task: TaskId;
      readonly queue: ServedQueue;
      readonly jobId: JobId;
      readonly attempt: string;
    }
  | { readonly kind: 'parked'; readonly task: TaskId; readonly queue: ServedQueue }
  | { readonly kind: 'stale entry'; readonly task: TaskId }
  | { readonly kind: 'orphan'; readonly task: TaskId; readonly queue: ServedQueue }
  | { readonly kind: 'was ours'; readonly task: TaskId; readonly queue: ServedQueue; readonly jobId: JobId };

export interface StrayFacts {
  readonly view: View;
  /** Tasks that have a job or an entry in the scheduler queue, and all queued and running tasks of our queues. */
  readonly tasks: ReadonlyMap<TaskId, Task>;
  readonly known: ReadonlySet<TaskId>;
  readonly queues: readonly ServedQueue[];
  readonly schedulerQueue: QueueId;
  /** This daemon's worker id: a job's worker id begins with it. */
  readonly worker: string;
  readonly adoptMs: number;
  readonly now: number;
}

/** Finds them. What is younger than the grace may be in the hands of another daemon or agent, and is left alone. */
export function findStrays(facts: StrayFacts): Stray[] {
  const strays: Stray[] = [];
  const parkedAt = new Map<TaskId, number>();
  for (const queue of facts.view.queues) {
    if (queue.id !== facts.schedulerQueue) continue;
    for (const entry of queue.entries) parkedAt.set(entry.task, entry.added);
  }

  for (const [id, task] of facts.tasks) {
    if (facts.known.has(id)) continue;
    const queue = facts.queues.find((served) => served.id === task.executionQueue);
    if (queue === undefined) continue;
    const stray = findStray(facts, task, queue, parkedAt.get(id));
    if (stray !== undefined) strays.push(stray);
  }
  return strays;
}

function findStray(facts: StrayFacts, task: Task, queue: ServedQueue, parkedAt: number | undefined): Stray | undefined {
  const { view, now, adoptMs } = facts;
  const live = view.jobs.get(task.id)?.find((job) => isLive(job.state));
  if (live !== undefined) {
    const attempt = readJobName(live.name)?.attempt ?? '';
    return { kind: 'job', task: task.id, queue, jobId: live.id, attempt };
  }
  const place = view.placeOf(task.id, queue.id);
  if (parkedAt !== undefined && now - parkedAt > adoptMs) {
    return task.status === 'queued' && place === 'parked'
      ? { kind: 'parked', task: task.id, queue }
      : { kind: 'stale entry', task: task.id };
  }
  const quietMs = now - Math.max(task.lastUpdate ?? 0, task.statusChanged ?? 0);
  if (quietMs < adoptMs) return undefined;
  if (task.status === 'queued' && place === 'nowhere') return { kind: 'orphan', task: task.id, queue };
  if (task.status === 'in_progress') {
    const jobId = readWorkerJob(task.lastWorker, facts.worker);
    if (jobId !== undefined) return { kind: 'was ours', task: task.id, queue, jobId };
  }
  return undefined;
}

/** The job id in a job's worker id, `<worker>:<job id>` with a rank behind it where there are several nodes. */
function readWorkerJob(lastWorker: string | undefined, worker: string): JobId | undefined {
  if (lastWorker?.startsWith(`${worker}:`) !== true) return undefined;
  const id = lastWorker.slice(worker.length + 1).split(':', 1)[0] ?? '';
  return /^\d+$/.test(id) ? (id as JobId) : undefined;
}

/** Looks for strays and takes them in. `everywhere` also asks for orphans among all tasks of our queues, which costs a call more. */
export async function takeInStrays(glue: Glue, view: View, { everywhere }: { everywhere: boolean }): Promise<void> {
  const known = new Set([...glue.journal.entries.keys(), ...glue.busy]);
  const named = new Set<TaskId>();
  for (const task of view.jobs.keys()) if (!known.has(task) && hasLiveJob(view, task)) named.add(task);
  for (const queue of view.queues) {
    if (queue.id === glue.schedulerQueue) for (const { task } of queue.entries) if (!known.has(task)) named.add(task);
  }

  const tasks = new Map(await glue.clearml.tasks.read([...named]));
  if (everywhere) {
    const ours = glue.queues.map(({ id }) => id);
    for (const task of await glue.clearml.tasks.find({ statuses: ['queued', 'in_progress'], queues: ours }))
      tasks.set(task.id, task);
  }
  const { queues, schedulerQueue, worker, adoptMs } = glue;
  for (const stray of findStrays({ view, tasks, known, queues, schedulerQueue, worker, adoptMs, now: view.at }))
    await takeIn(glue, stray);
}

async function takeIn(glue: Glue, stray: Stray): Promise<void> {
  glue.log.info('Found a task that nobody followed', { task: stray.task, what: stray.kind });
  switch (stray.kind) {
    case 'job':
      return glue.journal.write({
        ...newEntry(glue, stray.task, stray.queue),
        jobId: stray.jobId,
        attempt: stray.attempt,
      });
    case 'was ours':
      return glue.journal.write({ ...newEntry(glue, stray.task, stray.queue), jobId: stray.jobId });
    case 'parked':
      // As after an sbatch whose answer was lost: looked up first, submitted only if there is no job.
      return glue.journal.write({ ...newEntry(glue, stray.task, stray.queue), step: 'parking' });
    case 'stale entry':
      await glue.clearml.queues.take(glue.schedulerQueue, stray.task);
      return;
    case 'orphan':
      return glue.clearml.queues.giveBack(stray.queue.id, stray.task);
  }
}

function newEntry(glue: Glue, task: TaskId, queue: ServedQueue): Entry {
  const now = glue.clock.now();
  return {
    task,
    queue: queue.id,
    queueName: queue.name,
    step: 'following',
    stepAt: now,
    attempts: 1,
    firstAttemptAt: now - LOOK_BACK_MS,
    told: {},
  };
}

/** How far back accounting is searched for the job of a task whose submission nobody remembers. */
const LOOK_BACK_MS = 30 * 24 * 3_600_000;
