// Claims the head of a queue with a pop that succeeds for exactly one caller, and continues to the Slurm job.
import type { QueueEntry } from '../../clearml/client.ts';
import type { QueueId, TaskId } from '../../clearml/ids.ts';
import type { Entry } from '../journal/entry.ts';
import type { DaemonDeps, ServedQueue } from '../deps.ts';
import type { ClaimGroup } from './claim-group.ts';
import { unpark, park, readClaimed } from './park.ts';
import { prepare, submit } from '../submit/submit.ts';
import { logToConsoleLater } from '../console/console.ts';
import type { SubmitResult } from '../submit/submission-pool.ts';
import { describeClaimed, isReturnedToQueue } from '../console/console-messages.ts';

/** The entry of a served queue that is claimed next. */
export interface Head {
  readonly queue: ServedQueue;
  readonly entry: QueueEntry;
}

/**
 * Returns the next task to claim: by priority, the head of the first queue that has one; by order fairness, the head of the first
 * non-empty queue after the one served last. A head in `skip` blocks its queue, because only the head can be popped. An unreadable head
 * or one in `passed` does not: otherwise one user could block the queue for all others.
 */
export function chooseHead(
  queues: readonly ServedQueue[],
  waiting: ReadonlyMap<QueueId, readonly QueueEntry[]>,
  { after, skip, passed }: Choice,
): Head | undefined {
  const start = after === undefined ? 0 : queues.indexOf(after) + 1;
  for (const queue of [...queues.slice(start), ...queues.slice(0, start)]) {
    const entries = waiting.get(queue.id) ?? [];
    const at = findClaimable(entries, passed);
    const entry = entries[at];
    if (entry === undefined || skip.has(entry.task)) continue;
    return { queue, entry: at > 0 ? { ...entry, isBehind: true } : entry };
  }
  return undefined;
}

/** Returns the index of the first entry that is readable and not passed, or -1. */
export function findClaimable(entries: readonly QueueEntry[], passed: ReadonlySet<TaskId>): number {
  return entries.findIndex(({ task, added }) => added !== undefined && !passed.has(task));
}

interface Choice {
  readonly after: ServedQueue | undefined;
  readonly skip: ReadonlySet<TaskId>;
  /** Tasks whose claim failed in this pass. */
  readonly passed: ReadonlySet<TaskId>;
}

/** A request that gives the task to exactly one caller: from the head of its queue, or from any position. */
type Claim = (queue: QueueId, task: TaskId) => Promise<boolean>;

/** Pops the head, or removes an entry behind an unreadable head. Undefined if another daemon was first. */
export async function claim(
  deps: DaemonDeps,
  { queue, entry: { task, added, isBehind } }: Head,
  take: Claim = (from, wanted) =>
    isBehind === true ? deps.clearml.queues.removeEntry(from, wanted) : deps.clearml.queues.pop(from, wanted),
): Promise<Entry | undefined> {
  const entry: Entry = {
    task,
    queue: queue.id,
    queueName: queue.name,
    step: 'claiming',
    stepAt: deps.clock.now(),
    queuedAt: added,
    attempts: 0,
    told: {},
  };
  await deps.journal.write(entry);
  // A pop whose response is lost throws: the journal then shows that the task may be ours.
  if (await take(queue.id, task)) return entry;
  await deps.journal.forget(task);
  return undefined;
}

/**
 * Parks a claimed task, renders it and submits it. It is rendered from its state after it was parked: if a user acted on it before, that
 * is seen then, and its entry is removed again.
 * @param isParked whether an earlier run parked the task already
 * @param group the tasks that were claimed together with this one
 */
export async function parkAndSubmit(
  deps: DaemonDeps,
  claimed: Entry,
  { queue, isParked, group }: { readonly queue: ServedQueue; readonly isParked: boolean; readonly group?: ClaimGroup },
): Promise<SubmitResult> {
  const isFresh = claimed.step === 'claiming';
  // A task that was popped in an earlier run may belong to another daemon now. A parked task is not parked again: a job of another
  // daemon may have taken its entry, and with it the task.
  let read = isFresh ? undefined : await readClaimed(deps, claimed);
  let entry = claimed;
  if (!isParked && (isFresh || read !== undefined)) {
    try {
      entry = await park(deps, claimed);
    } catch (error) {
      group?.leave(claimed.task);
      throw error;
    }
    read = await readClaimed(deps, entry, group === undefined ? undefined : (task) => group.read(task));
  }
  if (read === undefined) {
    await unpark(deps, entry);
    return 'none';
  }
  const prepared = await prepare(deps, entry, { queue, read });
  if (prepared === undefined) return 'none';
  // After backpressure the console shows the reason; further claims of the task are not reported.
  if (isFresh && !isReturnedToQueue(read.task.statusMessage)) {
    logToConsoleLater(deps, entry.task, { level: 'INFO', text: describeClaimed(queue.name, deps) });
  }
  return submit(deps, prepared);
}
