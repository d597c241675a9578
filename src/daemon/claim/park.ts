// Park: the task's entry goes into the scheduler queue, where it stays visible, abortable, and safe from the server's watchdog.
import type { TaskDocument } from '../../clearml/task.ts';
import type { Entry } from '../journal/entry.ts';
import type { DaemonDeps } from '../deps.ts';

/** Parks a popped task. Nothing in the task itself changes, so an abort in between stays one: it is to be read again. */
export async function park(deps: DaemonDeps, entry: Entry): Promise<Entry> {
  const parking: Entry = { ...entry, step: 'parking', stepAt: deps.clock.now() };
  await deps.journal.write(parking);
  await deps.clearml.queues.park(deps.schedulerQueue, entry.task);
  return parking;
}

/**
 * The task as it is now, if it is still the one that was claimed: it waits, and nobody has aborted, reset or enqueued it
 * since the server put it into the queue from which we took it.
 */
export async function readClaimed(deps: DaemonDeps, entry: Entry): Promise<TaskDocument | undefined> {
  const read = await deps.clearml.tasks.get(entry.task);
  if (read === undefined) return undefined;
  const { status, executionQueue, statusChanged } = read.task;
  if (status !== 'queued' || executionQueue !== entry.queue) return undefined;
  const isLater = entry.queuedAt !== undefined && statusChanged !== undefined && statusChanged > entry.queuedAt;
  return isLater ? undefined : read;
}

/**
 * Somebody acted on the task since it was claimed: no entry of ours is left in the scheduler queue, and the task is left to him.
 * Should it turn out to be in no queue after all, it is an orphan.
 */
export async function unpark(deps: DaemonDeps, entry: Entry): Promise<void> {
  if (entry.step === 'parking') await deps.clearml.queues.removeEntry(deps.schedulerQueue, entry.task);
  const task = (await deps.clearml.tasks.get(entry.task))?.task;
  if (task?.status !== 'queued' || task.executionQueue !== entry.queue) return deps.journal.forget(entry.task);
  return deps.journal.write({ ...entry, step: 'orphaned', stepAt: deps.clock.now(), queuedAt: task.statusChanged });
}
