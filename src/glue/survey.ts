// Survey: a look at everything for a person who asks, which takes no lock, changes nothing, and makes do with what answers.
import type { ClearmlClient, Queue, TaskList } from '../clearml/client.ts';
import type { TaskId } from '../clearml/ids.ts';
import { ServerUnreachable } from '../clearml/errors.ts';
import { isLive } from '../slurm/job-state.ts';
import type { Scheduler } from '../slurm/scheduler.ts';
import type { Entry } from './entry.ts';
import { byTask } from './look.ts';
import { statusRow, type StatusRow } from './status-row.ts';

export interface SurveyDeps {
  /** What the journal holds. */
  readonly entries: ReadonlyMap<TaskId, Entry>;
  readonly clearml: Pick<ClearmlClient, 'connect' | 'queues' | 'tasks'>;
  readonly scheduler: Pick<Scheduler, 'list'>;
  /** The name or id of the scheduler queue, which need not exist yet. */
  readonly schedulerQueue: string;
  readonly now: number;
}

export interface Survey {
  /** Every task that the journal knows, that is parked, or that has a live job under a name of ours. */
  readonly rows: readonly StatusRow[];
  /** Why there was no answer; undefined where there was one. */
  readonly clearmlTrouble: string | undefined;
  readonly slurmTrouble: string | undefined;
}

/** ClearML is asked first, as in every round. @throws what the client throws, but for a server that is away */
export async function survey(deps: SurveyDeps, signal: AbortSignal): Promise<Survey> {
  const server = await askClearml(deps);
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
  return {
    rows: rows.toSorted(compareRows),
    clearmlTrouble: trouble,
    slurmTrouble: list.kind === 'failed' ? list.words : undefined,
  };
}

const NONE: TaskList = { tasks: new Map(), unread: new Set() };

async function askClearml({ clearml }: SurveyDeps): Promise<{ queues: readonly Queue[]; trouble: string | undefined }> {
  try {
    await clearml.connect();
    return { queues: (await clearml.queues.readAll()).queues, trouble: undefined };
  } catch (error) {
    if (!(error instanceof ServerUnreachable)) throw error;
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
    if (!(error instanceof ServerUnreachable)) throw error;
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
