// Claim: the head of a queue becomes ours, by a pop that exactly one caller gets.
import type { QueueEntry } from '../../clearml/client.ts';
import type { QueueId, TaskId } from '../../clearml/ids.ts';
import type { Entry } from '../journal/entry.ts';
import type { DaemonDeps, ServedQueue } from '../deps.ts';
import { unpark, park, readClaimed } from './park.ts';
import { prepare, submit } from '../submit/submit.ts';
import { logToConsole } from '../console/console.ts';
import type { SubmitResult } from '../submit/submission-pool.ts';
import { describeClaimed, isReturnedToQueue } from '../console/console-messages.ts';

/** The entry of one of our queues that is next to be taken. */
export interface Head {
  readonly queue: ServedQueue;
  readonly entry: QueueEntry;
}

/**
 * The next task to take: by priority the head of the first queue that has one, in turn the head of the first non-empty queue
 * after the one that was served last. A head in `skip` blocks its queue: only the head can be popped. What can't be read, and a
 * head that is to be `passed`, does not: whoever could put that there would block the queue for all others.
 */
export function chooseHead(
  queues: readonly ServedQueue[],
  waiting: ReadonlyMap<QueueId, readonly QueueEntry[]>,
  { after, skip, passed }: Choice,
): Head | undefined {
  const start = after === undefined ? 0 : queues.indexOf(after) + 1;
  for (const queue of [...queues.slice(start), ...queues.slice(0, start)]) {
    const entries = waiting.get(queue.id) ?? [];
    const at = entries.findIndex(({ task, added }) => added !== undefined && !passed.has(task));
    const entry = entries[at];
    if (entry === undefined || skip.has(entry.task)) continue;
    return { queue, entry: at > 0 ? { ...entry, isBehind: true } : entry };
  }
  return undefined;
}

interface Choice {
  readonly after: ServedQueue | undefined;
  readonly skip: ReadonlySet<TaskId>;
  /** Tasks that the server gave no usable response about in this round. */
  readonly passed: ReadonlySet<TaskId>;
}

/** By which the server lets exactly one caller have a task: from the head of its queue, or from wherever it stands there. */
type Claim = (queue: QueueId, task: TaskId) => Promise<boolean>;

/** Pops the head, or takes an entry that never gets there out of the queue. Undefined when somebody else was first. */
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
  // A pop whose answer is lost throws: the journal then knows that it may be ours.
  if (await take(queue.id, task)) return entry;
  await deps.journal.forget(task);
  return undefined;
}

/**
 * The rest of a claimed task's way, up to its Slurm job. The task is rendered from what it is once it is parked: who acted on it
 * before that is seen then, and its entry is out again.
 * @param isParked an earlier try came as far as the scheduler queue
 */
export async function parkAndSubmit(
  deps: DaemonDeps,
  claimed: Entry,
  { queue, isParked }: { readonly queue: ServedQueue; readonly isParked: boolean },
): Promise<SubmitResult> {
  const isFresh = claimed.step === 'claiming';
  // One that was popped in an earlier life may be anybody's by now. What is parked already is not parked again: meanwhile a job of
  // another daemon may have taken that entry, and with it the task.
  let read = isFresh ? undefined : await readClaimed(deps, claimed);
  let entry = claimed;
  if (!isParked && (isFresh || read !== undefined)) {
    entry = await park(deps, claimed);
    read = await readClaimed(deps, entry);
  }
  if (read === undefined) {
    await unpark(deps, entry);
    return 'none';
  }
  const prepared = await prepare(deps, entry, { queue, read });
  if (prepared === undefined) return 'none';
  // A task that the cluster had no room for has been told so, and is not told of every new try.
  if (isFresh && !isReturnedToQueue(read.task.statusMessage)) {
    await logToConsole(deps, entry.task, { level: 'INFO', text: describeClaimed(queue.name, deps) });
  }
  return submit(deps, prepared);
}
