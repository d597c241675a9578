// Give back: a task that can't be submitted now returns to the front of its own queue, and loses nothing but time.
import type { Entry } from './entry.ts';
import type { Glue } from './glue.ts';
import { removeJobConf } from './job-conf.ts';
import { inform, say } from './tell.ts';

/**
 * Puts the task back at the front of the queue it came from. Whoever takes its entry out of the scheduler queue owns it;
 * when that is not us the task is left alone, and following finds out whose it is.
 */
export async function giveBack(
  glue: Glue,
  entry: Entry,
  { parked, why }: { parked: boolean; why: string },
): Promise<void> {
  if (parked && !(await glue.clearml.queues.take(glue.schedulerQueue, entry.task))) return;

  const read = await glue.clearml.tasks.get(entry.task);
  if (read?.task.status === 'queued') {
    await glue.clearml.queues.giveBack(entry.queue, entry.task);
    glue.log.info('Given back to its queue', { task: entry.task, queue: entry.queueName, why });
    const text = `Back at the front of queue "${entry.queueName}": ${why}`;
    // While a cluster is full the same task comes by again and again: it is told once.
    if (read.task.statusMessage !== text)
      await inform(glue, entry.task, async () => {
        await say(glue, entry.task, { level: 'WARNING', text });
        await glue.clearml.tasks.setStatusMessage(entry.task, text);
      });
  }
  await removeJobConf(glue, entry);
  await glue.journal.forget(entry.task);
}
