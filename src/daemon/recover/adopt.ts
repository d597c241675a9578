// Strays: tasks of ours that the journal does not know (it was lost, or another daemon died), found again from ClearML and Slurm.
import type { TaskId } from '../../clearml/ids.ts';
import type { Task } from '../../clearml/task.ts';
import type { Job } from '../../slurm/scheduler.ts';
import { attemptOf, readMark } from '../../slurm/job-name.ts';
import { forEach } from '../reconcile/each-task.ts';
import { MAX_TRACKED, type Entry } from '../journal/entry.ts';
import { findUntracked, seemsJobless, type Untracked, type UntrackedFacts } from './find-untracked.ts';
import type { DaemonDeps, ServedQueue } from '../deps.ts';
import { isBackAtGate } from '../console/job-exit.ts';
import { byTask, findLiveJob, type Snapshot } from '../poll/poll.ts';
import { logToConsole } from '../console/console.ts';
import { describeOthersJob } from '../console/console-messages.ts';

export interface Adopter {
  /**
   * Looks for strays and takes them in. `everywhere` also asks for orphans among all tasks of our queues, which costs a call more.
   * False when that could not be done for all of them: they are still to be found.
   */
  adopt(snapshot: Snapshot, options: { readonly everywhere: boolean; readonly signal: AbortSignal }): Promise<boolean>;
}

/** How long what was found out about everybody's jobs is good for: asking is dear, and a parked task may wait for days. */
const JUDGED_FOR_MS = 300_000;

/** @param only the one task that is looked at, where it is not all of them */
export function createAdopter(deps: DaemonDeps, only?: TaskId): Adopter {
  /** When each task that has no job of ours, and is no stray, was last looked for among everybody's jobs. */
  let judgedAt = new Map<TaskId, number>();

  /** The strays that are what they seem, and whether those are all. */
  async function findCertain(
    facts: Omit<UntrackedFacts, 'allUsersJobs'>,
    signal: AbortSignal,
  ): Promise<{ untrackedTasks: readonly Untracked[]; isAll: boolean }> {
    const seeming = findUntracked({ ...facts, allUsersJobs: undefined });
    const certain = seeming.filter((untracked) => !seemsJobless(untracked));
    const unsure = seeming.filter(seemsJobless).map(({ task }) => task);
    const { at } = facts.snapshot;
    const isJudged = (task: TaskId): boolean => at - (judgedAt.get(task) ?? -Infinity) < JUDGED_FOR_MS;
    if (unsure.every(isJudged)) return { untrackedTasks: certain, isAll: true };

    const allUsersJobs = await listAllUsersJobs(signal);
    if (allUsersJobs === undefined) return { untrackedTasks: certain, isAll: false };
    const untrackedTasks = findUntracked({ ...facts, allUsersJobs });
    const found = new Set(untrackedTasks.map(({ task }) => task));
    // Those that are parked, but not for long yet, are judged along: else each would ask again when its time has come.
    const judged = [...unsure, ...parkedTasks(deps, facts.snapshot)].filter((task) => !found.has(task));
    judgedAt = new Map(judged.map((task) => [task, at]));
    return { untrackedTasks, isAll: true };
  }

  async function listAllUsersJobs(signal: AbortSignal): Promise<ReadonlyMap<TaskId, readonly Job[]> | undefined> {
    const list = await deps.scheduler.listAllUsers(signal);
    if (list.kind === 'listed') return byTask(list.jobs);
    deps.log.warn("List of all users' jobs unavailable", {
      slurm: list.words,
    });
    return undefined;
  }

  async function search(): Promise<readonly Task[]> {
    if (only !== undefined) return [...(await deps.clearml.tasks.read([only])).tasks.values()];
    return deps.clearml.tasks.find({ statuses: ['queued', 'in_progress'], queues: deps.queues.map(({ id }) => id) });
  }

  return {
    async adopt(whole, { everywhere, signal }) {
      const snapshot = only === undefined ? whole : viewOf(only, whole);
      const { entries } = deps.journal;
      const isUnknown = (task: TaskId): boolean => !entries.has(task) && !deps.busy.has(task);
      const parked = new Set(parkedTasks(deps, snapshot).filter(isUnknown));
      const unknown = new Set(parked);
      for (const task of snapshot.jobs.keys()) if (isUnknown(task)) unknown.add(task);
      const hasFailed = (task: TaskId): boolean =>
        snapshot.jobs.get(task)?.some(({ state }) => state === 'FAILED') === true;
      const named = [...unknown].filter(
        (task) => parked.has(task) || findLiveJob(snapshot, task) !== undefined || (everywhere && hasFailed(task)),
      );
      // What is forgotten while ClearML is asked is no stray.
      const known = everywhere ? new Set([...entries.keys(), ...deps.busy]) : new Set();

      const read = await deps.clearml.tasks.read(named);
      const tasks = new Map(read.tasks);
      // To be missing from the tasks means to be deleted.
      for (const task of read.unread) unknown.delete(task);
      for (const task of everywhere ? await search() : []) {
        tasks.set(task.id, task);
        if (!known.has(task.id)) unknown.add(task.id);
      }
      const { queues, schedulerQueue, worker, adoptAfterMs: adoptAfterMs } = deps;
      const facts = {
        snapshot,
        tasks,
        candidates: unknown,
        queues,
        schedulerQueue,
        worker,
        adoptAfterMs,
        isOurs: deps.peers.isOurs,
      };
      const { untrackedTasks, isAll } = await findCertain(facts, signal);
      const room = Math.max(0, MAX_TRACKED - entries.size);
      let taken = 0;
      await forEach(
        deps,
        untrackedTasks.slice(0, room),
        async (untracked) => {
          await adoptOne(deps, untracked);
          taken += 1;
        },
        signal,
      );
      return isAll && taken === untrackedTasks.length;
    },
  };
}

