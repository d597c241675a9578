// Claim: the head of a queue becomes ours, by a pop that exactly one caller gets.
import type { QueueId, TaskId } from '../clearml/ids.ts';
import type { Entry } from './entry.ts';
import type { Glue, ServedQueue } from './glue.ts';
import { park, readQueued } from './park.ts';
import { prepare, submit, type Prepared, type SubmitResult } from './submit.ts';
import { inform, say } from './tell.ts';

/** A task at the head of one of our queues. */
export interface Head {
  readonly queue: ServedQueue;
  readonly task: TaskId;
}

/**
 * The next task to take: by priority the head of the first queue that has one, in turn the head of the first non-empty queue
 * after the one that was served last. A head in `skip` blocks its queue: only the head can be popped.
 */
export function chooseHead(
  queues: readonly ServedQueue[],
  waiting: ReadonlyMap<QueueId, readonly TaskId[]>,
  { after, skip }: { readonly after: ServedQueue | undefined; readonly skip: ReadonlySet<TaskId> },
): Head | undefined {
  const start = after === undefined ? 0 : queues.indexOf(after) + 1;
  for (const queue of [...queues.slice(start), ...queues.slice(0, start)]) {
    const task = waiting.get(queue.id)?.[0];
    if (task !== undefined && !skip.has(task)) return { queue, task };
  }
  return undefined;
}

/** Pops the head. Undefined when somebody else was first, or when the task is not to be run. */
export async function claim(glue: Glue, { queue, task }: Head): Promise<Entry | undefined> {
  const entry: Entry = {
    task,
    queue: queue.id,
    queueName: queue.name,
    step: 'claiming',
    stepAt: glue.clock.now(),
    attempts: 0,
    told: {},
  };
  await glue.journal.write(entry);
  // A pop whose answer is lost throws: the journal then knows that it may be ours.
  if (await glue.clearml.queues.pop(queue.id, task)) return entry;
  await glue.journal.forget(task);
  return undefined;
}

/** The rest of a claimed task's way, up to its Slurm job. */
export async function bringToSlurm(glue: Glue, entry: Entry, queue: ServedQueue): Promise<SubmitResult> {
  const prepared = await prepareClaimed(glue, entry, queue);
  if (prepared === undefined || !(await park(glue, prepared.entry))) return 'done';
  return submit(glue, prepared);
}

async function prepareClaimed(glue: Glue, entry: Entry, queue: ServedQueue): Promise<Prepared | undefined> {
  const read = await readQueued(glue, entry);
  if (read === undefined) {
    await glue.journal.forget(entry.task);
    return undefined;
  }
  await inform(glue, entry.task, () =>
    say(glue, entry.task, {
      level: 'INFO',
      text: `Taken from queue "${queue.name}" by clearml-agent-slurm ${glue.version} (${glue.worker}).`,
    }),
  );
  return prepare(glue, entry, queue, read, 'popped');
}
