// Follow: after one look at ClearML and Slurm, the table says for each task what is to be done.
import type { TaskId } from '../../clearml/ids.ts';
import type { Task } from '../../clearml/task.ts';
import { formatJobName, readMark } from '../../slurm/job-name.ts';
import type { Job, JobId } from '../../slurm/scheduler.ts';
import { act } from './act.ts';
import type { Action } from '../decide/action.ts';
import { decide } from '../decide/decide.ts';
import type { Place, Observation } from '../decide/observation.ts';
import { forEachTask } from './each-task.ts';
import type { Entry } from '../journal/entry.ts';
import type { DaemonDeps } from '../deps.ts';
import { byTask, hasSchedulerQueue, newestAttempt, type Snapshot } from '../poll/poll.ts';
import type { SubmissionPool } from '../submit/submission-pool.ts';

/** Does for each followed task what the table says, and tells whether any job was cancelled. */
export async function reconcile(
  deps: DaemonDeps,
  pool: SubmissionPool,
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<boolean> {
  const cancel = new Set<JobId>();
  const absent = new Map<TaskId, Observation>();
  const parked = new Set(snapshot.queues.find(({ id }) => id === deps.schedulerQueue)?.entries.map(({ task }) => task));

  async function decideAndAct(entry: Entry, observation: Observation): Promise<void> {
    const first = decide(observation);
    // No news, as of most tasks in most rounds.
    if (first.length === 0) return;
    const { actions, record } = await withRecord(deps, observation, first);
    if (findAction(actions, 'look-up') !== undefined) absent.set(entry.task, observation);
    else await act({ deps, pool, cancel, signal }, entry, actions, { ...observation, record });
  }

  try {
    await forEachTask(deps, snapshot, signal, async (entry) => {
      if (entry.step !== 'following') return;
      if (isOurs(deps, snapshot, entry) || hasCancelledOneOf(snapshot, entry))
        await decideAndAct(entry, observe(deps, snapshot, entry, parked));
      else await handOver(deps, entry);
    });
    const found = absent.size === 0 ? undefined : await lookUp(deps, [...absent.values()], signal);
    if (found !== undefined)
      await forEachTask(deps, snapshot, signal, async (entry) => {
        const observation = absent.get(entry.task);
        if (observation === undefined) return;
        await decideAndAct(entry, { ...observation, jobs: found.get(entry.task) ?? [], lookedUp: true });
      });
  } finally {
    if (cancel.size > 0) await deps.scheduler.cancel([...cancel], signal);
  }
  return cancel.size > 0;
}

/**
 * Whoever made the newest attempt follows the task. One that is newer than ours was made by somebody who had taken the task over
 * while we were away: what becomes of its job is his to say, who knows why he cancelled it.
 */
function isOurs(
  { peers: peers }: DaemonDeps,
  { jobs }: Snapshot,
  { task, queue, attempt, isOthersJob }: Entry,
): boolean {
  // Any other user may have given his jobs names like ours.
  const shown = isOthersJob === true ? [] : (jobs.get(task) ?? []);
  return peers.isOurs(queue, readMark(newestAttempt(shown, attempt)));
}

/**
 * Whether Slurm still shows a job of the task that we have cancelled, as an extra one or for another reason. That nobody else
 * remembers: left alone, its end would be taken for a user's scancel by whoever follows the task, which may be ourselves later.
 */
function hasCancelledOneOf({ jobs }: Snapshot, { task, jobId, cancelledFor, cancelledExtras = [] }: Entry): boolean {
  const isCancelled = (id: JobId): boolean =>
    cancelledExtras.includes(id) || (id === jobId && cancelledFor !== undefined);
  return jobs.get(task)?.some(({ id }) => isCancelled(id)) === true;
}

/** The daemon that submitted the job lives again: it knows the job by its name, and tells what there is to tell. */
async function handOver(deps: DaemonDeps, { task, jobId: job, queueName: queue }: Entry): Promise<void> {
  deps.log.info('Left the task to the daemon that submitted its job', { task, job, queue });
  await deps.journal.forget(task);
}

function observe(deps: DaemonDeps, snapshot: Snapshot, entry: Entry, parked: ReadonlySet<TaskId>): Observation {
  const task = snapshot.tasks.get(entry.task);
  return {
    entry,
    jobs: snapshot.jobs.get(entry.task) ?? [],
    task,
    place: placeOf(snapshot, entry, task),
    hasEntry: parked.has(entry.task),
    isQueueGone: !hasSchedulerQueue(deps, snapshot),
    hasPeers: deps.peers.hasMet(),
    mark: deps.mark,
    now: deps.clock.now(),
    gracePeriods: deps.gracePeriods,
  };
}

function placeOf(snapshot: Snapshot, entry: Entry, task: Task | undefined): Place {
  if (task?.status === 'queued' && task.executionQueue !== entry.queue) return 'another queue';
  return snapshot.placeOf(entry.task, entry.queue);
}

/** Decides anew, with Slurm's record of an ended job, where the decision asks for it. */
async function withRecord(
  deps: DaemonDeps,
  observation: Observation,
  actions: readonly Action[],
): Promise<{ actions: readonly Action[]; record: Exclude<Observation['record'], 'gone'> }> {
  const question = findAction(actions, 'read-record');
  if (question === undefined) return { actions, record: undefined };
  const name = observation.jobs.find(({ id }) => id === question.jobId)?.name;
  const found = await deps.scheduler.record(question.jobId, name === undefined ? {} : { name });
  // A record counts only under the name that the list showed: ids are handed out again.
  const record = found?.name === name ? found : undefined;
  return { actions: decide({ ...observation, record: record ?? 'gone' }), record };
}

function findAction<What extends Action['do']>(
  actions: readonly Action[],
  what: What,
): Extract<Action, { do: What }> | undefined {
  return actions.find((action): action is Extract<Action, { do: What }> => action.do === what);
}

/** What accounting still knows of jobs that squeue does not show: one call for all. Undefined when it could not be asked. */
async function lookUp(
  deps: DaemonDeps,
  absent: readonly Observation[],
  signal: AbortSignal,
): Promise<ReadonlyMap<TaskId, readonly Job[]> | undefined> {
  const names = absent.flatMap(({ entry: { task, attempt } }) =>
    attempt === undefined ? [] : [formatJobName(task, attempt)],
  );
  if (names.length === 0) return new Map();
  const since = Math.min(...absent.map(({ entry }) => entry.firstAttemptAt ?? entry.stepAt));
  const found = await deps.scheduler.lookUp(names, since, signal);
  if (found.kind === 'listed') return byTask(found.jobs);
  deps.log.warn('Lookup of absent jobs failed; retrying in the next pass', {
    slurm: found.words,
  });
  return undefined;
}
