// Returns the tasks of a pass to their queues: in their order, and with one list of all users' jobs.
import type { TaskId } from '../../clearml/ids.ts';
import type { Observation } from '../decide/observation.ts';
import type { DaemonDeps } from '../deps.ts';
import { recordEnd } from '../end/record-end.ts';
import { returnToQueue } from '../end/return-to-queue.ts';
import type { Entry } from '../journal/entry.ts';
import { beginRecovery } from '../recover/recover-orphan.ts';
import { forEachUntil, inParts, shareUntil } from './each-task.ts';

export interface Returning {
  readonly entry: Entry;
  /** If not, it is in no queue: another daemon may have found it too, and claimed it again by now. */
  readonly isParked: boolean;
  readonly why: string;
  /** What the decision was based on. */
  readonly seen: Pick<Observation, 'task' | 'jobs'>;
}

/**
 * Each task returns to the very front of its queue, so the order is kept only if the one that was claimed first returns last. Returns false
 * if some were left to a later pass.
 */
export async function returnInOrder(
  deps: DaemonDeps,
  returns: ReadonlyMap<TaskId, Returning>,
  signal: AbortSignal,
): Promise<boolean> {
  const inOrder = [...deps.journal.entries.keys()]
    .flatMap((task) => {
      const returning = returns.get(task);
      return returning === undefined ? [] : [{ task, ...returning }];
    })
    .reverse();
  return inParts(deps, inOrder, async (some) => {
    for (const { entry, seen } of some) await recordEnd(deps, entry, 'return-to-queue', seen);
    const orphans = some.filter(({ isParked }) => !isParked);
    const recover = await beginRecovery(deps, orphans, signal);
    const returnOne = ({ task, entry, isParked, why }: (typeof some)[number]): Promise<void> =>
      isParked ? returnToQueue(deps, entry, { isParked, why }) : recover(task);
    return forEachUntil(deps, some, returnOne, { until: shareUntil(deps), signal, atOnce: 1 });
  });
}
