// Enqueues and dequeues tasks.
import * as z from 'zod';
import { ApiError } from '../requests/api-error.ts';
import { endpoint, forMany, noteOf, statusRequest, type Call, type Service } from '../requests/endpoint.ts';
import { TASK_STATUSES, type TaskStatus, type TaskDocument } from '../store/documents.ts';
import { removeFromAllQueues, addEntry, createQueue, defaultQueue, setExecutionQueue } from '../change-queues.ts';
import { dequeueQuietly, leaveQueued } from '../tasks/leave-queue.ts';
import type { SandboxClock } from '../store/sandbox-clock.ts';
import { changeStatus, findTask, type UpdateAnswer } from '../tasks/status-change.ts';
import type { Store } from '../store/store.ts';
import { isWatched } from './workers.ts';

const enqueueRequest = z.object({
  ...statusRequest.shape,
  queue: z.string().optional(),
  queue_name: z.string().optional(),
  verify_watched_queue: z.boolean().default(false),
  update_execution_queue: z.boolean().default(true),
});
const dequeueRequest = z.object({
  ...statusRequest.shape,
  remove_from_all_queues: z.boolean().default(false),
  new_status: z.string().optional(),
});

export function createTasksQueueingService(store: Store, clock: SandboxClock): Service {
  const enqueue = endpoint(enqueueRequest, async (request, call) => {
    if (request.queue !== undefined && request.queue_name !== undefined) {
      throw new ApiError('validation', {}, 'Either queue id or queue name should be provided');
    }
    if (request.verify_watched_queue && !request.update_execution_queue) {
      throw new ApiError('validation', {}, 'verify_watched_queue cannot be used with update_execution_queue=False');
    }
    const task = findTask(store, request.task);
    const keepsQueue = !request.update_execution_queue;
    if (keepsQueue && (task.status !== 'queued' || task.execution.queue === undefined)) {
      throw new ApiError(
        'validation',
        {},
        'Cannot skip setting execution queue for a task that is not enqueued or does not have execution queue set',
      );
    }
    const queue = chooseQueue(request, call);
    await call.gap();
    const answer = await moveIntoQueue(task, queue, request, call);
    const watched = request.verify_watched_queue ? { queue_watched: isWatched(store, clock.now(), queue) } : {};
    return { queued: 1, ...answer, ...watched };
  });

  function chooseQueue(request: z.infer<typeof enqueueRequest>, call: Call): string {
    if (request.queue !== undefined) return request.queue;
    if (request.queue_name === undefined) return defaultQueue(store).id;
    const named = store.queues.all().find((queue) => queue.name === request.queue_name);
    return (named ?? createQueue(store, clock.now(), { name: request.queue_name, company: call.caller.company })).id;
  }

  /** Sets the status, adds the entry, then removes it from other queues: the task is always in some queue. */
  async function moveIntoQueue(
    task: TaskDocument,
    queue: string,
    request: z.infer<typeof enqueueRequest>,
    call: Call,
  ): Promise<UpdateAnswer> {
    const before = task.status === 'queued' ? (task.enqueue_status ?? 'queued') : task.status;
    const answer = changeStatus(store, clock.now(), {
      task,
      to: 'queued',
      ...noteOf(request, call),
      force: request.force,
      also: { enqueue_status: before },
    });
    try {
      await addEntry(store, { queue, task: task.id }, clock.now(), () => Promise.resolve());
    } catch (error) {
      changeStatus(store, clock.now(), {
        task: findTask(store, task.id),
        to: task.status,
        reason: 'failed enqueueing',
        force: true,
        by: call.caller.user,
        also: { enqueue_status: undefined },
      });
      throw error;
    }
    if (request.update_execution_queue) setExecutionQueue(store, task.id, queue);
    removeFromAllQueues(store, task.id, clock.now(), queue);
    const changed = request.update_execution_queue ? { 'execution.queue': queue } : {};
    return { updated: answer.updated, fields: { ...answer.fields, ...changed } };
  }

  const dequeue = endpoint(dequeueRequest, async (request, call) => {
    const newStatus = request.new_status === undefined ? undefined : parseStatus(request.new_status);
    const task = store.tasks.get(request.task);
    if (task === undefined) {
      removeFromAllQueues(store, request.task, clock.now());
      return { dequeued: 1, updated: 0 };
    }
    await dequeueQuietly(store, task, clock.now(), call.gap);
    if (request.remove_from_all_queues) removeFromAllQueues(store, task.id, clock.now());
    return { dequeued: 1, ...leaveQueued(store, task, newStatus, noteOf(request, call), clock.now()) };
  });

  return {
    'tasks.enqueue': enqueue,
    'tasks.enqueue_many': forMany(enqueue),
    'tasks.dequeue': dequeue,
    'tasks.dequeue_many': forMany(dequeue),
  };
}

function parseStatus(text: string): TaskStatus {
  const status = TASK_STATUSES.find((known) => known === text);
  if (status === undefined) throw new ApiError('validation', {}, `Invalid task status: ${text}`);
  return status;
}
