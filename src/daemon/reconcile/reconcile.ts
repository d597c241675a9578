// Follow: after one look at ClearML and Slurm, the table says for each task what is to be done.
import type { TaskId } from '../../clearml/ids.ts';
import type { Task } from '../../clearml/task.ts';
import { formatJobName, readMark } from '../../slurm/job-name.ts';
import type { Job, JobId } from '../../slurm/scheduler.ts';
import { act } from './act.ts';
import type { Action } from '../decide/action.ts';
import { decide } from '../decide/decide.ts';
import type { Place, Sighting } from '../decide/observation.ts';
import { forEachTask } from './each-task.ts';
import type { Entry } from '../journal/entry.ts';
import type { Glue } from '../deps.ts';
import { byTask, hasSchedulerQueue, newestAttempt, type View } from '../poll/poll.ts';
import type { Ways } from '../submit/submission-pool.ts';

/** Does for each followed task what the table says, and tells whether any job was cancelled. */
export async function follow(glue: Glue, ways: Ways, view: View, signal: AbortSignal): Promise<boolean> {
  const cancel = new Set<JobId>();
  const absent = new Map<TaskId, Sighting>();
  const parked = new Set(view.queues.find(({ id }) => id === glue.schedulerQueue)?.entries.map(({ task }) => task));

  async function carryOut(entry: Entry, sighting: Sighting): Promise<void> {
    const first = decide(sighting);
    // No news, as of most tasks in most rounds.
    if (first.length === 0) return;
    const { actions, record } = await withRecord(glue, sighting, first);
    if (asksFor(actions, 'look-up') !== undefined) absent.set(entry.task, sighting);
    else await act({ glue, ways, cancel, signal }, entry, actions, { ...sighting, record });
  }

  try {
    await forEachTask(glue, view, signal, async (entry) => {
      if (entry.step !== 'following') return;
      if (isOurs(glue, view, entry) || hasCancelledOneOf(view, entry))
        await carryOut(entry, see(glue, view, entry, parked));
      else await leave(glue, entry);
    });
    const found = absent.size === 0 ? undefined : await lookUp(glue, [...absent.values()], signal);
    if (found !== undefined)
      await forEachTask(glue, view, signal, async (entry) => {
        const sighting = absent.get(entry.task);
        if (sighting === undefined) return;
        await carryOut(entry, { ...sighting, jobs: found.get(entry.task) ?? [], lookedUp: true });
      });
  } finally {
    if (cancel.size > 0) await glue.scheduler.cancel([...cancel], signal);
  }
  return cancel.size > 0;
}

/**
 * Whoever made the newest attempt follows the task. One that is newer than ours was made by somebody who had taken the task over
 * while we were away: what becomes of its job is his to say, who knows why he cancelled it.
 */
function isOurs({ neighbours }: Glue, { jobs }: View, { task, queue, attempt, isOthersJob }: Entry): boolean {
  // Any other user may have given his jobs names like ours.
  const shown = isOthersJob === true ? [] : (jobs.get(task) ?? []);
  return neighbours.isOurs(queue, readMark(newestAttempt(shown, attempt)));
}

/**
 * Whether Slurm still shows a job of the task that we have cancelled, as an extra one or for another reason. That nobody else
 * remembers: left alone, its end would be taken for a user's scancel by whoever follows the task, which may be ourselves later.
 */
function hasCancelledOneOf({ jobs }: View, { task, jobId, cancelledFor, cancelledExtras = [] }: Entry): boolean {
  const isCancelled = (id: JobId): boolean =>
    cancelledExtras.includes(id) || (id === jobId && cancelledFor !== undefined);
  return jobs.get(task)?.some(({ id }) => isCancelled(id)) === true;
}

/** The daemon that submitted the job lives again: it knows the job by its name, and tells what there is to tell. */
async function leave(glue: Glue, { task, jobId: job, queueName: queue }: Entry): Promise<void> {
  glue.log.info('Left to the daemon that submitted the job', { task, job, queue });
  await glue.journal.forget(task);
}

function see(glue: Glue, view: View, entry: Entry, parked: ReadonlySet<TaskId>): Sighting {
  const task = view.tasks.get(entry.task);
  return {
    entry,
    jobs: view.jobs.get(entry.task) ?? [],
    task,
    place: placeOf(view, entry, task),
    hasEntry: parked.has(entry.task),
    isQueueGone: !hasSchedulerQueue(glue, view),
    hasPeers: glue.neighbours.hasMet(),
    mark: glue.mark,
    now: glue.clock.now(),
    graces: glue.graces,
  };
}

function placeOf(view: View, entry: Entry, task: Task | undefined): Place {
  if (task?.status === 'queued' && task.executionQueue !== entry.queue) return 'another queue';
  return view.placeOf(entry.task, entry.queue);
}

/** Decides anew, with Slurm's record of an ended job, where the decision asks for it. */
async function withRecord(
  glue: Glue,
  sighting: Sighting,
  actions: readonly Action[],
): Promise<{ actions: readonly Action[]; record: Exclude<Sighting['record'], 'gone'> }> {
  const question = asksFor(actions, 'ask-record');
  if (question === undefined) return { actions, record: undefined };
  const name = sighting.jobs.find(({ id }) => id === question.jobId)?.name;
  const found = await glue.scheduler.record(question.jobId);
  // A record counts only under the name that the list showed: ids are handed out again.
  const record = found?.name === name ? found : undefined;
  return { actions: decide({ ...sighting, record: record ?? 'gone' }), record };
}

function asksFor<What extends Action['do']>(
  actions: readonly Action[],
  what: What,
): Extract<Action, { do: What }> | undefined {
  return actions.find((action): action is Extract<Action, { do: What }> => action.do === what);
}

/** What accounting still knows of jobs that squeue does not show: one call for all. Undefined when it could not be asked. */
async function lookUp(
  glue: Glue,
  absent: readonly Sighting[],
  signal: AbortSignal,
): Promise<ReadonlyMap<TaskId, readonly Job[]> | undefined> {
  const names = absent.flatMap(({ entry: { task, attempt } }) =>
    attempt === undefined ? [] : [formatJobName(task, attempt)],
  );
  if (names.length === 0) return new Map();
  const since = Math.min(...absent.map(({ entry }) => entry.firstAttemptAt ?? entry.stepAt));
  const found = await glue.scheduler.lookUp(names, since, signal);
  if (found.kind === 'listed') return byTask(found.jobs);
  glue.log.warn('Jobs that Slurm no longer shows could not be looked up; nothing is concluded from that', {
    slurm: found.words,
  });
  return undefined;
}
