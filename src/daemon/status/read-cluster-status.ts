// Collects the status of all tasks for the status command. Takes no lock, changes nothing, and tolerates an unreachable server.
import type { Limits } from '../../base/job-limits.ts';
import type { ClearmlClient, Queue, TaskList } from '../../clearml/client.ts';
import type { TaskId } from '../../clearml/ids.ts';
import { ServerUnreachableError } from '../../clearml/errors.ts';
import { unlessUnavailable } from '../../slurm/errors.ts';
import type { Task } from '../../clearml/task.ts';
import type { Job, ListedSizes, Scheduler } from '../../slurm/scheduler.ts';
import type { CauseOfEnd } from '../../history/ended-attempt.ts';
import { explainEnd } from '../end/history-cause.ts';
import { isRejected, lastJobOf } from '../end/status-reasons.ts';
import type { Entry } from '../journal/entry.ts';
import { accountsOf, type UnixUsers } from '../users/unix-users.ts';
import { hasSubmitted, isJobOfTask } from '../users/jobs-of-task.ts';
import { isSetByAgent } from '../decide/recognize-agent-messages.ts';
import { parseHold } from '../console/console-messages.ts';
import { byTask } from '../poll/poll.ts';
import { countsSizes } from '../claim/limits-reached.ts';
import {
  activeRows,
  activeTasks,
  limitUses,
  waitingEntries,
  type ClusterLimitUse,
  type LimitedCluster,
  type UnnamedRow,
  type WaitingRow,
} from './list-status-rows.ts';
import type { StatusRow } from './status-row.ts';

export interface SurveyDeps extends LimitedCluster {
  /** As which Unix users jobs run; undefined: all as the user of the daemon, or not known. */
  readonly unixUsers?: UnixUsers | undefined;
  /** The entries of the journal. */
  readonly entries: ReadonlyMap<TaskId, Entry>;
  readonly clearml: Pick<ClearmlClient, 'connect' | 'queues' | 'tasks'>;
  readonly scheduler: Pick<Scheduler, 'list' | 'sizes'>;
  /** Why attempts ended, from the history, by their `causeKey`. */
  readonly causes?: ReadonlyMap<string, CauseOfEnd> | undefined;
  /** How far back ended tasks are listed, in milliseconds. */
  readonly endedSinceMs: number;
  readonly now: number;
}

/** A task may run several times: each run has its own job, and its own cause of end. */
export function causeKey(task: string, job: string | undefined): string {
  return `${task} ${job ?? ''}`;
}

/** A task that a daemon claimed and that has ended. */
export interface EndedRow {
  readonly task: TaskId;
  readonly name: string;
  readonly queue: string;
  /** undefined if the task failed before it had a job, because its template or Slurm refused it. */
  readonly job: string | undefined;
  readonly status: string;
  readonly endedAt: number | undefined;
  /** Empty after success. */
  readonly why: string;
}

export interface Survey {
  /** Every task that is journaled, is parked, or has a live job with a job name of ours. */
  readonly rows: readonly StatusRow[];
  /** The first entries of each queue, in the order of the queues. */
  readonly waiting: readonly WaitingRow[];
  /** How many wait there in total. */
  readonly waitingCount: number;
  /** The latest first. */
  readonly ended: readonly EndedRow[];
  /** If ClearML and Slurm responded. */
  readonly limits: readonly ClusterLimitUse[];
  /** Why there was no response; undefined if there was one. */
  readonly clearmlError: string | undefined;
  readonly slurmError: string | undefined;
}

/** Reads ClearML first, as every pass does. @throws what the client throws, except ServerUnreachableError */
export async function survey(deps: SurveyDeps, signal: AbortSignal): Promise<Survey> {
  const server = await unlessUnreachable(readQueues(deps), { queues: [] });
  const list = await deps.scheduler.list(signal, accountsOf(deps.unixUsers, deps.entries.values()));
  const named = byTask(list.kind === 'listed' ? list.jobs : []);
  const ids = activeTasks({ ...deps, queues: server.queues, jobs: named });
  const { tasks, unread, error } =
    server.error === undefined
      ? await unlessUnreachable(deps.clearml.tasks.read([...ids]), NONE)
      : { ...server, ...NONE };
  const jobs = new Map([...named].map(([id, its]) => [id, its.filter((job) => isIts(deps, job, id, tasks.get(id)))]));
  const hasResponded = { clearml: error === undefined, slurm: list.kind === 'listed' };
  const rows = activeRows(ids, { ...deps, queues: server.queues, tasks, unread, jobs, hasResponded }, deps.now);
  const waiting = waitingEntries(deps.servedQueues, server.queues, ids);
  const sizes = await readSizes(deps, signal);
  const ended =
    error === undefined ? await unlessUnreachable(readEnded(deps, server.queues), { rows: [] }) : { rows: [], error };
  return {
    rows,
    ...(await nameWaiting(deps, waiting)),
    limits:
      hasResponded.clearml && hasResponded.slurm
        ? limitUses(deps, { entries: deps.entries, queues: server.queues, tasks, jobs, sizes })
        : [],
    ended: ended.rows.filter(({ task }) => !ids.has(task)),
    clearmlError: error ?? ended.error,
    slurmError: list.kind === 'failed' ? list.message : undefined,
  };
}

