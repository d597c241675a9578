// Reads the scheduler queue again, by its id, before an entry counts as removed: a list of all queues may lack a queue or an entry.
import type { Queue, QueueList } from '../../clearml/client.ts';
import type { QueueId, TaskId } from '../../clearml/ids.ts';
import type { Task } from '../../clearml/task.ts';
import { isWaiting } from '../../slurm/job-state.ts';
import type { Job } from '../../slurm/scheduler.ts';
import type { Place } from '../decide/observation.ts';
import type { DaemonDeps } from '../deps.ts';
import { schedulerQueueOf } from '../journal/entry.ts';

interface Polled extends QueueList {
  readonly placeOf: (task: TaskId, ownQueue: QueueId, schedulerQueue: QueueId) => Place;
  readonly tasks: ReadonlyMap<TaskId, Task>;
  readonly jobs: ReadonlyMap<TaskId, readonly Job[]>;
}

/**
 * The queues with all entries that either reading of a scheduler queue has. It is read again only if it is missing, or the entry of a task
 * whose job still waits. What only the first reading has may belong to a job that has started since, and that Slurm listed as pending.
 */
export async function confirmMissingEntries(deps: DaemonDeps, polled: Polled): Promise<QueueList> {
  const { queues, isWhole } = polled;
  const doubtful = isWhole ? findDoubtful(deps, polled) : [];
  if (doubtful.length === 0) return { queues, isWhole };
  const again = await deps.clearml.queues.read(doubtful);
  const all = new Map(queues.map((queue) => [queue.id, queue]));
  for (const queue of again.queues) all.set(queue.id, { ...queue, entries: entriesOfBoth(all.get(queue.id), queue) });
  return { queues: [...all.values()], isWhole: again.isWhole };
}

/** The scheduler queues to read again. Not for a job that is being cancelled already. */
function findDoubtful(deps: DaemonDeps, polled: Polled): QueueId[] {
  const { queues, placeOf, tasks, jobs } = polled;
  const doubtful = new Set(queues.some(({ id }) => id === deps.schedulerQueue) ? [] : [deps.schedulerQueue]);
  for (const entry of deps.journal.entries.values()) {
    const { task, queue, cancelledFor } = entry;
    if (cancelledFor !== undefined || tasks.get(task)?.status !== 'queued') continue;
    if (jobs.get(task)?.some((job) => isWaiting(job)) !== true) continue;
    const schedulerQueue = schedulerQueueOf(deps, entry);
    if (placeOf(task, queue, schedulerQueue) === 'nowhere') doubtful.add(schedulerQueue);
  }
  return [...doubtful];
}

function entriesOfBoth(first: Queue | undefined, second: Queue): Queue['entries'] {
  const known = new Set(first?.entries.map(({ task }) => task));
  return [...(first?.entries ?? []), ...second.entries.filter(({ task }) => !known.has(task))];
}
