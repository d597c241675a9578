// Collects the status of all tasks for the status command. Takes no lock, changes nothing, and tolerates an unreachable server.
import type { Limits } from '../../base/job-limits.ts';
import type { ClearmlClient, Queue, TaskList } from '../../clearml/client.ts';
import type { TaskId } from '../../clearml/ids.ts';
import { ServerUnreachableError } from '../../clearml/errors.ts';
import { SlurmUnavailableError } from '../../slurm/errors.ts';
import { isLive } from '../../slurm/job-state.ts';
import type { Task } from '../../clearml/task.ts';
import type { Job, JobId, JobSize, Scheduler } from '../../slurm/scheduler.ts';
import type { CauseOfEnd } from '../../history/ended-attempt.ts';
import { explainEnd } from '../end/cause-of-end.ts';
import type { Entry } from '../journal/entry.ts';
import { accountsOf, type UnixUsers } from '../users/unix-users.ts';
import { hasSubmitted, isJobOfTask } from '../users/foreign-jobs.ts';
import { isSetByAgent } from '../server-and-agent-messages.ts';
import { readHold } from '../console/console-messages.ts';
import { byTask } from '../poll/poll.ts';
import { tally, tasksWithJobs } from '../claim/count-jobs.ts';
import { factsOf } from '../users/task-owners.ts';
import { sizeOfJobs } from '../claim/job-sizes.ts';
import { NO_JOBS } from '../claim/count-jobs.ts';
import { countsSizes } from '../claim/limits-reached.ts';
import { usesOf } from '../claim/report-limit-use.ts';
import type { LimitUse } from '../claim/hold-reasons.ts';
import { statusRow, type StatusRow } from './status-row.ts';

