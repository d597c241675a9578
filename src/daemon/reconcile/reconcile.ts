// Reconciles each tracked task: observes it in the snapshot, decides, and acts.
import type { QueueId, TaskId } from '../../clearml/ids.ts';
import type { Task } from '../../clearml/task.ts';
import { parseMark } from '../../slurm/job-name.ts';
import type { JobId, JobKey } from '../../slurm/scheduler.ts';
import { act } from './act.ts';
import { createCanceller, type Canceller } from './canceller.ts';
import { createRecordDecisions, type RecordDecisions, type RecordRequest } from './decide-with-records.ts';
import { findAction, type Action } from '../decide/action.ts';
import { decide } from '../decide/decide.ts';
import { withClusterOfWorker } from '../decide/who-runs-the-task.ts';
import type { Place, Observation } from '../decide/observation.ts';
import { forEachTask } from './each-task.ts';
import { createLookUps, type LookUps } from './look-up-jobs.ts';
import { returnInOrder, type Returning } from './return-in-order.ts';
import { schedulerQueueOf, type Entry } from '../journal/entry.ts';
import type { DaemonDeps } from '../deps.ts';
import { hasSchedulerQueue, newestAttempt, readParked, type Snapshot } from '../poll/poll.ts';
import { hasSameState } from '../poll/plan-task-reads.ts';
import type { SubmissionPool } from '../submit/submission-pool.ts';

/** What outlives a pass. */
export interface BesidePasses {
  readonly canceller: Canceller;
  readonly records: RecordDecisions;
  readonly lookUps: LookUps;
}

export function createBesidePasses(deps: DaemonDeps): BesidePasses {
  return { canceller: createCanceller(deps), records: createRecordDecisions(deps), lookUps: createLookUps(deps) };
}

/** Reconciles every tracked task. Returns whether the next pass is due soon: a job was cancelled, or a task was left to that pass. */
export async function reconcile(
  deps: DaemonDeps,
  pool: SubmissionPool,
  snapshot: Snapshot,
  signal: AbortSignal,
  { canceller, records, lookUps }: BesidePasses = createBesidePasses(deps),
): Promise<boolean> {
  const cancel = new Map<JobId, JobKey>();
  const returns = new Map<TaskId, Returning>();
  const absent = new Map<TaskId, Observation>();
  const unconfirmed = new Map<TaskId, Observation>();
  const withRecord = new Map<TaskId, RecordRequest>();
  const pass = { deps, pool, cancel, mayCancel: canceller.mayCancel, returns };
  const parkedOf = rememberParked(snapshot);

  async function decideAndAct(entry: Entry, observation: Observation, isConfirmed = false): Promise<void> {
    const actions = decide(observation);
    // Nothing to do, as for most tasks in most passes.
    if (actions.length === 0) return;
    const request = findAction(actions, 'read-record');
    if (!isConfirmed && snapshot.isRemembered(entry.task) && !actions.every(isHarmless))
      unconfirmed.set(entry.task, observation);
    else if (request !== undefined) withRecord.set(entry.task, { observation, jobId: request.jobId });
    else if (findAction(actions, 'look-up') !== undefined) {
      if (lookUps.isDue(observation)) absent.set(entry.task, observation);
    } else await act(pass, entry, actions, { ...observation, record: undefined });
  }

  function decideAgain(observations: ReadonlyMap<TaskId, Observation>): Promise<void> {
    return forEachTask(deps, snapshot, signal, async (entry) => {
      const observation = observations.get(entry.task);
      if (observation !== undefined) await decideAndAct(entry, observation, true);
    });
  }

  /** Returns false if some tasks were left to the next pass. */
  async function decideWithRecords(): Promise<boolean> {
    const requests = [...withRecord.values()];
    withRecord.clear();
    return records.decide(
      requests,
      (observation, actions, record) => act(pass, observation.entry, actions, { ...observation, record }),
      signal,
    );
  }

  /** Returns whether there was any. */
  async function cancelJobs(): Promise<boolean> {
    if (cancel.size === 0) return false;
    const jobs = [...cancel.values()];
    cancel.clear();
    await canceller.cancel(jobs, signal);
    return true;
  }

  try {
    await forEachTask(deps, snapshot, signal, async (entry) => {
      if (entry.step !== 'following') return;
      if (isOurs(deps, snapshot, entry) || hasCancelledOneOf(snapshot, entry))
        await decideAndAct(entry, observe(deps, snapshot, entry, parkedOf(schedulerQueueOf(deps, entry))));
      else await handOver(deps, entry);
    });
    if (unconfirmed.size > 0) await decideAgain(await confirm(deps, snapshot, [...unconfirmed.values()]));
    let isSoon = !(await decideWithRecords());
    // Before the look-up: accounting may take long.
    if (await cancelJobs()) isSoon = true;
    if (absent.size > 0) await decideAgain(await lookUps.lookUp(snapshot, [...absent.values()], signal));
    if (!(await decideWithRecords())) isSoon = true;
    if (!(await returnInOrder(deps, returns, signal))) isSoon = true;
    if (await cancelJobs()) isSoon = true;
    return isSoon;
  } finally {
    await cancelJobs();
  }
}

