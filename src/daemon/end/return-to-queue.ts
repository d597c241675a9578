// Returns a task that cannot be submitted now to the front of its queue.
import { readTaskState } from '../../clearml/read-task-state.ts';
import { isRefusal } from '../../clearml/errors.ts';
import type { Task } from '../../clearml/task.ts';
import { isWaiting, leaveToUser } from '../claim/park.ts';
import { endTask } from './end-task.ts';
import { isReasonOfDaemon } from './status-reasons.ts';
import { schedulerQueueOf, type Entry } from '../journal/entry.ts';
import type { DaemonDeps } from '../deps.ts';
import { removeJobConf } from '../submit/write-job-confs.ts';
import { logToConsole, showStatus } from '../console/write-to-console.ts';
import { describeReturned } from '../console/console-messages.ts';

/**
 * Returns the task to the front of the queue it came from. The daemon that removes its entry from the scheduler queue owns it: if that is not
 * this daemon, the task is left alone, and the next pass finds out who has it.
 * @param seen the last known state of the task, if a later change means that it belongs to another daemon or user
 */
export async function returnToQueue(
  deps: DaemonDeps,
  entry: Entry,
  { isParked, why, seen }: { readonly isParked: boolean; readonly why: string; readonly seen?: Task },
): Promise<void> {
  if (isParked && !(await deps.clearml.queues.removeEntry(schedulerQueueOf(deps, entry), entry.task))) return;

  const task = await readTaskState(deps.clearml.tasks, entry.task);
  const isChanged = seen !== undefined && seen.statusChanged !== task?.statusChanged;
  if (isWaiting(entry, task)) {
    if (!isChanged && !(await enqueueAtFront(deps, entry, { task, why, seen }))) return;
    await deps.journal.forget(entry.task);
  } else await leaveToUser(deps, entry, task);
  await removeJobConf(deps, entry);
}

/** A user who enqueued the queued task at this moment changed it too, but wants the entry. */
function isChangedByDaemon(seen: Task, { statusChanged, statusReason }: Task): boolean {
  return statusChanged !== seen.statusChanged && isReasonOfDaemon(statusReason);
}

/** False if the task was ended instead. */
async function enqueueAtFront(
  deps: DaemonDeps,
  entry: Entry,
  { task, why, seen }: { readonly task: Task; readonly why: string; readonly seen: Task | undefined },
): Promise<boolean> {
  let isAdded: boolean;
  try {
    isAdded = await deps.clearml.queues.returnToQueue(entry.queue, entry.task);
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
  const read = await readTaskState(deps.clearml.tasks, entry.task);
  if (!isWaiting(entry, read) || (seen !== undefined && isChangedByDaemon(seen, read))) {
    // Aborted, enqueued elsewhere or returned by another daemon at the same moment: a daemon that claimed it from its old queue would
    // still run it. An entry that was already there is of a user or another daemon.
    if (isAdded) await deps.clearml.queues.removeEntry(entry.queue, entry.task);
    return true;
  }
  deps.log.info('Returned to queue', { task: entry.task, queue: entry.queueName, why });
  const text = describeReturned(entry.queueName, why);
  // Under backpressure the same task returns again and again: the console shows it once.
  if (task.statusMessage !== text) {
    await logToConsole(deps, entry.task, { level: 'WARNING', text });
    await showStatus(deps, entry.task, text);
  }
  return true;
}