export interface SurveyDeps {
  /** As which Unix users jobs run; undefined: all as the user of the daemon, or not known. */
  readonly unixUsers?: UnixUsers | undefined;
  /** The entries of the journal. */
  readonly entries: ReadonlyMap<TaskId, Entry>;
  readonly clearml: Pick<ClearmlClient, 'connect' | 'queues' | 'tasks'>;
  readonly scheduler: Pick<Scheduler, 'list' | 'sizes'>;
  /** The name or id of the scheduler queue, which need not exist yet. */
  readonly schedulerQueue: string;
  /** The names or ids of the queues that are served. */
  readonly servedQueues: readonly string[];
  /** Of the cluster, and of its queues by their names or ids. */
  readonly limits?: Limits | undefined;
  readonly queueLimits?: ReadonlyMap<string, Limits> | undefined;
  /** Why tasks ended, from the history. */
  readonly causes?: ReadonlyMap<string, CauseOfEnd> | undefined;
  /** How far back ended tasks are listed, in milliseconds. */
  readonly endedSinceMs: number;
  readonly now: number;
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

/** A task that went through Slurm and has ended. */
export interface EndedRow {
  readonly task: TaskId;
  readonly name: string;
  readonly queue: string;
  readonly job: string;
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
  /** How much of each limit is used, if ClearML and Slurm responded; `queue`: undefined for a limit of the cluster. */
  readonly limits: readonly (LimitUse & { readonly queue: string | undefined })[];
  /** Why there was no response; undefined if there was one. */
  readonly clearmlError: string | undefined;
  readonly slurmError: string | undefined;
}

/** Reads ClearML first, as every pass does. @throws what the client throws, except ServerUnreachableError */
export async function survey(deps: SurveyDeps, signal: AbortSignal): Promise<Survey> {
  const server = await readQueues(deps);
  const list = await deps.scheduler.list(signal, accountsOf(deps.unixUsers, deps.entries.values()));
  const named = byTask(list.kind === 'listed' ? list.jobs : []);
  const ids = activeTasks({ ...deps, queues: server.queues, jobs: named });
  const { tasks, unread, error } =
    server.error === undefined ? await readTasks(deps, [...ids]) : { ...server, ...NONE };
  const jobs = new Map([...named].map(([id, its]) => [id, its.filter((job) => isIts(deps, job, id, tasks.get(id)))]));
  const hasResponded = { clearml: error === undefined, slurm: list.kind === 'listed' };
  const rows = activeRows(ids, { ...deps, queues: server.queues, tasks, unread, jobs, hasResponded }, deps.now);
  const waiting = waitingEntries(deps.servedQueues, server.queues, ids);
  const sizes = await readSizes(deps, signal);
  const ended = error === undefined ? await readEnded(deps, server.queues) : { rows: [], error };
  return {
    rows,
    ...(await nameWaiting(deps, waiting)),
    limits: hasResponded.clearml && hasResponded.slurm ? readLimits(deps, server.queues, { tasks, jobs, sizes }) : [],
    ended: ended.rows.filter(({ task }) => !ids.has(task)),
    clearmlError: error ?? ended.error,
    slurmError: list.kind === 'failed' ? list.message : undefined,
  };
}

/** Nothing if no limit counts them, or if they cannot be read. */
async function readSizes(
  { limits, queueLimits = new Map<string, Limits>(), scheduler, unixUsers, entries }: SurveyDeps,
  signal: AbortSignal,
): Promise<ReadonlyMap<JobId, JobSize>> {
  if (!countsSizes(limits) && ![...queueLimits.values()].some(countsSizes)) return new Map();
  try {
    return await scheduler.sizes(signal, accountsOf(unixUsers, entries.values()));
  } catch (error) {
    if (error instanceof SlurmUnavailableError) return new Map();
    throw error;
  }
}

/** Counts as claiming does. */
function readLimits(
  { limits = {}, queueLimits = new Map(), servedQueues, entries, schedulerQueue }: SurveyDeps,
  queues: readonly Queue[],
  { tasks, jobs, sizes }: Pick<Polled, 'tasks' | 'jobs'> & { readonly sizes: ReadonlyMap<JobId, JobSize> },
): Survey['limits'] {
  const served = queues.filter(({ id, name }) => servedQueues.includes(id) || servedQueues.includes(name));
  const parked = parkedTasks(queues, schedulerQueue);
  const isOver = (task: TaskId): boolean => !['queued', 'in_progress'].includes(tasks.get(task)?.status ?? '');
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
    (task) => sizeOfJobs(sizes, jobs.get(task), entries.get(task)),
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

/** What a poll knows of the tasks of a cluster. */
export interface Polled extends TaskList {
  readonly entries: ReadonlyMap<TaskId, Entry>;
  readonly queues: readonly Queue[];
  readonly jobs: ReadonlyMap<TaskId, readonly Job[]>;
  readonly hasResponded: { readonly clearml: boolean; readonly slurm: boolean };
}

/** The tasks that are journaled, are parked, or have a live job with a job name of ours. */
export function activeTasks({
  entries,
  queues,
  jobs,
  schedulerQueue,
}: Pick<Polled, 'entries' | 'queues' | 'jobs'> & Pick<SurveyDeps, 'schedulerQueue'>): ReadonlySet<TaskId> {
  const ids = new Set([...entries.keys(), ...parkedTasks(queues, schedulerQueue)]);
  for (const [id, its] of jobs) if (its.some(({ state }) => isLive(state))) ids.add(id);
  return ids;
}

function parkedTasks(queues: readonly Queue[], schedulerQueue: string): readonly TaskId[] {
  const found = queues.find(({ id, name }) => id === schedulerQueue || name === schedulerQueue);
  return found?.entries.map(({ task }) => task) ?? [];
}

/** The rows of these tasks: by queue, then the oldest first. @param now milliseconds since 1970 */
export function activeRows(
  ids: ReadonlySet<TaskId>,
  { entries, queues, tasks, unread, jobs, hasResponded: { clearml, slurm } }: Polled,
  now: number,
): StatusRow[] {
  const queueNames = new Map(queues.map(({ id, name }) => [id, name]));
  const rows = [...ids].map((id) => {
    const task = tasks.get(id);
    const queueName = task?.executionQueue === undefined ? undefined : queueNames.get(task.executionQueue);
    const hasResponded = { clearml: clearml && !unread.has(id), slurm };
    return statusRow({ id, entry: entries.get(id), task, jobs: jobs.get(id) ?? [], queueName, hasResponded }, now);
  });
  return rows.sort(compareRows);
}

/** A job with the name of a task counts only if it runs as the Unix user of the task. */
function isIts({ unixUsers, entries }: SurveyDeps, job: Job, id: TaskId, task: Task | undefined): boolean {
  if (unixUsers === undefined) return true;
  const entry = entries.get(id);
  if (task === undefined && !hasSubmitted(entry)) return false;
  return isJobOfTask(unixUsers, job, { entry, owner: task?.user });
}

const NONE: TaskList = { tasks: new Map(), unread: new Set() };

async function readQueues({ clearml }: SurveyDeps): Promise<{ queues: readonly Queue[]; error: string | undefined }> {
  try {
    await clearml.connect();
    return { queues: (await clearml.queues.readAll()).queues, error: undefined };
  } catch (error) {
    if (!(error instanceof ServerUnreachableError)) throw error;
    return { queues: [], error: error.message };
  }
}

async function readTasks(
  { clearml }: SurveyDeps,
  ids: readonly TaskId[],
): Promise<TaskList & { error: string | undefined }> {
  try {
    return { ...(await clearml.tasks.read(ids)), error: undefined };
  } catch (error) {
    if (!(error instanceof ServerUnreachableError)) throw error;
    return { ...NONE, error: error.message };
  }
}

/** By queue, then the oldest first. */
function compareRows(a: StatusRow, b: StatusRow): number {
  return (a.queue ?? '').localeCompare(b.queue ?? '') || (a.since ?? 0) - (b.since ?? 0);
}

/** How many entries of each queue are shown. */
const WAITING_SHOWN = 10;

type Unnamed = Omit<WaitingRow, 'name' | 'why'>;

/** The entries of the served queues whose tasks are not active. */
export function waitingEntries(
  servedQueues: readonly string[],
  queues: readonly Queue[],
  known: ReadonlySet<TaskId>,
): readonly Unnamed[] {
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

async function nameWaiting(
  deps: SurveyDeps,
  all: readonly Unnamed[],
): Promise<Pick<Survey, 'waiting' | 'waitingCount'>> {
  const shown = all.filter(({ place }) => place <= WAITING_SHOWN);
  const { tasks } =
    shown.length === 0
      ? NONE
      : await readTasks(
          deps,
          shown.map(({ task }) => task),
        );
  return {
    waiting: shown.map((row) => {
      const task = tasks.get(row.task);
      return { ...row, name: task?.name, why: readHold(task?.statusMessage ?? '') };
    }),
    waitingCount: all.length,
  };
}

const ENDS = ['completed', 'failed', 'stopped', 'closed', 'published'];

/** The user property `slurm_job_id` marks tasks that ran in Slurm. */
async function readEnded(
  { clearml, servedQueues, endedSinceMs, now, causes }: SurveyDeps,
  queues: readonly Queue[],
): Promise<{ readonly rows: readonly EndedRow[]; readonly error: string | undefined }> {
  const served = queues.filter(({ id, name }) => servedQueues.includes(id) || servedQueues.includes(name));
  const explain = (task: Pick<Task, 'id' | 'status' | 'statusReason' | 'statusMessage'>): string => {
    if (task.status === 'failed' || (task.status === 'stopped' && isSetByAgent(task)))
      return explainEnd(causes?.get(task.id), task);
    return task.status === 'stopped' ? task.statusReason : '';
  };
  try {
    const found = await clearml.tasks.find({
      statuses: ENDS,
      queues: served.map(({ id }) => id),
      changedSince: now - endedSinceMs,
    });
    const rows = found.flatMap(
      ({ id, name, status, statusReason, statusMessage, statusChanged, slurmJob, executionQueue }) =>
        slurmJob === undefined
          ? []
          : [
              {
                task: id,
                name,
                queue: served.find((queue) => queue.id === executionQueue)?.name ?? '',
                job: slurmJob,
                status,
                endedAt: statusChanged,
                why: explain({ id, status, statusReason, statusMessage }),
              },
            ],
    );
    return { rows: rows.toSorted((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0)), error: undefined };
  } catch (error) {
    if (!(error instanceof ServerUnreachableError)) throw error;
    return { rows: [], error: error.message };
  }
}
