// Strays: tasks of ours that the journal does not know (it was lost, or another daemon died), found again from ClearML and Slurm.
import type { TaskId } from '../../clearml/ids.ts';
import type { Task } from '../../clearml/task.ts';
import type { Job } from '../../slurm/scheduler.ts';
import { attemptOf, readMark } from '../../slurm/job-name.ts';
import { forEach } from '../reconcile/each-task.ts';
import { MOST_FOLLOWED, type Entry } from '../journal/entry.ts';
import { findStrays, seemsJobless, type Stray, type StrayFacts } from './find-untracked.ts';
import type { Glue, ServedQueue } from '../deps.ts';
import { isBackAtGate } from '../console/job-exit.ts';
import { byTask, findLiveJob, type View } from '../poll/poll.ts';
import { say } from '../console/console.ts';
import { describeOthersJob } from '../console/console-messages.ts';

export interface Strays {
  /**
   * Looks for strays and takes them in. `everywhere` also asks for orphans among all tasks of our queues, which costs a call more.
   * False when that could not be done for all of them: they are still to be found.
   */
  takeIn(view: View, options: { readonly everywhere: boolean; readonly signal: AbortSignal }): Promise<boolean>;
}

/** How long what was found out about everybody's jobs is good for: asking is dear, and a parked task may wait for days. */
const JUDGED_FOR_MS = 300_000;

/** @param only the one task that is looked at, where it is not all of them */
export function createStrays(glue: Glue, only?: TaskId): Strays {
  /** When each task that has no job of ours, and is no stray, was last looked for among everybody's jobs. */
  let judgedAt = new Map<TaskId, number>();

  /** The strays that are what they seem, and whether those are all. */
  async function findCertain(
    facts: Omit<StrayFacts, 'allUsersJobs'>,
    signal: AbortSignal,
  ): Promise<{ strays: readonly Stray[]; isAll: boolean }> {
    const seeming = findStrays({ ...facts, allUsersJobs: undefined });
    const certain = seeming.filter((stray) => !seemsJobless(stray));
    const unsure = seeming.filter(seemsJobless).map(({ task }) => task);
    const { at } = facts.view;
    const isJudged = (task: TaskId): boolean => at - (judgedAt.get(task) ?? -Infinity) < JUDGED_FOR_MS;
    if (unsure.every(isJudged)) return { strays: certain, isAll: true };

    const allUsersJobs = await askEverybody(signal);
    if (allUsersJobs === undefined) return { strays: certain, isAll: false };
    const strays = findStrays({ ...facts, allUsersJobs });
    const found = new Set(strays.map(({ task }) => task));
    // Those that are parked, but not for long yet, are judged along: else each would ask again when its time has come.
    const judged = [...unsure, ...parkedTasks(glue, facts.view)].filter((task) => !found.has(task));
    judgedAt = new Map(judged.map((task) => [task, at]));
    return { strays, isAll: true };
  }

  async function askEverybody(signal: AbortSignal): Promise<ReadonlyMap<TaskId, readonly Job[]> | undefined> {
    const list = await glue.scheduler.listAllUsers(signal);
    if (list.kind === 'listed') return byTask(list.jobs);
    glue.log.warn("Slurm gave no usable list of everybody's jobs; nothing is concluded from that", {
      slurm: list.words,
    });
    return undefined;
  }

  async function search(): Promise<readonly Task[]> {
    if (only !== undefined) return [...(await glue.clearml.tasks.read([only])).tasks.values()];
    return glue.clearml.tasks.find({ statuses: ['queued', 'in_progress'], queues: glue.queues.map(({ id }) => id) });
  }

  return {
    async takeIn(whole, { everywhere, signal }) {
      const view = only === undefined ? whole : viewOf(only, whole);
      const { entries } = glue.journal;
      const isUnknown = (task: TaskId): boolean => !entries.has(task) && !glue.busy.has(task);
      const parked = new Set(parkedTasks(glue, view).filter(isUnknown));
      const unknown = new Set(parked);
      for (const task of view.jobs.keys()) if (isUnknown(task)) unknown.add(task);
      const hasFailed = (task: TaskId): boolean =>
        view.jobs.get(task)?.some(({ state }) => state === 'FAILED') === true;
      const named = [...unknown].filter(
        (task) => parked.has(task) || findLiveJob(view, task) !== undefined || (everywhere && hasFailed(task)),
      );
      // What is forgotten while ClearML is asked is no stray.
      const known = everywhere ? new Set([...entries.keys(), ...glue.busy]) : new Set();

      const read = await glue.clearml.tasks.read(named);
      const tasks = new Map(read.tasks);
      // To be missing from the tasks means to be deleted.
      for (const task of read.unread) unknown.delete(task);
      for (const task of everywhere ? await search() : []) {
        tasks.set(task.id, task);
        if (!known.has(task.id)) unknown.add(task.id);
      }
      const { queues, schedulerQueue, worker, adoptMs } = glue;
      const facts = { view, tasks, unknown, queues, schedulerQueue, worker, adoptMs, isOurs: glue.neighbours.isOurs };
      const { strays, isAll } = await findCertain(facts, signal);
      const room = Math.max(0, MOST_FOLLOWED - entries.size);
      let taken = 0;
      await forEach(
        glue,
        strays.slice(0, room),
        async (stray) => {
          await takeIn(glue, stray);
          taken += 1;
        },
        signal,
      );
      return isAll && taken === strays.length;
    },
  };
}

