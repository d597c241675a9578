// What takes a task into a queue or out of one: enqueue, dequeue, reset, archive, delete.
import { z } from 'zod';
import { ApiError } from './api-error.ts';
import {
  forMany,
  oneTask,
  readRequest,
  statusNote,
  statusRequest,
  type Call,
  type Endpoint,
  type Fields,
  type Service,
} from './call.ts';
import type { TaskDocument } from './documents.ts';
import { formatInstant } from './instant.ts';
import { addEntry, removeEntry, removeFromAllQueues, setExecutionQueue } from './queue-entries.ts';
import { createQueue, defaultQueue } from './queue-making.ts';
import type { SandboxClock } from './sandbox-clock.ts';
import { changeStatus, findTask, type UpdateAnswer } from './status-change.ts';
import { TASK_STATUSES, type TaskStatus } from './status-machine.ts';
import type { Store } from './store.ts';
import { isWatched } from './worker-life.ts';

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
const resetRequest = z.object({ ...statusRequest.shape, clear_all: z.boolean().default(false) });
const archiveRequest = z.object({ ...oneTask.shape, ...statusNote.shape });

export function createTasksQueueingService(store: Store, clock: SandboxClock): Service {
  const enqueue: Endpoint = async (call) => {
    const request = readRequest(enqueueRequest, call.body);
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
  };

  function chooseQueue(request: z.infer<typeof enqueueRequest>, call: Call): string {
    if (request.queue !== undefined) return request.queue;
    if (request.queue_name === undefined) return defaultQueue(store).id;
    const named = store.queues.all().find((queue) => queue.name === request.queue_name);
    return (named ?? createQueue(store, clock.now(), { name: request.queue_name, company: call.caller.company })).id;
  }

  /** Status first, entry second, then out of all other queues: the task is never absent from every queue. */
  async function moveIntoQueue(
    task: TaskDocument,
    queue: string,
    request: z.infer<typeof enqueueRequest>,
    call: Call,
  ): Promise<UpdateAnswer> {
    const by = call.caller.user;
    const before = task.status === 'queued' ? (task.enqueue_status ?? 'queued') : task.status;
    const answer = changeStatus(store, clock.now(), {
      task,
      to: 'queued',
      reason: request.status_reason,
      message: request.status_message,
      force: request.force,
      by,
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
        by,
        also: { enqueue_status: undefined },
      });
      throw error;
    }
    if (request.update_execution_queue) setExecutionQueue(store, task.id, queue);
    removeFromAllQueues(store, task.id, clock.now(), queue);
    const changed = request.update_execution_queue ? { 'execution.queue': queue } : {};
    return { updated: answer.updated, fields: { ...answer.fields, ...changed } };
  }

  const dequeue: Endpoint = async (call) => {
    const request = readRequest(dequeueRequest, call.body);
    const newStatus = request.new_status === undefined ? undefined : readStatus(request.new_status);
    const task = store.tasks.get(request.task);
    if (task === undefined) {
      removeFromAllQueues(store, request.task, clock.now());
      return { dequeued: 1, updated: 0 };
    }
    await dequeueQuietly(store, task, clock.now(), call.gap);
    if (request.remove_from_all_queues) removeFromAllQueues(store, task.id, clock.now());
    return { dequeued: 1, ...leaveQueue(task, newStatus, request, call.caller.user) };
  };

  /** The status a task gets when it is taken out of its queue; only a queued or running task gets one. */
  function leaveQueue(
    task: TaskDocument,
    newStatus: TaskStatus | undefined,
    note: z.infer<typeof statusNote>,
    by: string,
  ): UpdateAnswer {
    if (task.status !== 'queued' && task.status !== 'in_progress') return { updated: 0 };
    return changeStatus(store, clock.now(), {
      task,
      to: newStatus ?? task.enqueue_status ?? 'created',
      reason: note.status_reason,
      message: note.status_message,
      force: true,
      by,
      also: { enqueue_status: undefined },
    });
  }

  const reset: Endpoint = async (call) => {
    const request = readRequest(resetRequest, call.body);
    const task = findTask(store, request.task);
    if (task.status === 'published' && !request.force) {
      throw new ApiError('invalidTaskStatus', { task_id: task.id, status: task.status });
    }
    const removed = await dequeueQuietly(store, task, clock.now(), call.gap);
    removeFromAllQueues(store, task.id, clock.now());
    const answer = changeStatus(store, clock.now(), {
      task,
      to: 'created',
      reason: 'reset',
      message: 'reset',
      force: request.force,
      by: call.caller.user,
      also: { ...clearedByReset(task), ...(request.clear_all ? { execution: {}, script: {} } : {}) },
    });
    store.events.keep(task.id, () => false);
    return { ...answer, dequeued: removed === undefined ? {} : { removed }, deleted_models: 0, urls: {} };
  };

  const archive: Endpoint = async (call) => {
    const request = readRequest(archiveRequest, call.body);
    const task = findTask(store, request.task);
    await dequeueQuietly(store, task, clock.now(), call.gap);
    removeFromAllQueues(store, task.id, clock.now());
    leaveQueue(task, task.status === 'in_progress' ? 'stopped' : undefined, request, call.caller.user);
    setArchived(store, clock.now(), findTask(store, task.id), true, request, call.caller.user);
    return { archived: true };
  };

  const unarchive: Endpoint = (call) => {
    const request = readRequest(archiveRequest, call.body);
    setArchived(store, clock.now(), findTask(store, request.task), false, request, call.caller.user);
    return { unarchived: true };
  };

  const remove: Endpoint = async (call) => {
    const request = readRequest(statusRequest, call.body);
    const task = findTask(store, request.task);
    if (task.status !== 'created' && !task.system_tags.includes('archived') && !request.force) {
      const facts = { task: task.id, expected: 'created', current: task.status };
      throw new ApiError('taskCannotBeDeleted', facts, 'due to status, use force=True');
    }
    await call.gap();
    removeFromAllQueues(store, task.id, clock.now());
    const children = store.tasks.all().filter((other) => other.parent === task.id);
    for (const child of children) store.tasks.put({ ...child, parent: `__DELETED__${task.id}` });
    store.events.keep(task.id, () => false);
    store.tasks.delete(task.id);
    return { deleted: true, updated_children: children.length, updated_models: 0, deleted_models: 0, urls: {} };
  };

  return {
    'tasks.enqueue': enqueue,
    'tasks.enqueue_many': forMany(enqueue),
    'tasks.dequeue': dequeue,
    'tasks.dequeue_many': forMany(dequeue),
    'tasks.reset': reset,
    'tasks.reset_many': forMany(reset),
    'tasks.archive': async (call) => {
      const { tasks } = readRequest(z.object({ tasks: z.array(z.string()).min(1) }), call.body);
      for (const task of tasks) findTask(store, task);
      for (const task of tasks) await archive({ ...call, body: { ...call.body, task } });
      return { archived: tasks.length };
    },
    'tasks.archive_many': forMany(archive),
    'tasks.unarchive_many': forMany(unarchive),
    'tasks.delete': remove,
    'tasks.delete_many': forMany(remove),
  };
}

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
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

