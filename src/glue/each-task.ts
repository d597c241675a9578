// Work that is done for each of many tasks, a few at a time: what goes wrong with one of them is no trouble of the others.
import { inParallel } from '../base/in-parallel.ts';
import { CredentialsRefused, ServerUnreachable } from '../clearml/errors.ts';
import type { Entry } from './entry.ts';
import type { Glue } from './glue.ts';
import type { View } from './look.ts';

/** More at once would be a burden to the ClearML server. */
const AT_ONCE = 8;

/**
 * Does it for each journaled task that this view can be a judge of: nothing is under way with it, and its step is older.
 * @throws ServerUnreachable, CredentialsRefused: then nothing can be done for the others either
 */
export async function forEachTask(
  glue: Glue,
  view: View,
  signal: AbortSignal,
  work: (entry: Entry) => Promise<void>,
): Promise<void> {
  await inParallel([...glue.journal.entries.values()], AT_ONCE, async (entry) => {
    if (signal.aborted || entry.stepAt >= view.at || glue.busy.has(entry.task)) return;
    try {
      await work(entry);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ServerUnreachable || error instanceof CredentialsRefused) throw error;
      glue.log.error('A task could not be brought on this time; it is tried again', {
        task: entry.task,
        job: entry.jobId,
        queue: entry.queueName,
        err: error,
      });
    }
  });
}
