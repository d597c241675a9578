// Removes a task from its queue and sets its next status.
import { ApiError } from '../requests/api-error.ts';
import type { TaskStatus, TaskDocument } from '../store/documents.ts';
import { removeEntry } from '../change-queues.ts';
import type { SandboxClock } from '../store/sandbox-clock.ts';
import { changeStatus, type StatusNote, type UpdateAnswer } from './status-change.ts';
import type { Store } from '../store/store.ts';

/**
 * Removes a queued task from its `execution.queue`. An entry in another queue stays; a missing entry is not an error.
 * @returns the number of removed entries, or undefined if there was nothing to do
 */
export async function dequeueQuietly(
  store: Store,
  task: TaskDocument,
  nowAt: number,
  gap: () => Promise<void>,
): Promise<number | undefined> {
  const queue = task.execution.queue;
  if (task.status !== 'queued' || queue === undefined) {
    await gap();
    return undefined;
  }
  try {
    return await removeEntry(store, { queue, task: task.id }, nowAt, gap);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // Without an entry the status changes too, with the same delay.
    await gap();
    return undefined;
  }
}

/**
 * Sets the status of a task that left its queue: the given one, else the one before it was queued, else draft.
 * A task that is neither queued nor running keeps its status.
 * @throws ApiError 400/121
 */
export function leaveQueued(
  store: Store,
  task: TaskDocument,
  newStatus: TaskStatus | undefined,
  note: StatusNote,
  nowAt: number,
): UpdateAnswer {
  if (task.status !== 'queued' && task.status !== 'in_progress') return { updated: 0 };
  return changeStatus(store, nowAt, {
    task,
    to: newStatus ?? task.enqueue_status ?? 'created',
    ...note,
    force: true,
    also: { enqueue_status: undefined },
  });
}

/**
 * Restores the status of tasks whose queue was deleted, if it is their `execution.queue`. A task whose status
 * another call changes meanwhile keeps that status: the real server logs it and continues.
 * @returns the ids of the tasks of the queue
 */
export async function restoreStatuses(
  store: Store,
  clock: Pick<SandboxClock, 'now'>,
  left: { readonly queue: string; readonly tasks: readonly string[]; readonly note: StatusNote },
  gap: () => Promise<void>,
): Promise<string[]> {
  const restored: string[] = [];
  for (const id of left.tasks) {
    const task = store.tasks.get(id);
    if (task?.execution.queue !== left.queue) continue;
    restored.push(id);
    await gap();
    try {
      changeStatus(store, clock.now(), {
        task,
        to: task.enqueue_status ?? 'created',
        ...left.note,
        force: true,
        also: { enqueue_status: undefined, execution: { ...task.execution, queue: undefined } },
      });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }
  return restored;
}