/** As if there were no other task. */
function viewOf(only: TaskId, snapshot: Snapshot): Snapshot {
  const queues = snapshot.queues.map((queue) => ({
    ...queue,
    entries: queue.entries.filter(({ task }) => task === only),
  }));
  return { ...snapshot, queues, jobs: new Map([...snapshot.jobs].filter(([task]) => task === only)) };
}

function parkedTasks({ schedulerQueue }: DaemonDeps, { queues }: Snapshot): TaskId[] {
  return (queues.find(({ id }) => id === schedulerQueue)?.entries ?? []).map(({ task }) => task);
}

async function adoptOne(deps: DaemonDeps, untracked: Untracked): Promise<void> {
  if (untracked.kind === 'maybe requeued' && !(await isRequeued(deps, untracked.job))) return;
  deps.log.info('Adopting an untracked task', {
    task: untracked.task,
    what: untracked.kind,
    ...submittedBy(deps, untracked),
  });
  switch (untracked.kind) {
    case 'job': {
      const { jobId, attempt, isOthersJob } = untracked;
      const entry = { ...newEntry(deps, untracked.task, untracked.queue), jobId, attempt };
      await deps.journal.write(isOthersJob ? { ...entry, isOthersJob } : entry);
      if (isOthersJob) await logToConsole(deps, untracked.task, { level: 'WARNING', text: describeOthersJob(jobId) });
      return;
    }
    case 'maybe requeued': {
      const { job, task, queue } = untracked;
      return deps.journal.write({ ...newEntry(deps, task, queue), jobId: job.id, attempt: attemptOf(job.name) });
    }
    case 'lost job':
      return deps.journal.write({ ...newEntry(deps, untracked.task, untracked.queue), jobId: untracked.jobId });
    case 'parked':
      return deps.journal.write({ ...newEntry(deps, untracked.task, untracked.queue), step: 'parking' });
    case 'orphan':
      return deps.journal.write({
        ...newEntry(deps, untracked.task, untracked.queue),
        step: 'orphaned',
        queuedAt: untracked.statusChanged,
      });
    case 'stale entry':
      await deps.clearml.queues.removeEntry(deps.schedulerQueue, untracked.task);
      return;
    case 'unwanted job':
      return deps.scheduler.cancel([untracked.jobId]);
  }
}

/** Whose it was, where its job tells: this daemon's, whose journal was lost, or a peer's that no longer reports. */
function submittedBy({ mark }: DaemonDeps, untracked: Untracked): { readonly submittedBy?: string } {
  const attempt =
    untracked.kind === 'job'
      ? untracked.attempt
      : untracked.kind === 'maybe requeued'
        ? attemptOf(untracked.job.name)
        : '';
  const its = readMark(attempt);
  if (its === undefined) return {};
  return { submittedBy: its === mark ? 'this daemon' : 'a peer that is gone' };
}

/** A record counts only under the name that the list showed: ids are handed out again. */
async function isRequeued({ scheduler }: DaemonDeps, job: Job): Promise<boolean> {
  const record = await scheduler.record(job.id, job);
  return record?.name === job.name && isBackAtGate(job, record);
}

function newEntry(deps: DaemonDeps, task: TaskId, queue: ServedQueue): Entry {
  const now = deps.clock.now();
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