/** As if there were no other task. */
function viewOf(only: TaskId, view: View): View {
  const queues = view.queues.map((queue) => ({ ...queue, entries: queue.entries.filter(({ task }) => task === only) }));
  return { ...view, queues, jobs: new Map([...view.jobs].filter(([task]) => task === only)) };
}

function parkedTasks({ schedulerQueue }: Glue, { queues }: View): TaskId[] {
  return (queues.find(({ id }) => id === schedulerQueue)?.entries ?? []).map(({ task }) => task);
}

async function takeIn(glue: Glue, stray: Stray): Promise<void> {
  if (stray.kind === 'maybe requeued' && !(await isRequeued(glue, stray.job))) return;
  glue.log.info('Adopting an untracked task', { task: stray.task, what: stray.kind, ...submittedBy(glue, stray) });
  switch (stray.kind) {
    case 'job': {
      const { jobId, attempt, isOthersJob } = stray;
      const entry = { ...newEntry(glue, stray.task, stray.queue), jobId, attempt };
      await glue.journal.write(isOthersJob ? { ...entry, isOthersJob } : entry);
      if (isOthersJob) await say(glue, stray.task, { level: 'WARNING', text: describeOthersJob(jobId) });
      return;
    }
    case 'maybe requeued': {
      const { job, task, queue } = stray;
      return glue.journal.write({ ...newEntry(glue, task, queue), jobId: job.id, attempt: attemptOf(job.name) });
    }
    case 'was ours':
      return glue.journal.write({ ...newEntry(glue, stray.task, stray.queue), jobId: stray.jobId });
    case 'parked':
      return glue.journal.write({ ...newEntry(glue, stray.task, stray.queue), step: 'parking' });
    case 'orphan':
      return glue.journal.write({
        ...newEntry(glue, stray.task, stray.queue),
        step: 'orphaned',
        queuedAt: stray.statusChanged,
      });
    case 'stale entry':
      await glue.clearml.queues.take(glue.schedulerQueue, stray.task);
      return;
    case 'pointless job':
      return glue.scheduler.cancel([stray.jobId]);
  }
}

/** Whose it was, where its job tells: this daemon's, whose journal was lost, or a peer's that no longer reports. */
function submittedBy({ mark }: Glue, stray: Stray): { readonly submittedBy?: string } {
  const attempt =
    stray.kind === 'job' ? stray.attempt : stray.kind === 'maybe requeued' ? attemptOf(stray.job.name) : '';
  const its = readMark(attempt);
  if (its === undefined) return {};
  return { submittedBy: its === mark ? 'this daemon' : 'a peer that is gone' };
}

/** A record counts only under the name that the list showed: ids are handed out again. */
async function isRequeued({ scheduler }: Glue, job: Job): Promise<boolean> {
  const record = await scheduler.record(job.id);
  return record?.name === job.name && isBackAtGate(job, record);
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
