// Recovers orphans: a task that has been queued but in no queue for long returns to its own, unless another daemon holds it.
import { readTaskState } from '../../clearml/read-task-state.ts';
import { winsRace } from '../../clearml/errors.ts';
import type { Task } from '../../clearml/task.ts';
import type { Entry } from '../journal/entry.ts';
import { returnToQueue } from '../end/return-to-queue.ts';
import { FOUND_IN_NO_QUEUE } from '../end/status-reasons.ts';
import type { DaemonDeps } from '../deps.ts';
import { describeOrphan, isOrphanMessage } from '../console/console-messages.ts';
import { type ListedJobs, findLiveJobOfAnyUser, listAllUsersJobs, readPlaces } from '../poll/poll.ts';
import type { Place } from '../decide/observation.ts';
import type { TaskId } from '../../clearml/ids.ts';
import { forEach, forEachUntil, inParts, shareUntil } from '../reconcile/each-task.ts';
import { isStillClaimed, leaveToUser } from '../claim/park.ts';

const IN_NO_QUEUE = 'the task had the status queued but was in no queue';

/**
 * Two daemons may recover the same task, and one of them may have claimed it again already. So the task is marked first: a daemon between
 * pop and park sees the mark and gives the task up. If a daemon parked it before the mark, its entry or its job is found afterwards.
 * If two daemons mark it, only the later one continues: the mark names its daemon, so the earlier one does not take it for its own.
 *
 * Some of many may be left to a later pass.
 */
export async function recoverOrphans(deps: DaemonDeps, entries: readonly Entry[], signal: AbortSignal): Promise<void> {
  const orphans = entries.map((entry) => ({ task: entry.task, entry, why: IN_NO_QUEUE }));
  await inParts(deps, orphans, async (some) => {
    const recover = await beginRecovery(deps, some, signal);
    return forEachUntil(deps, some, ({ task }) => recover(task), { until: shareUntil(deps), signal });
  });
}

/**
 * Marks these tasks. Returns what recovers one of them, with one list of all users' jobs for all: each list costs the controller its whole
 * table.
 */
export async function beginRecovery(
  deps: DaemonDeps,
  orphans: readonly { readonly task: TaskId; readonly entry: Entry; readonly why: string }[],
  signal: AbortSignal,
): Promise<(task: TaskId) => Promise<void>> {
  const found = new Map<TaskId, Marked>();
  await forEach(
    deps,
    orphans,
    async ({ task, entry, why }) => {
      const marked = await markOrphan(deps, entry);
      if (marked !== undefined) found.set(task, { entry, marked, why });
    },
    { signal },
  );
  if (found.size === 0 || signal.aborted) return () => Promise.resolve();
  // ClearML first, as in a poll: what a job takes from a queue meanwhile is a live job then.
  const placeOf = readPlaces(await deps.clearml.queues.readAll(), deps.schedulerQueue);
  const isAnyNowhere = [...found].some(([task, { entry }]) => placeOf(task, entry.queue) === 'nowhere');
  const jobs = isAnyNowhere ? await listAllUsersJobs(deps, signal) : undefined;
  return async (task) => {
    const one = found.get(task);
    if (one !== undefined) await returnMarked(deps, one, placeOf(task, one.entry.queue), jobs);
  };
}

interface Marked {
  readonly entry: Entry;
  /** The task after it was marked. */
  readonly marked: Task;
  readonly why: string;
}

/** Undefined if the task belongs to another daemon or a user. */
async function markOrphan(deps: DaemonDeps, entry: Entry): Promise<Task | undefined> {
  const task = await readTaskState(deps.clearml.tasks, entry.task);
  if (!isStillClaimed(entry, task)) {
    await leaveToUser(deps, entry, task);
    return undefined;
  }
  const marked = await mark(deps, entry);
  // Journaled so that a later pass does not take our own mark for a change by another daemon or user.
  if (marked === undefined) await deps.journal.forget(entry.task);
  else await deps.journal.write({ ...entry, queuedAt: marked.statusChanged });
  return marked;
}

async function returnMarked(
  deps: DaemonDeps,
  { entry, marked, why }: Marked,
  place: Place,
  jobs: ListedJobs | undefined,
): Promise<void> {
  if (place === 'unknown') return;
  if (place !== 'nowhere') return deps.journal.forget(entry.task);
  const job = findLiveJobOfAnyUser(deps, marked, jobs);
  if (job === 'unknown') return;
  if (job === 'found') return deps.journal.forget(entry.task);
  return returnToQueue(deps, entry, { isParked: false, why, seen: marked });
}

/** Changes only the last status change, and only if the task is queued. Returns undefined if another change was first, or followed at once. */
async function mark(deps: DaemonDeps, { task }: Entry): Promise<Task | undefined> {
  const note = { reason: FOUND_IN_NO_QUEUE, message: describeOrphan(deps) };
  if (!(await winsRace(deps.clearml.tasks.unstart(task, 'in_progress', note)))) return undefined;
  const marked = await readTaskState(deps.clearml.tasks, task);
  return marked !== undefined && isOrphanMessage(marked.statusMessage, deps) ? marked : undefined;
}
