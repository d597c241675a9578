// Where the queue entries of tasks are, in one reading of the server's queues.
import type { QueueList } from '../../clearml/client.ts';
import type { QueueId, TaskId } from '../../clearml/ids.ts';
import type { Place } from '../decide/observation.ts';

export type PlaceOf = (task: TaskId, ownQueue: QueueId) => Place;

/**
 * Turns a reading of all queues into a look-up. An entry in any other queue counts for more than being parked: a user put it there.
 * Of a task that was not found in a reading that is not whole nobody knows where it is.
 */
export function readPlaces({ queues, isWhole }: QueueList, schedulerQueue: QueueId): PlaceOf {
  const where = new Map<TaskId, QueueId[]>();
  for (const queue of queues) {
    for (const entry of queue.entries) {
      const ids = where.get(entry.task);
      if (ids === undefined) where.set(entry.task, [queue.id]);
      else ids.push(queue.id);
    }
  }

  return (task, ownQueue) => {
    const ids = where.get(task);
    if (ids === undefined) return isWhole ? 'nowhere' : 'unknown';
    if (ids.includes(ownQueue)) return 'own queue';
    return ids.some((id) => id !== schedulerQueue) ? 'another queue' : 'parked';
  };
}
