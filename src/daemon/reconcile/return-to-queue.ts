// Give back: a task that can't be submitted now returns to the front of its own queue, and loses nothing but time.
import { isRefusal } from '../../clearml/refusals.ts';
import type { Task } from '../../clearml/task.ts';
import { endTask } from './end.ts';
import type { Entry } from '../journal/entry.ts';
import type { Glue } from '../deps.ts';
import { removeJobConf } from '../submit/job-conf.ts';
import { say, showStatus } from '../console/console.ts';
import { describeGivenBack } from '../console/console-messages.ts';

/**
 * Puts the task back at the front of the queue it came from. Whoever takes its entry out of the scheduler queue owns it;
 * when that is not us the task is left alone, and following finds out whose it is.
 * @param seen the task in its last state, where a later change means that it is somebody else's
 */
export async function giveBack(
  glue: Glue,
  entry: Entry,
  { isParked, why, seen }: { readonly isParked: boolean; readonly why: string; readonly seen?: Task },
): Promise<void> {
  if (isParked && !(await glue.clearml.queues.take(glue.schedulerQueue, entry.task))) return;

  const task = await readWaiting(glue, entry);
  if (task !== undefined && (seen === undefined || seen.statusChanged === task.statusChanged)) {
    if (!(await putBack(glue, entry, task, why))) return;
  }
  await glue.journal.forget(entry.task);
  await removeJobConf(glue, entry);
}

/** The task as it is now, if it waits, and for the queue that it came from. */
async function readWaiting(glue: Glue, entry: Entry): Promise<Task | undefined> {
  const task = (await glue.clearml.tasks.get(entry.task))?.task;
  return task?.status === 'queued' && task.executionQueue === entry.queue ? task : undefined;
}

/** False when the task was ended instead. */
async function putBack(glue: Glue, entry: Entry, task: Task, why: string): Promise<boolean> {
  try {
    await glue.clearml.queues.giveBack(entry.queue, entry.task);
  } catch (error) {
    if (!isRefusal(error, 'invalidQueueId')) throw error;
    const text = `There is no queue "${entry.queueName}" any more to which the task could return. Enqueue it in another one.`;
    await endTask(
      glue,
      entry,
      { status: 'stopped', reason: 'queue deleted', text, withLog: false },
      { seen: task, isParked: false },
    );
    return false;
  }
  if ((await readWaiting(glue, entry)) === undefined) {
    // Aborted or enqueued elsewhere at the same moment: whoever takes it from its old queue would run it all the same.
    await glue.clearml.queues.take(entry.queue, entry.task);
    return true;
  }
  glue.log.info('Given back to its queue', { task: entry.task, queue: entry.queueName, why });
  const text = describeGivenBack(entry.queueName, why);
  // While a cluster is full the same task comes by again and again: it is told once.
  if (task.statusMessage !== text) {
    await say(glue, entry.task, { level: 'WARNING', text });
    await showStatus(glue, entry.task, text);
  }
  return true;
}
