// Adopts untracked tasks, which have no journal entry because a journal was lost or a peer died.
import type { QueueId, TaskId } from '../../clearml/ids.ts';
import { QUEUED_OR_RUNNING, type Task } from '../../clearml/task.ts';
import type { Job } from '../../slurm/scheduler.ts';
import { attemptOf, parseMark } from '../../slurm/job-name.ts';
import { createUnwantedJobCanceller, type Canceller } from '../reconcile/canceller.ts';
import { forEach, forEachUntil, shareUntil } from '../reconcile/each-task.ts';
import { MAX_TRACKED, type Entry } from '../journal/entry.ts';
import { findUntracked, seemsJobless, type Untracked, type UntrackedFacts } from './find-untracked-tasks.ts';
import type { DaemonDeps, ServedQueue } from '../deps.ts';
import { isBackAtGate, withClusterOfWorker } from '../decide/who-runs-the-task.ts';
import { accountOf, isOfUnlistedUser } from '../users/unix-users.ts';
import type { Peers } from '../poll/peers.ts';
import { findLiveJob, listAllUsersJobs, newestAttempt, readParked, type Snapshot } from '../poll/poll.ts';
import { returnToQueue } from '../end/return-to-queue.ts';
import { logToConsole } from '../console/write-to-console.ts';
import { describeOthersJob } from '../console/console-messages.ts';

export interface Adopter {
  /**
   * Finds untracked tasks and adopts them. `everywhere` also searches all tasks of our queues for orphans, which costs one more request.
   * False if some could not be adopted and must be found again.
   */
  adopt(snapshot: Snapshot, options: { readonly everywhere: boolean; readonly signal: AbortSignal }): Promise<boolean>;
}

/** How long a check against all users' jobs is valid: listing them is expensive, and a parked task may wait for days. */
const CHECK_VALID_MS = 300_000;

/** Parked tasks without a job of ours that one pass reads: a peer of another Unix user may have parked thousands. */
const MAX_JOBLESS_READ = 100;

/** With so many tasks in the served queues, a search leaves them out: their entries show that they are no orphans. */
const MANY_WAITING = 100;

