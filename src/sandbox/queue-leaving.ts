// How a task gets out of its queue, and which status it has then.
import { ApiError } from './api-error.ts';
import type { TaskDocument } from './documents.ts';
import { putEntries, removeEntry } from './queue-entries.ts';
import type { SandboxClock } from './sandbox-clock.ts';
import { changeStatus, type StatusNote, type UpdateAnswer } from './status-change.ts';
import type { TaskStatus } from './status-machine.ts';
import type { Store } from './store.ts';

/**
 * Takes a queued task out of the queue that its `execution.queue` names. An entry elsewhere stays; no entry is no error.
 * @returns how many entries were taken out, or undefined when there was nothing to do
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
    // Found in no queue it changes its status all the same, as late as one that was in one.
    await gap();
    return undefined;
  }
}

export function removeFromAllQueues(store: Store, task: string, nowAt: number, except?: string): void {
  for (const queue of store.queues.all()) {
    if (queue.id === except || !queue.entries.some((entry) => entry.task === task)) continue;
    const others = queue.entries.filter((entry) => entry.task !== task);
    putEntries(store, queue, others, nowAt);
  }
}

/**
 * Gives a task that left its queue its new status: the one given, else the one from before the queue, else draft.
 * A task that neither waits nor runs keeps its status.
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
 * Gives tasks that lost their queue the status they had before it. Only those whose `execution.queue` is this queue. One whose
 * status somebody changes meanwhile keeps that: the real server logs it and goes on.
 * @returns the ids of those whose queue it was
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
