// Park: the task's entry goes into the scheduler queue, where it stays visible, abortable, and safe from the server's watchdog.
import type { TaskDocument } from '../../clearml/task.ts';
import type { Entry } from '../journal/entry.ts';
import type { Glue } from '../deps.ts';

/** Parks a popped task. Nothing in the task itself changes, so an abort in between stays one: it is to be read again. */
export async function park(glue: Glue, entry: Entry): Promise<Entry> {
  const parking: Entry = { ...entry, step: 'parking', stepAt: glue.clock.now() };
  await glue.journal.write(parking);
  await glue.clearml.queues.park(glue.schedulerQueue, entry.task);
  return parking;
}

/**
 * The task as it is now, if it is still the one that was claimed: it waits, and nobody has aborted, reset or enqueued it
 * since the server put it into the queue from which we took it.
 */
export async function readClaimed(glue: Glue, entry: Entry): Promise<TaskDocument | undefined> {
  const read = await glue.clearml.tasks.get(entry.task);
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
export async function letGo(glue: Glue, entry: Entry): Promise<void> {
  if (entry.step === 'parking') await glue.clearml.queues.take(glue.schedulerQueue, entry.task);
  const task = (await glue.clearml.tasks.get(entry.task))?.task;
  if (task?.status !== 'queued' || task.executionQueue !== entry.queue) return glue.journal.forget(entry.task);
  return glue.journal.write({ ...entry, step: 'orphaned', stepAt: glue.clock.now(), queuedAt: task.statusChanged });
}
