// Queues: create, read, and move entries without changing the tasks.
import * as z from 'zod';
import { ApiError } from '../requests/api-error.ts';
import { endpoint, parseRequest, type Call, type Endpoint, type Fields, type Service } from '../requests/endpoint.ts';
import { texts, type QueueDocument } from '../store/documents.ts';
import type { Conditions } from '../requests/filter-documents.ts';
import { formatInstant, type SandboxClock } from '../store/sandbox-clock.ts';
import { QUEUE_KNOWN_FIELDS, type KnownFields } from '../requests/known-fields.ts';
import { leaveOut, listDocuments, referenceTo } from '../requests/list-documents.ts';
import {
  addEntry,
  checkQueueName,
  createQueue,
  defaultQueue,
  findQueue,
  moveEntry,
  popEntry,
  queueFields,
  removeEntry,
  setExecutionQueue,
} from '../change-queues.ts';
import { restoreStatuses } from '../tasks/leave-queue.ts';
import type { Store } from '../store/store.ts';
import { livingWorkers } from './workers.ts';

const CONDITIONS: Conditions = {
  list: ['id', 'tags', 'system_tags', 'metadata.*'],
  pattern: ['name'],
};
/** Queues with this system tag are omitted from plain lists. */
const HIDING_TAG = 'k8s-glue';

const oneQueue = z.object({ queue: z.string() });
const place = z.object({ ...oneQueue.shape, task: z.string() });
const metadataItem = z.object({ key: z.string(), type: z.string().optional(), value: z.string().optional() });
// Created once: creation takes as long as the call itself.
const fewerEntries = z.object({ max_task_entries: z.number().optional() });
const oneWithFewerEntries = oneQueue.extend(fewerEntries.shape);
const createRequest = queueFields.extend({ name: z.string() });
const updateRequest = queueFields.extend(oneQueue.shape);
const deleteRequest = oneQueue.extend({ force: z.boolean().default(false) });
const nextTaskRequest = oneQueue.extend({ task: z.string().optional(), get_task_info: z.boolean().default(false) });
const addRequest = place.extend({ update_execution_queue: z.boolean().default(true) });
const removeRequest = place.extend({ update_task_status: z.boolean().default(false) });
const moveRequest = place.extend({ count: z.number().int().default(1) });
const metadataRequest = oneQueue.extend({
  metadata: z.array(metadataItem),
  replace_metadata: z.boolean().default(false),
});
const deleteMetadataRequest = oneQueue.extend({ keys: texts });