/** @param only limits the search to this task */
export function createAdopter(
  deps: DaemonDeps,
  canceller: Canceller,
  { only }: { readonly only?: TaskId | undefined } = {},
): Adopter {
  const cancelUnwanted = createUnwantedJobCanceller(deps, canceller);
  /** When each task without a job of ours was last checked against all users' jobs and found not to be untracked. */
  let checkedAt = new Map<TaskId, number>();
  /** Those of them that may have a job of a user whose jobs could not be listed. */
  let heldBack = new Set<TaskId>();
  /** Parked tasks without a job of ours that were read, the one that was read longest ago first. */
  let joblessRead = new Set<TaskId>();

  /** At most a number of these parked tasks: those that were never read, then those that were read longest ago. */
  function chooseJobless(parked: readonly TaskId[]): readonly TaskId[] {
    const left = new Set(parked);
    const before = [...joblessRead].filter((task) => left.delete(task));
    const chosen = [...left, ...before].slice(0, MAX_JOBLESS_READ);
    const isChosen = new Set(chosen);
    joblessRead = new Set([...before.filter((task) => !isChosen.has(task)), ...chosen]);
    return chosen;
  }

  /** Returns the untracked tasks that are certain, and whether those are all. */
  async function findCertain(
    facts: Omit<UntrackedFacts, 'allUsersJobs'>,
    signal: AbortSignal,
  ): Promise<{ untrackedTasks: readonly Untracked[]; isAll: boolean }> {
    const seeming = findUntracked({ ...facts, allUsersJobs: undefined });
    const certain = seeming.filter((untracked) => !seemsJobless(untracked));
    const unsure = seeming.filter(seemsJobless).map(({ task }) => task);
    const { at, unlisted } = facts.snapshot;
    const isHeldBack = (task: TaskId): boolean => heldBack.has(task);
    const isChecked = (task: TaskId): boolean =>
      at - (checkedAt.get(task) ?? -Infinity) < CHECK_VALID_MS && (!isHeldBack(task) || unlisted.size > 0);
    if (unsure.every(isChecked)) return { untrackedTasks: certain, isAll: !unsure.some(isHeldBack) };

    const all = await listAllUsersJobs(deps, signal);
    if (all === undefined) return { untrackedTasks: certain, isAll: false };
    const found = findUntracked({ ...facts, allUsersJobs: all.jobs });
    const mayHaveJob = ({ task }: Untracked): boolean =>
      isOfUnlistedUser(deps.unixUsers, facts.tasks.get(task)?.user, all.unlisted);
    const untrackedTasks = found.filter((untracked) => !seemsJobless(untracked) || !mayHaveJob(untracked));
    const isFound = new Set(untrackedTasks.map(({ task }) => task));
    heldBack = new Set(found.map(({ task }) => task).filter((task) => !isFound.has(task)));
    // Recently parked tasks are included: otherwise each would cause another listing when its time has come.
    const checked = [...unsure, ...readParked(facts.snapshot, deps.schedulerQueue).keys()].filter(
      (task) => !isFound.has(task),
    );
    checkedAt = new Map(checked.map((task) => [task, at]));
    return { untrackedTasks, isAll: untrackedTasks.length === found.length };
  }

  async function search(except: readonly TaskId[]): Promise<readonly Task[]> {
    if (only !== undefined) return [...(await deps.clearml.tasks.read([only])).tasks.values()];
    const queues = deps.queues.map(({ id }) => id);
    return deps.clearml.tasks.find({ statuses: QUEUED_OR_RUNNING, queues, except });
  }

  return {
    async adopt(whole, { everywhere, signal }) {
      const snapshot = only === undefined ? whole : viewOf(only, whole);
      const { entries } = deps.journal;
      const isUnknown = (task: TaskId): boolean => !entries.has(task) && !deps.busy.has(task);
      const isOfPeer = (task: TaskId): boolean => isTrackedByPeer(deps, snapshot, task);
      const withJob = [...snapshot.jobs.keys()].filter((task) => isUnknown(task) && !isOfPeer(task));
      const hasFailed = (task: TaskId): boolean =>
        snapshot.jobs.get(task)?.some(({ state }) => state === 'FAILED') === true;
      const parked = [...readParked(snapshot, deps.schedulerQueue).keys()].filter(
        (task) => isUnknown(task) && !isOfPeer(task),
      );
      const jobless = chooseJobless(parked.filter((task) => !snapshot.jobs.has(task)));
      const isParked = new Set(parked);
      const named = withJob.filter(
        (task) => isParked.has(task) || findLiveJob(snapshot, task) !== undefined || (everywhere && hasFailed(task)),
      );
      const unknown = new Set([...withJob, ...jobless]);
      // A task that is forgotten while ClearML is queried is not untracked.
      const known = everywhere ? new Set([...entries.keys(), ...deps.busy]) : new Set<TaskId>();

      const read = await deps.clearml.tasks.read([...named, ...jobless]);
      const tasks = new Map(read.tasks);
      // A task that is missing from `tasks` counts as deleted.
      for (const task of read.unread) unknown.delete(task);
      const others = everywhere ? [...known, ...manyWaiting(deps, snapshot)] : [];
      for (const task of everywhere ? await search(others) : []) {
        tasks.set(task.id, task);
        if (!known.has(task.id)) unknown.add(task.id);
      }
      const { queues, schedulerQueue, worker, adoptAfterMs, peers } = deps;
      /** Queues with a job that may be that of a peer which this daemon does not know yet. */
      const mayBePeers = new Set<QueueId>();
      const mayAdopt: Peers['mayAdopt'] = (queue, mark) => {
        const may = peers.mayAdopt(queue, mark);
        if (!may && peers.isOurs(queue, mark)) mayBePeers.add(queue);
        return may;
      };
      const facts = {
        snapshot,
        tasks: new Map([...tasks].map(([id, task]) => [id, withClusterOfWorker(task, peers.isOfOtherCluster)])),
        candidates: unknown,
        queues,
        schedulerQueue,
        worker,
        cluster: deps.cluster.clusterName,
        adoptAfterMs,
        mayAdopt,
        mayAdoptJobless: peers.mayAdoptJobless,
        hasMetMark: peers.hasMetMark,
      };
      const { untrackedTasks, isAll } = await findCertain(facts, signal);
      const room = Math.max(0, MAX_TRACKED - entries.size);
      const chosen = untrackedTasks.slice(0, room);
      let taken = 0;
      const adopt = async (untracked: Adoptable): Promise<void> => {
        await adoptOne(deps, untracked, tasks.get(untracked.task));
        taken += 1;
      };
      const adoptable = chosen.filter((untracked) => untracked.kind !== 'unwanted job');
      const unwanted = chosen.filter((untracked) => untracked.kind === 'unwanted job');
      await forEach(
        deps,
        adoptable.filter(({ kind }) => kind !== 'parked'),
        adopt,
        { signal },
      );
      // Each returns to the front of its queue: the one that was parked first must be the last.
      const returning = adoptable.filter(({ kind }) => kind === 'parked').toReversed();
      await forEachUntil(deps, returning, adopt, { until: shareUntil(deps), signal, atOnce: 1 });
      await cancelUnwanted(unwanted, signal);
      return isAll && mayBePeers.size === 0 && taken + unwanted.length === untrackedTasks.length;
    },
  };
}

/** Returns the snapshot without all other tasks. */
function viewOf(only: TaskId, snapshot: Snapshot): Snapshot {
  const queues = snapshot.queues.map((queue) => ({
    ...queue,
    entries: queue.entries.filter(({ task }) => task === only),
  }));
  return { ...snapshot, queues, jobs: new Map([...snapshot.jobs].filter(([task]) => task === only)) };
}

