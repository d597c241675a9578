// Survey: a look at everything for a person who asks, which takes no lock, changes nothing, and makes do with what answers.
import type { ClearmlClient, Queue, TaskList } from '../../clearml/client.ts';
import type { TaskId } from '../../clearml/ids.ts';
import { ServerUnreachableError } from '../../clearml/errors.ts';
import { isLive } from '../../slurm/job-state.ts';
import type { Scheduler } from '../../slurm/scheduler.ts';
import type { Entry } from '../journal/entry.ts';
import { byTask } from '../poll/poll.ts';
import { statusRow, type StatusRow } from './status-row.ts';

export interface SurveyDeps {
  /** What the journal holds. */
  readonly entries: ReadonlyMap<TaskId, Entry>;
  readonly clearml: Pick<ClearmlClient, 'connect' | 'queues' | 'tasks'>;
  readonly scheduler: Pick<Scheduler, 'list'>;
  /** The name or id of the scheduler queue, which need not exist yet. */
  readonly schedulerQueue: string;
  /** The names or ids of the queues that are served. */
  readonly servedQueues: readonly string[];
  /** How far back tasks that have ended are told of. */
  readonly endedSinceMs: number;
  readonly now: number;
}

/** A task in a queue that is served, which nobody has claimed yet. */
export interface WaitingRow {
  readonly task: TaskId;
  readonly name: string | undefined;
  readonly queue: string;
  /** 1 for the next one. */
  readonly place: number;
  /** When it was enqueued; undefined where the server does not say. */
  readonly since: number | undefined;
}

/** A task that went through Slurm and has ended. */
export interface EndedRow {
  readonly task: TaskId;
  readonly name: string;
  readonly queue: string;
  readonly job: string;
  readonly status: string;
  readonly endedAt: number | undefined;
  /** As the server has it; empty where all went well. */
  readonly why: string;
}

export interface Survey {
  /** Every task that the journal knows, that is parked, or that has a live job under a name of ours. */
  readonly rows: readonly StatusRow[];
  /** The first of each queue, in the order of the queues. */
  readonly waiting: readonly WaitingRow[];
  /** How many wait there altogether. */
  readonly waitingCount: number;
  /** The last one first. */
  readonly ended: readonly EndedRow[];
  /** Why there was no answer; undefined where there was one. */
  readonly clearmlError: string | undefined;
  readonly slurmError: string | undefined;
}

/** ClearML is asked first, as in every round. @throws what the client throws, but for a server that is away */
export async function survey(deps: SurveyDeps, signal: AbortSignal): Promise<Survey> {
  const server = await readQueues(deps);
  const list = await deps.scheduler.list(signal);
  const jobs = byTask(list.kind === 'listed' ? list.jobs : []);
  const ids = new Set([...deps.entries.keys(), ...parkedTasks(deps, server.queues)]);
  for (const [id, its] of jobs) if (its.some(({ state }) => isLive(state))) ids.add(id);
  const { tasks, unread, trouble } =
    server.trouble === undefined ? await readTasks(deps, [...ids]) : { ...server, ...NONE };

  const rows = [...ids].map((id) => {
    const isAsked = { clearml: trouble === undefined && !unread.has(id), slurm: list.kind === 'listed' };
    const task = tasks.get(id);
    const queueName = server.queues.find((queue) => queue.id === task?.executionQueue)?.name;
    return statusRow({ id, entry: deps.entries.get(id), task, jobs: jobs.get(id) ?? [], queueName, isAsked }, deps.now);
  });
  const waiting = waitingEntries(deps, server.queues, ids);
  const ended = trouble === undefined ? await readEnded(deps, server.queues) : { rows: [], trouble };
  return {
    rows: rows.toSorted(compareRows),
    ...(await nameWaiting(deps, waiting)),
    ended: ended.rows.filter(({ task }) => !ids.has(task)),
    clearmlError: trouble ?? ended.trouble,
    slurmError: list.kind === 'failed' ? list.words : undefined,
  };
}

const NONE: TaskList = { tasks: new Map(), unread: new Set() };

async function readQueues({ clearml }: SurveyDeps): Promise<{ queues: readonly Queue[]; trouble: string | undefined }> {
  try {
    await clearml.connect();
    return { queues: (await clearml.queues.readAll()).queues, trouble: undefined };
  } catch (error) {
    if (!(error instanceof ServerUnreachableError)) throw error;
    return { queues: [], trouble: error.message };
  }
}

async function readTasks(
  { clearml }: SurveyDeps,
  ids: readonly TaskId[],
): Promise<TaskList & { trouble: string | undefined }> {
  try {
    return { ...(await clearml.tasks.read(ids)), trouble: undefined };
  } catch (error) {
    if (!(error instanceof ServerUnreachableError)) throw error;
    return { ...NONE, trouble: error.message };
  }
}

function parkedTasks({ schedulerQueue }: SurveyDeps, queues: readonly Queue[]): TaskId[] {
  const found = queues.find(({ id, name }) => id === schedulerQueue || name === schedulerQueue);
  return (found?.entries ?? []).map(({ task }) => task);
}

/** By queue, then the oldest first. */
function compareRows(a: StatusRow, b: StatusRow): number {
  return (a.queue ?? '').localeCompare(b.queue ?? '') || (a.since ?? 0) - (b.since ?? 0);
}

/** Of each queue so many are shown. */
const WAITING_SHOWN = 10;

type Unnamed = Omit<WaitingRow, 'name'>;

function waitingEntries(
  { servedQueues }: SurveyDeps,
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
    waiting: shown.map((row) => ({ ...row, name: tasks.get(row.task)?.name })),
    waitingCount: all.length,
  };
}

const ENDS = ['completed', 'failed', 'stopped', 'closed', 'published'];

/** The user property `slurm_job_id` tells those that went through Slurm. */
async function readEnded(
  { clearml, servedQueues, endedSinceMs, now }: SurveyDeps,
  queues: readonly Queue[],
): Promise<{ readonly rows: readonly EndedRow[]; readonly trouble: string | undefined }> {
  const served = queues.filter(({ id, name }) => servedQueues.includes(id) || servedQueues.includes(name));
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
                why: status === 'failed' ? statusMessage : status === 'stopped' ? statusReason : '',
              },
            ],
    );
    return { rows: rows.toSorted((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0)), trouble: undefined };
  } catch (error) {
    if (!(error instanceof ServerUnreachableError)) throw error;
    return { rows: [], trouble: error.message };
  }
}
