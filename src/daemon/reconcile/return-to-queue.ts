// Give back: a task that can't be submitted now returns to the front of its own queue, and loses nothing but time.
import { isRefusal } from '../../clearml/refusals.ts';
import type { Task } from '../../clearml/task.ts';
import { endTask } from './end.ts';
import type { Entry } from '../journal/entry.ts';
import type { DaemonDeps } from '../deps.ts';
import { removeJobConf } from '../submit/job-conf.ts';
import { logToConsole, showStatus } from '../console/console.ts';
import { describeReturned } from '../console/console-messages.ts';

/**
 * Puts the task back at the front of the queue it came from. Whoever takes its entry out of the scheduler queue owns it;
 * when that is not us the task is left alone, and following finds out whose it is.
 * @param seen the task in its last state, where a later change means that it is somebody else's
 */
export async function returnToQueue(
  deps: DaemonDeps,
  entry: Entry,
  { isParked, why, seen }: { readonly isParked: boolean; readonly why: string; readonly seen?: Task },
): Promise<void> {
  if (isParked && !(await deps.clearml.queues.removeEntry(deps.schedulerQueue, entry.task))) return;

  const task = await readWaiting(deps, entry);
  if (task !== undefined && (seen === undefined || seen.statusChanged === task.statusChanged)) {
    if (!(await enqueueAtFront(deps, entry, task, why))) return;
  }
  await deps.journal.forget(entry.task);
  await removeJobConf(deps, entry);
}

/** The task as it is now, if it waits, and for the queue that it came from. */
async function readWaiting(deps: DaemonDeps, entry: Entry): Promise<Task | undefined> {
  const task = (await deps.clearml.tasks.get(entry.task))?.task;
  return task?.status === 'queued' && task.executionQueue === entry.queue ? task : undefined;
}

/** False when the task was ended instead. */
async function enqueueAtFront(deps: DaemonDeps, entry: Entry, task: Task, why: string): Promise<boolean> {
  try {
    await deps.clearml.queues.returnToQueue(entry.queue, entry.task);
  } catch (error) {
    if (!isRefusal(error, 'invalidQueueId')) throw error;
    const text = `Queue "${entry.queueName}" no longer exists, so the task cannot return to it. Enqueue the task in another queue.`;
    await endTask(
      deps,
      entry,
      { status: 'stopped', reason: 'queue deleted', text, withLog: false },
      { seen: task, isParked: false },
    );
    return false;
  }
  if ((await readWaiting(deps, entry)) === undefined) {
    // Aborted or enqueued elsewhere at the same moment: whoever takes it from its old queue would run it all the same.
    await deps.clearml.queues.removeEntry(entry.queue, entry.task);
    return true;
  }
  deps.log.info('Returned to queue', { task: entry.task, queue: entry.queueName, why });
  const text = describeReturned(entry.queueName, why);
  // While a cluster is full the same task comes by again and again: it is told once.
  if (task.statusMessage !== text) {
    await logToConsole(deps, entry.task, { level: 'WARNING', text });
    await showStatus(deps, entry.task, text);
  }
  return true;
}
