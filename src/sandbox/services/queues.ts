// Queues: create, read, and move entries without changing the tasks.
import * as z from 'zod';
import { ApiError } from '../requests/api-error.ts';
import { parseRequest, type Call, type Fields, type Service } from '../requests/endpoint.ts';
import type { QueueDocument } from '../store/documents.ts';
import type { Conditions } from '../requests/filter-documents.ts';
import { formatInstant, type SandboxClock } from '../store/sandbox-clock.ts';
import { QUEUE_KNOWN_FIELDS, type KnownFields } from '../requests/known-fields.ts';
import { listDocuments } from '../requests/list-documents.ts';
import { addEntry, findQueue, moveEntry, popEntry, removeEntry, setExecutionQueue } from '../queue-entries.ts';
import { restoreStatuses } from '../tasks/leave-queue.ts';
import type { StatusNote } from '../tasks/status-change.ts';
import { checkQueueName, createQueue, defaultQueue, queueFields } from '../create-queue.ts';
import type { Store } from '../store/store.ts';
import { livingWorkers } from './workers.ts';

const CONDITIONS: Conditions = {
  list: ['id', 'tags', 'system_tags', 'metadata.*'],
  pattern: ['name'],
  range: [],
  datetime: [],
  equal: [],
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
const deleteRequest = oneQueue.extend({ force: z.boolean().default(false) });
const nextTaskRequest = oneQueue.extend({ task: z.string().optional(), get_task_info: z.boolean().default(false) });
const addRequest = place.extend({ update_execution_queue: z.boolean().default(true) });
const removeRequest = place.extend({ update_task_status: z.boolean().default(false) });
const moveRequest = place.extend({ count: z.number().int().default(1) });
const metadataRequest = oneQueue.extend({
  metadata: z.array(metadataItem),
  replace_metadata: z.boolean().default(false),
});
const deleteMetadataRequest = oneQueue.extend({ keys: z.array(z.string()) });

export function createQueuesService(store: Store, clock: SandboxClock): Service {
  const list = (body: Fields, present: (queue: QueueDocument) => Fields, known: KnownFields): Fields => {
    const { max_task_entries: most } = parseRequest(fewerEntries, body);
    const queues = visibleQueues(store, body).map((queue) => present(withFewerEntries(queue, most)));
    const { documents, scroll } = listDocuments(queues, body, { conditions: CONDITIONS, known });
    return { queues: documents, ...scroll };
  };
  const by = ({ caller }: Call, reason: string): StatusNote => ({ reason, by: caller.user });
  const move = (call: Call, direction: 1 | -1): Fields => {
    const request = parseRequest(moveRequest, call.body);
    return { position: moveEntry(store, request, (position) => position + direction * request.count) };
  };

  return {
    'queues.get_all': (call) => list(call.body, (queue) => queue, QUEUE_KNOWN_FIELDS),
    'queues.get_all_ex': (call) => list(call.body, (queue) => withReferences(store, clock.now(), queue), 'any'),
    'queues.get_by_id': (call) => {
      const request = parseRequest(oneWithFewerEntries, call.body);
      return { queue: withFewerEntries(findQueue(store, request.queue), request.max_task_entries) };
    },
    'queues.get_default': () => {
      const { id, name } = defaultQueue(store);
      return { id, name };
    },
    'queues.create': (call) => {
      const request = parseRequest(createRequest, call.body);
      return { id: createQueue(store, clock.now(), { ...request, company: call.caller.company }).id };
    },
    'queues.update': (call) => {
      const queue = findQueue(store, parseRequest(oneQueue, call.body).queue);
      const fields = parseRequest(queueFields, call.body);
      if (fields.name !== undefined && fields.name !== queue.name) checkQueueName(store, fields.name);
      store.queues.put({
        ...queue,
        ...fields,
        name: fields.name ?? queue.name,
        last_update: formatInstant(clock.now()),
      });
      return { updated: 1, fields };
    },
    'queues.delete': async (call) => {
      const request = parseRequest(deleteRequest, call.body);
      const queue = findQueue(store, request.queue);
      if (queue.entries.length > 0 && !request.force) {
        throw new ApiError('queueNotEmpty', { id: queue.id }, 'use force=true to delete');
      }
      const tasks = queue.entries.map((entry) => entry.task);
      const left = { queue: queue.id, tasks, note: by(call, `Queue ${queue.id} was deleted`) };
      await restoreStatuses(store, clock, left, call.gap);
      store.queues.delete(queue.id);
      return { deleted: 1 };
    },
    'queues.clear_queue': async (call) => {
      const queue = findQueue(store, parseRequest(oneQueue, call.body).queue);
      if (queue.entries.length === 0) return { removed_tasks: [] };
      const tasks = queue.entries.map((entry) => entry.task);
      const left = { queue: queue.id, tasks, note: by(call, `Queue ${queue.id} was cleared`) };
      const restored = await restoreStatuses(store, clock, left, call.gap);
      // An entry that came meanwhile goes too, as there.
      store.queues.put({ ...findQueue(store, queue.id), entries: [] });
      return { removed_tasks: restored };
    },
    'queues.get_next_task': async (call) => {
      const request = parseRequest(nextTaskRequest, call.body);
      const entry = popEntry(store, request.queue, request.task, clock.now());
      if (entry === undefined) return {};
      // Another call may act on the task between the two updates, as there.
      await call.gap();
      const task = store.tasks.get(entry.task);
      if (task === undefined) return { entry };
      // An agent may have been aborting it while it was already queued again; the real server mends that here.
      if (task.status === 'stopped') store.tasks.put({ ...task, status: 'queued' });
      return { entry, ...(request.get_task_info ? { task_info: { company: task.company, user: task.user } } : {}) };
    },
    'queues.peek_task': (call) => ({
      task: findQueue(store, parseRequest(oneQueue, call.body).queue).entries[0]?.task ?? null,
    }),
    'queues.get_num_entries': (call) => ({
      num: findQueue(store, parseRequest(oneQueue, call.body).queue).entries.length,
    }),
    'queues.add_task': async (call) => {
      const request = parseRequest(addRequest, call.body);
      const added = await addEntry(store, request, clock.now(), call.gap);
      if (request.update_execution_queue) setExecutionQueue(store, request.task, request.queue);
      return { added };
    },
    'queues.remove_task': async (call) => {
      const request = parseRequest(removeRequest, call.body);
      const removed = await removeEntry(store, request, clock.now(), call.gap);
      if (removed > 0 && request.update_task_status) {
        const note = by(call, `Task was removed from the queue ${request.queue}`);
        await restoreStatuses(store, clock, { queue: request.queue, tasks: [request.task], note }, call.gap);
      }
      return { removed };
    },
    'queues.move_task_to_front': (call) => ({
      position: moveEntry(store, parseRequest(place, call.body), () => 0),
    }),
    'queues.move_task_to_back': (call) => ({
      position: moveEntry(store, parseRequest(place, call.body), (_, last) => last),
    }),
    'queues.move_task_forward': (call) => move(call, -1),
    'queues.move_task_backward': (call) => move(call, 1),
    'queues.add_or_update_metadata': (call) => {
      const request = parseRequest(metadataRequest, call.body);
      const queue = findQueue(store, request.queue);
      const items = Object.fromEntries(request.metadata.map((item) => [item.key, item]));
      store.queues.put({ ...queue, metadata: request.replace_metadata ? items : { ...queue.metadata, ...items } });
      return { updated: 1 };
    },
    'queues.delete_metadata': (call) => {
      const request = parseRequest(deleteMetadataRequest, call.body);
      const queue = findQueue(store, request.queue);
      const kept = Object.entries(queue.metadata).filter(([key]) => !request.keys.includes(key));
      store.queues.put({ ...queue, metadata: Object.fromEntries(kept) });
      return { updated: 1 };
    },
  };
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
  const named = (id: string): Fields => ({ id, ...pickName(store.tasks.get(id)) });
  return {
    ...queue,
    company: { id: queue.company },
    entries: queue.entries.map((entry) => ({ ...entry, task: named(entry.task) })),
    workers: workers.map((worker) => ({
      name: worker.id,
      ip: worker.ip,
      key: worker.id,
      ...(worker.task === undefined ? {} : { task: named(worker.task) }),
    })),
  };
}

function pickName(document: { readonly name: string } | undefined): Fields {
  return document === undefined ? {} : { name: document.name };
}