/** Whether a job of the task is live and a live peer tracks it, whatever queue the task came from. */
function isTrackedByPeer({ peers, queues }: DaemonDeps, snapshot: Snapshot, task: TaskId): boolean {
  if (findLiveJob(snapshot, task) === undefined) return false;
  const mark = parseMark(newestAttempt(snapshot.jobs.get(task) ?? []));
  return mark !== undefined && queues.every(({ id }) => !peers.mayAdopt(id, mark));
}

/** The tasks that wait in the served queues, if they are many. */
function manyWaiting(deps: DaemonDeps, snapshot: Snapshot): TaskId[] {
  const waiting = snapshot.queues
    .filter(({ id }) => deps.queues.some((served) => served.id === id))
    .flatMap(({ entries }) => entries.map(({ task }) => task));
  return waiting.length > MANY_WAITING ? waiting : [];
}

type Adoptable = Exclude<Untracked, { readonly kind: 'unwanted job' }>;

async function adoptOne(deps: DaemonDeps, untracked: Adoptable, task: Task | undefined): Promise<void> {
  const unixUser = userOf(deps, task);
  if (untracked.kind === 'maybe requeued' && !(await isRequeued(deps, untracked.job, unixUser))) return;
  deps.log.info('Adopting an untracked task', {
    task: untracked.task,
    what: untracked.kind,
    ...submittedBy(deps, untracked),
  });
  switch (untracked.kind) {
    case 'job': {
      const { jobId, attempt, isOthersJob } = untracked;
      const entry = newEntry(deps, untracked.task, untracked.queue);
      // The lost journal may have had another job of the task, which passed the gate since.
      const adopted = { ...entry, ...unixUser, jobId, attempt, mayBeUnparked: true };
      await deps.journal.write(isOthersJob ? { ...adopted, isOthersJob } : adopted);
      if (isOthersJob) await logToConsole(deps, untracked.task, { level: 'WARNING', text: describeOthersJob(jobId) });
      return;
    }
    case 'maybe requeued': {
      const { job, task: id, queue } = untracked;
      const entry = { ...newEntry(deps, id, queue), ...unixUser };
      return deps.journal.write({ ...entry, jobId: job.id, attempt: attemptOf(job.name) });
    }
    case 'lost job':
      return deps.journal.write({
        ...newEntry(deps, untracked.task, untracked.queue),
        ...unixUser,
        jobId: untracked.jobId,
      });
    case 'parked': {
      // As an orphan: after a crash between the two steps of the return, it is in no queue.
      const entry = orphanOf(deps, untracked);
      await deps.journal.write(entry);
      const why = 'no daemon tracked the task, which was parked without a job';
      return returnToQueue(deps, entry, { isParked: true, why, ...(task === undefined ? {} : { seen: task }) });
    }
    case 'orphan':
      return deps.journal.write(orphanOf(deps, untracked));
    case 'stale entry':
      await deps.clearml.queues.removeEntry(deps.schedulerQueue, untracked.task);
      return;
  }
}

/** Which daemon submitted the job, if its name shows it: this one, whose journal was lost, or a peer that is gone. */
function submittedBy({ mark }: DaemonDeps, untracked: Untracked): { readonly submittedBy?: string } {
  const attempt =
    untracked.kind === 'job'
      ? untracked.attempt
      : untracked.kind === 'maybe requeued'
        ? attemptOf(untracked.job.name)
        : '';
  const its = parseMark(attempt);
  if (its === undefined) return {};
  return { submittedBy: its === mark ? 'this daemon' : 'a peer that is gone' };
}

/** A record counts only if it has the listed job name: Slurm reuses job ids. */
async function isRequeued(
  { scheduler }: DaemonDeps,
  job: Job,
  { unixUser: runAs }: Pick<Entry, 'unixUser'>,
): Promise<boolean> {
  const record = await scheduler.record(job.id, { name: job.name, runAs });
  return record?.name === job.name && isBackAtGate(job, record);
}

/** The Unix user that the job of this task was submitted as: jobs of any other user are left out. */
function userOf({ unixUsers }: DaemonDeps, task: Task | undefined): Pick<Entry, 'unixUser'> {
  const user = accountOf(unixUsers, task?.user);
  return user === undefined ? {} : { unixUser: { name: user.name, uid: user.uid } };
}

function orphanOf(
  deps: DaemonDeps,
  { task, queue, statusChanged }: Extract<Untracked, { readonly kind: 'parked' | 'orphan' }>,
): Entry {
  return { ...newEntry(deps, task, queue), step: 'orphaned', queuedAt: statusChanged };
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

/** How far back accounting is searched for the job of a task whose submission time is unknown. */
const LOOK_BACK_MS = 30 * 24 * 3_600_000;