/** undefined if no limit counts them, or if they cannot be read. */
async function readSizes(
  { limits, queueLimits = new Map<string, Limits>(), scheduler, unixUsers, entries }: SurveyDeps,
  signal: AbortSignal,
): Promise<ListedSizes | undefined> {
  if (!countsSizes(limits) && ![...queueLimits.values()].some(countsSizes)) return undefined;
  return unlessUnavailable(scheduler.sizes(signal, accountsOf(unixUsers, entries.values())));
}

/** A job with the name of a task counts only if it runs as the Unix user of the task. */
function isIts({ unixUsers, entries }: SurveyDeps, job: Job, id: TaskId, task: Task | undefined): boolean {
  if (unixUsers === undefined) return true;
  const entry = entries.get(id);
  if (task === undefined && !hasSubmitted(entry)) return false;
  return isJobOfTask(unixUsers, job, { entry, owner: task?.user });
}

const NONE: TaskList = { tasks: new Map(), unread: new Set() };

/** What was read; or without a response, nothing, and why there was none. @throws any other error */
async function unlessUnreachable<Read extends object>(
  reading: Promise<Read>,
  nothing: Read,
): Promise<Read & { error?: string }> {
  try {
    return { ...(await reading) };
  } catch (error) {
    if (!(error instanceof ServerUnreachableError)) throw error;
    return { ...nothing, error: error.message };
  }
}

async function readQueues({ clearml }: SurveyDeps): Promise<{ readonly queues: readonly Queue[] }> {
  await clearml.connect();
  return clearml.queues.readAll();
}

/** How many entries of each queue are shown. */
const WAITING_SHOWN = 10;

async function nameWaiting(
  deps: SurveyDeps,
  all: readonly UnnamedRow[],
): Promise<Pick<Survey, 'waiting' | 'waitingCount'>> {
  const shown = all.filter(({ place }) => place <= WAITING_SHOWN);
  const ids = shown.map(({ task }) => task);
  const { tasks } = ids.length === 0 ? NONE : await unlessUnreachable(deps.clearml.tasks.read(ids), NONE);
  return {
    waiting: shown.map((row) => {
      const task = tasks.get(row.task);
      return { ...row, name: task?.name, why: parseHold(task?.statusMessage ?? '') };
    }),
    waitingCount: all.length,
  };
}

const ENDS = ['completed', 'failed', 'stopped', 'closed', 'published'];

/** The user property `slurm_job_id` marks tasks that ran in Slurm. A rejected task may have that of an earlier run. */
async function readEnded(
  { clearml, servedQueues, endedSinceMs, now, causes }: SurveyDeps,
  queues: readonly Queue[],
): Promise<{ readonly rows: readonly EndedRow[] }> {
  const served = queues.filter(({ id, name }) => servedQueues.includes(id) || servedQueues.includes(name));
  const explain = (task: Task): string => {
    if (task.status === 'failed' || (task.status === 'stopped' && isSetByAgent(task)))
      return explainEnd(causes?.get(causeKey(task.id, task.slurmJob)), task);
    return task.status === 'stopped' ? task.statusReason : '';
  };
  const found = await clearml.tasks.find({
    statuses: ENDS,
    queues: served.map(({ id }) => id),
    changedSince: now - endedSinceMs,
  });
  const rows = found.flatMap((task) => {
    const { id, name, status, statusChanged: endedAt, executionQueue } = task;
    const queue = served.find((one) => one.id === executionQueue)?.name ?? '';
    const job = lastJobOf(task);
    if (job === undefined && !isRejected(task)) return [];
    return [{ task: id, name, queue, job, status, endedAt, why: explain(task) }];
  });
  return { rows: rows.toSorted((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0)) };
}
