// Claims the head of a queue with a pop that succeeds for exactly one caller, and continues to the Slurm job.
import type { QueueId, TaskId } from '../../clearml/ids.ts';
import type { Entry } from '../journal/entry.ts';
import type { DaemonDeps, ServedQueue } from '../deps.ts';
import type { ClaimedBatch } from './read-claimed-batch.ts';
import type { Head } from './plan-claims.ts';
import { unpark, park, readClaimed } from './park.ts';
import { prepare, submit } from '../submit/submit.ts';
import { logToConsoleLater } from '../console/console.ts';
import type { SubmitResult } from '../submit/submission-pool.ts';
import { describeClaimed, isReturnedToQueue } from '../console/console-messages.ts';

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
  {
    queue,
    isParked,
    group,
  }: { readonly queue: ServedQueue; readonly isParked: boolean; readonly group?: ClaimedBatch },
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
