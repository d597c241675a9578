// Follow: one look at ClearML and one at Slurm, then the table says for each task what is to be done.
import type { Queue } from '../clearml/client.ts';
import { ServerUnreachable } from '../clearml/errors.ts';
import type { TaskId } from '../clearml/ids.ts';
import type { Task } from '../clearml/task.ts';
import { formatJobName, readJobName } from '../slurm/job-name.ts';
import { isLive } from '../slurm/job-state.ts';
import type { Job, JobId, JobRecord } from '../slurm/scheduler.ts';
import { act, type Seen } from './act.ts';
import type { Action } from './decide/action.ts';
import { decide } from './decide/decide.ts';
import type { Sighting } from './decide/sighting.ts';
import type { Entry } from './entry.ts';
import type { Glue } from './glue.ts';
import { readPlaces, type PlaceOf } from './place.ts';

/** What one round saw of the whole world. */
export interface View {
  /** When the looking began: nothing younger is judged by it. */
  readonly at: number;
  readonly queues: readonly Queue[];
  readonly placeOf: PlaceOf;
  readonly tasks: ReadonlyMap<TaskId, Task>;
  /** Every job under a name of ours, by task. */
  readonly jobs: ReadonlyMap<TaskId, readonly Job[]>;
}

/**
 * Looks at ClearML first and then at Slurm: a job that still waits in the second look had not taken its task's entry in the first.
 * Undefined when Slurm gave no whole answer: that says nothing about any job.
 */
export async function look(glue: Glue, signal?: AbortSignal): Promise<View | undefined> {
  const at = glue.clock.now();
  const queues = await glue.clearml.queues.readAll();
  const tasks = await glue.clearml.tasks.read([...glue.journal.entries.keys()]);
  const list = await glue.scheduler.list(signal);
  if (list.kind === 'failed') {
    glue.log.warn('Slurm gave no usable list of jobs; nothing is concluded from that', { slurm: list.words });
    return undefined;
  }
  return { at, queues, placeOf: readPlaces(queues, glue.schedulerQueue), tasks, jobs: byTask(list.jobs) };
}

/** Does for each followed task what the table says, and tells whether any job was cancelled. */
export async function follow(glue: Glue, view: View, signal?: AbortSignal): Promise<{ readonly cancelled: boolean }> {
  const cancel = new Set<JobId>();
  for (const entry of [...glue.journal.entries.values()]) {
    if (signal?.aborted === true) break;
    if (entry.step !== 'following' || entry.stepAt >= view.at || glue.busy.has(entry.task)) continue;
    try {
      const { actions, seen, now } = await decideWith(glue, view, entry);
      for (const { jobId } of await act(glue, now, actions, seen)) cancel.add(jobId);
    } catch (error) {
      // Nobody can be followed while the server is away; any other error is that task's own.
      if (error instanceof ServerUnreachable) throw error;
      glue.log.error('The task could not be followed this time', { task: entry.task, job: entry.jobId, err: error });
    }
  }
  if (cancel.size > 0) await glue.scheduler.cancel([...cancel], signal);
  return { cancelled: cancel.size > 0 };
}

/** Decides, and fetches what a decision asks for: Slurm's record of an ended job, accounting's word on an absent one. */
async function decideWith(
  glue: Glue,
  view: View,
  entry: Entry,
): Promise<{ actions: Action[]; seen: Seen; now: Entry }> {
  const task = view.tasks.get(entry.task);
  const place = view.placeOf(entry.task, entry.queue);
  const base: Sighting = {
    entry,
    jobs: view.jobs.get(entry.task) ?? [],
    task,
    place,
    ranAs: (job) => ranAs(glue, task, job),
    now: glue.clock.now(),
    graces: glue.graces,
  };

  let sighting = base;
  let record: JobRecord | undefined;
  for (;;) {
    const actions = decide(sighting);
    const question = actions.find(({ do: what }) => what === 'ask-record' || what === 'look-up');
    if (question === undefined) return { actions, seen: { task, place, record }, now: entry };
    if (question.do === 'ask-record') {
      record = await askRecord(glue, question.jobId, sighting);
      sighting = { ...sighting, record: record ?? 'gone' };
    } else {
      sighting = { ...sighting, jobs: await lookUpAbsent(glue, entry), lookedUp: true };
    }
  }
}

/** A record counts only under the name that the list showed: ids are handed out again. */
async function askRecord(glue: Glue, jobId: JobId, { jobs }: Sighting): Promise<JobRecord | undefined> {
  const record = await glue.scheduler.record(jobId);
  return record?.name === jobs.find(({ id }) => id === jobId)?.name ? record : undefined;
}

async function lookUpAbsent(glue: Glue, entry: Entry): Promise<readonly Job[]> {
  if (entry.attempt === undefined) return [];
  const found = await glue.scheduler.lookUp(
    [formatJobName(entry.task, entry.attempt)],
    entry.firstAttemptAt ?? entry.stepAt,
  );
  return found.kind === 'listed' ? found.jobs : [];
}

function ranAs(glue: Glue, task: Task | undefined, job: Job): boolean {
  const worker = `${glue.worker}:${job.id}`;
  return task?.lastWorker === worker || task?.lastWorker?.startsWith(`${worker}:`) === true;
}

function byTask(jobs: readonly Job[]): Map<TaskId, Job[]> {
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

/** Whether a job of this task may still run. */
export function hasLiveJob(view: View, task: TaskId): boolean {
  return view.jobs.get(task)?.some((job) => isLive(job.state)) === true;
}
