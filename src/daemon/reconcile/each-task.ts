// Does work for each of many tasks, a few at a time, so that a failure of one task does not affect the others.
import { inParallel } from '../../base/concurrency-limit.ts';
import { InvalidResponseError, CredentialsRejectedError, ServerUnreachableError } from '../../clearml/errors.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { Entry } from '../journal/entry.ts';
import type { DaemonDeps } from '../deps.ts';
import type { Snapshot } from '../poll/poll.ts';

/** More concurrent requests would overload the ClearML server. */
const AT_ONCE = 8;

/**
 * After this many tasks in a row without a response, another request checks whether ClearML is reachable: a server that fails on some
 * tasks looks like one that is unreachable.
 */
const AWAY_AFTER = AT_ONCE;

/**
 * Runs `work` for each item. An error is logged with its task, and the other items continue.
 * @param options `atOnce`: for how many items at the same time
 * @throws ServerUnreachableError, CredentialsRejectedError if ClearML is unreachable for all tasks
 */
export async function forEach<Item extends { readonly task: TaskId }>(
  deps: DaemonDeps,
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
  { signal, atOnce = AT_ONCE }: { readonly signal?: AbortSignal; readonly atOnce?: number } = {},
): Promise<void> {
  let unanswered = 0;
  await inParallel(items, atOnce, async (item) => {
    if (signal?.aborted === true) return;
    try {
      await work(item);
      unanswered = 0;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof CredentialsRejectedError) throw error;
      // An invalid response is still a response.
      if (error instanceof ServerUnreachableError && !(error instanceof InvalidResponseError)) unanswered += 1;
      if (unanswered >= AWAY_AFTER) {
        await deps.clearml.queues.read([deps.schedulerQueue], 1);
        unanswered = 0;
      }
      const { task } = item;
      const { jobId: job, queueName: queue } = deps.journal.entries.get(task) ?? {};
      deps.log.error('Could not reconcile the task in this pass; retrying in the next one', {
        task,
        job,
        queue,
        err: error,
      });
    }
  });
}

/** As `forEach`, but after `until` (milliseconds since 1970) only for the first item. Returns whether `work` ran for all. */
export async function forEachUntil<Item extends { readonly task: TaskId }>(
  deps: DaemonDeps,
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
  { until, ...how }: { readonly until: number; readonly signal: AbortSignal; readonly atOnce?: number },
): Promise<boolean> {
  let started = 0;
  const workInTime = async (item: Item): Promise<void> => {
    if (started > 0 && deps.clock.now() >= until) return;
    started += 1;
    await work(item);
  };
  await forEach(deps, items, workInTime, how);
  return started === items.length;
}

/** How long a pass takes for tasks that each take long: meanwhile it does nothing for others. */
const SHARE_MS = 10_000;
/** So many share one list of all users' jobs, or one query of accounting, which takes about as long for one. */
const TOGETHER = 40;

/** Until when such tasks have their turn, in milliseconds since 1970. */
export function shareUntil({ clock }: DaemonDeps): number {
  return clock.now() + SHARE_MS;
}

/**
 * Works on parts of these items, as many as time permits: after a user cleared a queue there may be thousands to return to it, and the
 * longer the queue, the longer each takes. Returns whether that were all.
 * @param work returns whether it finished the part
 */
export async function inParts<Item>(
  deps: DaemonDeps,
  items: readonly Item[],
  work: (part: readonly Item[]) => Promise<boolean>,
): Promise<boolean> {
  const until = shareUntil(deps);
  for (let from = 0; from < items.length; from += TOGETHER) {
    const isInTime = from === 0 || deps.clock.now() < until;
    if (!isInTime || !(await work(items.slice(from, from + TOGETHER)))) return false;
  }
  return true;
}

/** Runs `work` for each journaled task that the snapshot is valid for: no submission runs, and its step is older. */
export function forEachTask(
  deps: DaemonDeps,
  snapshot: Snapshot,
  signal: AbortSignal,
  work: (entry: Entry) => Promise<void>,
): Promise<void> {
  const isOlderThanSnapshot = ({ task, stepAt }: Entry): boolean =>
    // A step in the future was made before the clock was set back.
    (stepAt < snapshot.at || stepAt > deps.clock.now()) && !deps.busy.has(task) && !snapshot.unread.has(task);
  return forEach(deps, [...deps.journal.entries.values()].filter(isOlderThanSnapshot), work, { signal });
}
