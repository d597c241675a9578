// Park: the task's entry goes into the scheduler queue, where it stays visible, abortable, and safe from the server's watchdog.
import type { TaskDocument } from '../clearml/task.ts';
import type { Entry } from './entry.ts';
import type { Glue } from './glue.ts';

/**
 * Parks a popped task and reads it again. False when it is no longer queued, or in another queue: then its entry is out again
 * and the task forgotten. Nothing in the task itself changes, so an abort in between stays one.
 */
export async function park(glue: Glue, entry: Entry): Promise<boolean> {
  await glue.journal.write({ ...entry, step: 'parking', stepAt: glue.clock.now() });
  await glue.clearml.queues.park(glue.schedulerQueue, entry.task);
  // An entry that a user made meanwhile in its own queue is seen by following, which then cancels the job.
  if ((await readQueued(glue, entry)) !== undefined) return true;
  await glue.clearml.queues.take(glue.schedulerQueue, entry.task);
  await glue.journal.forget(entry.task);
  return false;
}

/** The task as it is now, if it may still be run: queued, and not enqueued elsewhere. */
export async function readQueued(glue: Glue, entry: Entry): Promise<TaskDocument | undefined> {
  const read = await glue.clearml.tasks.get(entry.task);
  if (read?.task.status !== 'queued' || read.task.archived) return undefined;
  return read.task.executionQueue === entry.queue ? read : undefined;
}
