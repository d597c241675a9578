// Parks a task in the scheduler queue, where it is visible and abortable, and where the server's watchdog does not fail it.
import { readTaskState } from '../../clearml/read-task-state.ts';
import type { Tasks } from '../../clearml/client.ts';
import { winsRace } from '../../clearml/errors.ts';
import type { Task, TaskDocument } from '../../clearml/task.ts';
import { isAbortUndone } from '../decide/recognize-abort.ts';
import { schedulerQueueOf, type Entry } from '../journal/entry.ts';
import type { DaemonDeps } from '../deps.ts';

export interface Parked {
  readonly entry: Entry;
  /** False if the scheduler queue already had an entry of the task. */
  readonly isAdded: boolean;
}

/**
 * Parks a popped task. The task itself does not change, so an abort in the meantime persists: read the task again afterwards. If another
 * daemon has parked it meanwhile, that daemon may remove the entry.
 */
export async function park(deps: DaemonDeps, entry: Entry): Promise<Parked> {
  await deps.audit.write({ event: 'claimed', task: entry.task, queue: entry.queueName });
  const schedulerQueue = schedulerQueueOf(deps, entry);
  const parking: Entry = { ...entry, schedulerQueue, step: 'parking', stepAt: deps.clock.now() };
  await deps.journal.write(parking);
  const isAdded = await deps.clearml.queues.park(schedulerQueue, entry.task);
  const parked = { ...parking, parkedAt: deps.clock.now() };
  return { entry: isAdded ? parked : { ...parked, mayBeUnparked: true }, isAdded };
}

/**
 * Returns the current task if it is still the claimed one: it is queued, and no user has aborted, reset or enqueued it since the server
 * put it into the queue that it was claimed from.
 */
export async function readClaimed(
  deps: DaemonDeps,
  entry: Entry,
  readTask: Tasks['get'] = (task) => deps.clearml.tasks.get(task),
): Promise<TaskDocument | undefined> {
  const read = await readTask(entry.task);
  return isStillClaimed(entry, read?.task) ? read : undefined;
}

/** Whether the task is still the claimed one: see `readClaimed`. */
export function isStillClaimed(entry: Entry, task: Task | undefined): task is Task {
  if (!isWaiting(entry, task)) return false;
  return entry.queuedAt === undefined || task.statusChanged === undefined || task.statusChanged <= entry.queuedAt;
}

/** Whether the task is queued for the queue that it came from, and its user has not aborted it. */
export function isWaiting(entry: Entry, task: Task | undefined): task is Task {
  return task?.status === 'queued' && task.executionQueue === entry.queue && !isAbortUndone(task);
}

/**
 * Undoes parking after a user or another daemon acted on the claimed task: removes our entry from the scheduler queue and leaves the task
 * alone. If the task is still queued, it may be in no queue: it is journaled as an orphan.
 * @param options `isOurs`: whether the entry may be ours. Without the entry of another daemon, that daemon would take the task as removed
 * by a user
 */
export async function unpark(
  deps: DaemonDeps,
  entry: Entry,
  { isOurs = entry.step === 'parking' }: { readonly isOurs?: boolean | undefined } = {},
): Promise<void> {
  if (isOurs) await deps.clearml.queues.removeEntry(schedulerQueueOf(deps, entry), entry.task);
  const task = await readTaskState(deps.clearml.tasks, entry.task);
  if (!isWaiting(entry, task)) return leaveToUser(deps, entry, task);
  return deps.journal.write({ ...entry, step: 'orphaned', stepAt: deps.clock.now(), queuedAt: task.statusChanged });
}

/** Forgets the task, as it was just read. If the server has undone its user's abort, aborts it again first. */
export async function leaveToUser(deps: DaemonDeps, { task: id, queueName: queue }: Entry, task?: Task): Promise<void> {
  if (task !== undefined && isAbortUndone(task)) {
    const note = { reason: task.statusReason, message: task.statusMessage };
    // Its user may have acted on it again.
    if (await winsRace(deps.clearml.tasks.stop(id, note, { force: false, isUsersAbort: true })))
      deps.log.info("Aborted the task again: ClearML had undone the user's abort when the task was claimed", {
        task: id,
        queue,
      });
  }
  await deps.journal.forget(id);
}
