// Work that is done for each of many tasks, a few at a time: what goes wrong with one of them is no trouble of the others.
import { inParallel } from '../../base/in-parallel.ts';
import { InvalidResponseError, CredentialsRejectedError, ServerUnreachableError } from '../../clearml/errors.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { Entry } from '../journal/entry.ts';
import type { DaemonDeps } from '../deps.ts';
import type { Snapshot } from '../poll/poll.ts';

/** More at once would be a burden to the ClearML server. */
const AT_ONCE = 8;

/**
 * After so many tasks in a row that ClearML gave no answer for it is asked something else: a server that fails over some tasks says
 * no more than one that is away, and the tasks after them are not theirs.
 */
const AWAY_AFTER = AT_ONCE;

/**
 * Does it for each of these. An error is logged with the task that it is about, and ends nothing else.
 * @throws ServerUnreachableError, CredentialsRejectedError when nothing can be done for any task
 */
export async function forEach<Item extends { readonly task: TaskId }>(
  deps: DaemonDeps,
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  let unanswered = 0;
  await inParallel(items, AT_ONCE, async (item) => {
    if (signal?.aborted === true) return;
    try {
      await work(item);
      unanswered = 0;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof CredentialsRejectedError) throw error;
      // What can't be used is an answer all the same.
      if (error instanceof ServerUnreachableError && !(error instanceof InvalidResponseError)) unanswered += 1;
      if (unanswered >= AWAY_AFTER) {
        await deps.clearml.queues.read([deps.schedulerQueue]);
        unanswered = 0;
      }
      const { task } = item;
      const { jobId: job, queueName: queue } = deps.journal.entries.get(task) ?? {};
      deps.log.error('Task failed in this pass; retrying in the next one', { task, job, queue, err: error });
    }
  });
}

/** Does it for each journaled task that this view can be a judge of: nothing is under way with it, and its step is older. */
export function forEachTask(
  deps: DaemonDeps,
  snapshot: Snapshot,
  signal: AbortSignal,
  work: (entry: Entry) => Promise<void>,
): Promise<void> {
  const isOlderThanSnapshot = ({ task, stepAt }: Entry): boolean =>
    // A step of the future was made before the clock was set back.
    (stepAt < snapshot.at || stepAt > deps.clock.now()) && !deps.busy.has(task) && !snapshot.unread.has(task);
  return forEach(deps, [...deps.journal.entries.values()].filter(isOlderThanSnapshot), work, signal);
}
