// Dequeue: a task that a user took out of the scheduler queue becomes what it was before it was enqueued, mostly a draft.
import { LostRaceError } from '../../clearml/errors.ts';
import type { Entry } from '../journal/entry.ts';
import type { DaemonDeps } from '../deps.ts';
import { removeJobConf } from '../submit/job-conf.ts';
import { logToConsole } from '../console/console.ts';

/** When somebody else was first nothing is changed or said, and the next pass sees what became of it. */
export async function dequeueTask(deps: DaemonDeps, entry: Entry, text: string): Promise<void> {
  try {
    await deps.clearml.tasks.dequeue(entry.task, { reason: 'removed from the scheduler queue', message: '' });
  } catch (error) {
    if (error instanceof LostRaceError) return;
    throw error;
  }
  deps.log.info('Dequeued: a user removed it from the scheduler queue', {
    task: entry.task,
    job: entry.jobId,
    queue: entry.queueName,
  });
  await deps.journal.forget(entry.task);
  await logToConsole(deps, entry.task, { level: 'INFO', text });
  await removeJobConf(deps, entry);
}