/**
 * The daemon that made the newest attempt tracks the task. If that attempt is newer than ours, a peer took the task over while we were
 * away: it handles the end of the job, because it knows why it cancelled it.
 */
function isOurs({ peers }: DaemonDeps, { jobs }: Snapshot, { task, queue, attempt, isOthersJob }: Entry): boolean {
  // Any other user can give a job a name like ours.
  const shown = isOthersJob === true ? [] : (jobs.get(task) ?? []);
  return peers.isOurs(queue, parseMark(newestAttempt(shown, attempt)));
}

/**
 * Whether Slurm still lists a job of the task that we cancelled. Only our journal knows that: the daemon that tracks the task next would
 * take the job's end for a user's scancel.
 */
function hasCancelledOneOf({ jobs }: Snapshot, { task, jobId, cancelledFor, cancelledExtras = [] }: Entry): boolean {
  const isCancelled = (id: JobId): boolean =>
    cancelledExtras.includes(id) || (id === jobId && cancelledFor !== undefined);
  return jobs.get(task)?.some(({ id }) => isCancelled(id)) === true;
}

/** Leaves the task to the daemon that submitted the job, which is back: it finds the job by name and reports on it. */
async function handOver(deps: DaemonDeps, { task, jobId: job, queueName: queue }: Entry): Promise<void> {
  deps.log.info('The daemon that submitted the job is running again; handed the task back to it', {
    task,
    job,
    queue,
  });
  await deps.journal.forget(task);
}

function observe(
  deps: DaemonDeps,
  snapshot: Snapshot,
  entry: Entry,
  parked: ReadonlyMap<TaskId, number | undefined>,
): Observation {
  const read = snapshot.tasks.get(entry.task);
  const task = read && withClusterOfWorker(read, deps.peers.isOfOtherCluster);
  return {
    entry,
    jobs: snapshot.jobs.get(entry.task) ?? [],
    task,
    place: placeOf(deps, snapshot, entry, task),
    hasEntry: parked.has(entry.task),
    parkedAt: parked.get(entry.task),
    isQueueGone: !hasSchedulerQueue({ schedulerQueue: schedulerQueueOf(deps, entry) }, snapshot),
    hasPeers: deps.peers.hasMet(),
    resubmitOnTimeout: deps.queues.find(({ id }) => id === entry.queue)?.resubmitOnTimeout,
    mark: deps.mark,
    now: deps.clock.now(),
    gracePeriods: deps.gracePeriods,
  };
}

function placeOf(deps: DaemonDeps, snapshot: Snapshot, entry: Entry, task: Task | undefined): Place {
  if (task?.status === 'queued' && task.executionQueue !== entry.queue) return 'another queue';
  return snapshot.placeOf(entry.task, entry.queue, schedulerQueueOf(deps, entry));
}

/** Reads each scheduler queue of the tracked tasks once. */
function rememberParked(snapshot: Snapshot): (schedulerQueue: QueueId) => ReturnType<typeof readParked> {
  const known = new Map<QueueId, ReturnType<typeof readParked>>();
  return (schedulerQueue) => {
    const parked = known.get(schedulerQueue) ?? readParked(snapshot, schedulerQueue);
    known.set(schedulerQueue, parked);
    return parked;
  };
}

/** These actions only journal and inform, and what they journal is checked by the next pass, which reads the task. */
function isHarmless(action: Action): boolean {
  return action.do === 'note' || action.do === 'log';
}

/**
 * Reads tasks that were not read in this poll. A task that has changed since is left to the next pass: the jobs were listed before, so
 * they do not go with it.
 */
async function confirm(
  { clearml }: DaemonDeps,
  { readNext }: Snapshot,
  observations: readonly Observation[],
): Promise<ReadonlyMap<TaskId, Observation>> {
  const { tasks, unread } = await clearml.tasks.read(observations.map(({ entry }) => entry.task));
  const confirmed = new Map<TaskId, Observation>();
  for (const observation of observations) {
    const id = observation.entry.task;
    const task = tasks.get(id);
    if (!unread.has(id) && hasSameState(observation.task, task)) confirmed.set(id, { ...observation, task });
    else readNext(id);
  }
  return confirmed;
}