function readStatus(text: string): TaskStatus {
  const status = TASK_STATUSES.find((known) => known === text);
  if (status === undefined) throw new ApiError('validation', {}, `Invalid task status: ${text}`);
  return status;
}

/** What a reset clears; hyperparams (user properties too), container and script stay. */
function clearedByReset(task: TaskDocument): Partial<TaskDocument> {
  const inputs = task.execution.artifacts?.filter((artifact) => artifact.mode === 'input');
  return {
    last_iteration: 0,
    last_metrics: {},
    metric_stats: {},
    models: { ...task.models, output: [] },
    runtime: {},
    output: 'destination' in task.output ? { destination: task.output['destination'] } : {},
    last_worker: undefined,
    last_worker_report: undefined,
    started: undefined,
    completed: undefined,
    published: undefined,
    active_duration: undefined,
    enqueue_status: undefined,
    execution: { ...task.execution, queue: undefined, artifacts: inputs },
  };
}

function setArchived(
  store: Store,
  nowAt: number,
  task: TaskDocument,
  isArchived: boolean,
  note: z.infer<typeof statusNote>,
  by: string,
): void {
  const others = task.system_tags.filter((tag) => tag !== 'archived');
  const fields: Fields = { last_change: formatInstant(nowAt), last_changed_by: by };
  store.tasks.put({ ...task, ...note, ...fields, system_tags: isArchived ? [...others, 'archived'] : others });
}