export function createQueuesService(store: Store, clock: SandboxClock): Service {
  const list = (body: Fields, present: (queue: QueueDocument) => Fields, known: KnownFields): Fields => {
    const { max_task_entries: most } = parseRequest(fewerEntries, body);
    const queues = visibleQueues(store, body).map((queue) => present(withFewerEntries(queue, most)));
    const { documents, scroll } = listDocuments(queues, body, { conditions: CONDITIONS, known });
    return { queues: documents, ...scroll };
  };
  const restore = ({ caller, gap }: Call, queue: string, tasks: readonly string[], reason: string): Promise<string[]> =>
    restoreStatuses(store, clock, { queue, tasks, note: { reason, by: caller.user } }, gap);
  const move = (direction: 1 | -1): Endpoint =>
    endpoint(moveRequest, (request) => ({
      position: moveEntry(store, request, (position) => position + direction * request.count),
    }));

  return {
    'queues.get_all': (call) => list(call.body, (queue) => queue, QUEUE_KNOWN_FIELDS),
    'queues.get_all_ex': (call) => list(call.body, (queue) => withReferences(store, clock.now(), queue), 'any'),
    'queues.get_by_id': endpoint(oneWithFewerEntries, (request) => ({
      queue: withFewerEntries(findQueue(store, request.queue), request.max_task_entries),
    })),
    'queues.get_default': () => {
      const { id, name } = defaultQueue(store);
      return { id, name };
    },
    'queues.create': endpoint(createRequest, (request, { caller }) => ({
      id: createQueue(store, clock.now(), { ...request, company: caller.company }).id,
    })),
    'queues.update': endpoint(updateRequest, ({ queue: id, ...fields }) => {
      const queue = findQueue(store, id);
      if (fields.name !== undefined && fields.name !== queue.name) checkQueueName(store, fields.name);
      store.queues.put({
        ...queue,
        ...fields,
        name: fields.name ?? queue.name,
        last_update: formatInstant(clock.now()),
      });
      return { updated: 1, fields };
    }),
    'queues.delete': endpoint(deleteRequest, async (request, call) => {
      const queue = findQueue(store, request.queue);
      if (queue.entries.length > 0 && !request.force) {
        throw new ApiError('queueNotEmpty', { id: queue.id }, 'use force=true to delete');
      }
      await restore(call, queue.id, tasksOf(queue), `Queue ${queue.id} was deleted`);
      store.queues.delete(queue.id);
      return { deleted: 1 };
    }),
    'queues.clear_queue': endpoint(oneQueue, async (request, call) => {
      const queue = findQueue(store, request.queue);
      if (queue.entries.length === 0) return { removed_tasks: [] };
      const restored = await restore(call, queue.id, tasksOf(queue), `Queue ${queue.id} was cleared`);
      // An entry that came meanwhile goes too, as there.
      store.queues.put({ ...findQueue(store, queue.id), entries: [] });
      return { removed_tasks: restored };
    }),
    'queues.get_next_task': endpoint(nextTaskRequest, async (request, call) => {
      const entry = popEntry(store, request.queue, request.task, clock.now());
      if (entry === undefined) return {};
      // Another call may act on the task between the two updates, as there.
      await call.gap();
      const task = store.tasks.get(entry.task);
      if (task === undefined) return { entry };
      // An agent may have been aborting it while it was already queued again; the real server mends that here.
      if (task.status === 'stopped') store.tasks.put({ ...task, status: 'queued' });
      return { entry, ...(request.get_task_info ? { task_info: { company: task.company, user: task.user } } : {}) };
    }),
    'queues.peek_task': endpoint(oneQueue, ({ queue }) => ({ task: findQueue(store, queue).entries[0]?.task ?? null })),
    'queues.get_num_entries': endpoint(oneQueue, ({ queue }) => ({ num: findQueue(store, queue).entries.length })),
    'queues.add_task': endpoint(addRequest, async (request, call) => {
      const added = await addEntry(store, request, clock.now(), call.gap);
      if (request.update_execution_queue) setExecutionQueue(store, request.task, request.queue);
      return { added };
    }),
    'queues.remove_task': endpoint(removeRequest, async (request, call) => {
      const removed = await removeEntry(store, request, clock.now(), call.gap);
      if (removed > 0 && request.update_task_status)
        await restore(call, request.queue, [request.task], `Task was removed from the queue ${request.queue}`);
      return { removed };
    }),
    'queues.move_task_to_front': endpoint(place, (request) => ({ position: moveEntry(store, request, () => 0) })),
    'queues.move_task_to_back': endpoint(place, (request) => ({
      position: moveEntry(store, request, (_, last) => last),
    })),
    'queues.move_task_forward': move(-1),
    'queues.move_task_backward': move(1),
    'queues.add_or_update_metadata': endpoint(metadataRequest, (request) => {
      const queue = findQueue(store, request.queue);
      const items = Object.fromEntries(request.metadata.map((item) => [item.key, item]));
      store.queues.put({ ...queue, metadata: request.replace_metadata ? items : { ...queue.metadata, ...items } });
      return { updated: 1 };
    }),
    'queues.delete_metadata': endpoint(deleteMetadataRequest, (request) => {
      const queue = findQueue(store, request.queue);
      store.queues.put({ ...queue, metadata: leaveOut(queue.metadata, request.keys) });
      return { updated: 1 };
    }),
  };
}

function tasksOf({ entries }: QueueDocument): string[] {
  return entries.map(({ task }) => task);
}

function visibleQueues(store: Store, body: Fields): QueueDocument[] {
  const isSearched = body['search_hidden'] === true || body['id'] !== undefined || body['name'] !== undefined;
  return store.queues.all().filter((queue) => isSearched || !queue.system_tags.includes(HIDING_TAG));
}

function withFewerEntries(queue: QueueDocument, most: number | undefined): QueueDocument {
  if (most === undefined || most === 0) return queue;
  return { ...queue, entries: most > 0 ? queue.entries.slice(0, most) : queue.entries.slice(most) };
}

function withReferences(store: Store, nowAt: number, queue: QueueDocument): Fields {
  const workers = livingWorkers(store, nowAt).filter((worker) => worker.queues.includes(queue.id));
  return {
    ...queue,
    company: { id: queue.company },
    entries: queue.entries.map((entry) => ({ ...entry, task: referenceTo(store.tasks, entry.task) })),
    workers: workers.map(({ id, ip, task }) => ({ name: id, ip, key: id, task: referenceTo(store.tasks, task) })),
  };
}
