// Claims the head of a queue with a pop that succeeds for exactly one caller; the intent is journaled before.
import type { Entry } from '../journal/entry.ts';
import type { DaemonDeps } from '../deps.ts';
import type { Head } from './plan-claims.ts';

/** Pops the head, or removes an entry behind another one: both succeed for exactly one caller. Undefined if another daemon was first, or if this one tracks the task already. */
export async function claimOneTask(
  deps: DaemonDeps,
  { queue, entry: { task, added, isBehind } }: Head,
): Promise<Entry | undefined> {
  // It may have an entry in two queues: a second claim would replace the journal entry of the first.
  if (deps.journal.entries.has(task)) return undefined;
  const { queues } = deps.clearml;
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
  if (await (isBehind === true ? queues.removeEntry(queue.id, task) : queues.pop(queue.id, task))) return entry;
  await deps.journal.forget(task);
  return undefined;
}
