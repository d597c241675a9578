// Creates and finds queues, and adds tasks to them and removes them, with the atomicity of the real server (apiserver/bll/queue/queue_bll.py).
import * as z from 'zod';
import { ApiError } from './requests/api-error.ts';
import { anything, texts, type QueueDocument } from './store/documents.ts';
import { randomId } from './store/random-id.ts';
import { formatInstant } from './store/sandbox-clock.ts';
import type { Store } from './store/store.ts';

export const queueFields = z.object({
  name: z.string().exactOptional(),
  display_name: z.string().exactOptional(),
  tags: texts.exactOptional(),
  system_tags: texts.exactOptional(),
  metadata: anything.exactOptional(),
});

/** @throws ApiError 400/800 for a name under 3 characters, 400/801 for one that exists */
export function createQueue(
  store: Store,
  nowAt: number,
  fields: z.infer<typeof queueFields> & { readonly name: string; readonly company: string },
): QueueDocument {
  checkQueueName(store, fields.name);
  const now = formatInstant(nowAt);
  const queue: QueueDocument = {
    tags: [],
    system_tags: [],
    metadata: {},
    ...fields,
    id: randomId(),
    created: now,
    last_update: now,
    entries: [],
  };
  store.queues.put(queue);
  return queue;
}

/** The queue with system tag `default`. @throws ApiError 400/707, 400/708 */
export function defaultQueue(store: Store): QueueDocument {
  const [queue, ...more] = store.queues.all().filter((candidate) => candidate.system_tags.includes('default'));
  if (queue === undefined) throw new ApiError('noDefaultQueue');
  if (more.length > 0) throw new ApiError('severalDefaultQueues', { queues: [queue, ...more].map(({ id }) => id) });
  return queue;
}

/** @throws ApiError 400/800 for a name under 3 characters, 400/801 for one that exists */
export function checkQueueName(store: Store, name: string): void {
  if (name.trim().length < 3) throw new ApiError('dataValidation', { name }, 'name is too short');
  if (store.queues.all().some((queue) => queue.name === name)) throw new ApiError('notUnique', { name });
}

/** @throws ApiError 400/701 */
export function findQueue(store: Store, id: string): QueueDocument {
  const queue = store.queues.get(id);
  if (queue === undefined) throw new ApiError('invalidQueueId', { id });
  return queue;
}

/**
 * Appends the task at the tail, without a check that the task exists.
 * @throws ApiError 400/701, 400/706 if it is already in this queue, 400/703 if another call added it meanwhile
 */
export async function addEntry(
  store: Store,
  place: EntryPlace,
  nowAt: number,
  gap: () => Promise<void>,
): Promise<number> {
  if (hasEntry(findQueue(store, place.queue), place.task))
    throw new ApiError('taskAlreadyQueued', { task: place.task });
  await gap();
  const queue = store.queues.get(place.queue);
  if (queue === undefined || hasEntry(queue, place.task)) throw new ApiError('taskNotInQueue', { ...place });
  const now = formatInstant(nowAt);
  putEntries(store, queue, [...queue.entries, { task: place.task, added: now }], nowAt);
  return 1;
}

/**
 * Removes the task. Returns 1 to exactly one caller; a caller that saw the entry but came second gets 0.
 * @throws ApiError 400/703 if there is no such queue, or the task is not in it
 */
export async function removeEntry(
  store: Store,
  place: EntryPlace,
  nowAt: number,
  gap: () => Promise<void>,
): Promise<number> {
  findQueueWith(store, place);
  await gap();
  const queue = store.queues.get(place.queue);
  if (queue === undefined || !hasEntry(queue, place.task)) return 0;
  putEntries(store, queue, without(queue, place.task), nowAt);
  return 1;
}

export function removeFromAllQueues(store: Store, task: string, nowAt: number, except?: string): void {
  for (const queue of store.queues.all())
    if (queue.id !== except && hasEntry(queue, task)) putEntries(store, queue, without(queue, task), nowAt);
}

/**
 * Pops the head; if a task is given, only if it is the head.
 * @throws ApiError 400/701
 */
export function popEntry(
  store: Store,
  queueId: string,
  task: string | undefined,
  nowAt: number,
): QueueDocument['entries'][number] | undefined {
  const queue = findQueue(store, queueId);
  const [head, ...rest] = queue.entries;
  if (head === undefined || (task !== undefined && head.task !== task)) return undefined;
  putEntries(store, queue, rest, nowAt);
  return head;
}

/**
 * Moves the task to a position computed from its present one, limited to the ends. Does not set the queue's time of change.
 * @returns the new position, 0 is the front
 * @throws ApiError 400/703
 */
export function moveEntry(store: Store, place: EntryPlace, target: (position: number, last: number) => number): number {
  const queue = findQueueWith(store, place);
  const position = queue.entries.findIndex((entry) => entry.task === place.task);
  const last = queue.entries.length - 1;
  const wanted = Math.min(Math.max(target(position, last), 0), last);
  const others = without(queue, place.task);
  const moved = queue.entries.filter((entry) => entry.task === place.task);
  store.queues.put({ ...queue, entries: [...others.slice(0, wanted), ...moved, ...others.slice(wanted)] });
  return wanted;
}

/** Sets only `execution.queue`, without the status or a time of change. */
export function setExecutionQueue(store: Store, id: string, queue: string): void {
  const task = store.tasks.get(id);
  if (task !== undefined) store.tasks.put({ ...task, execution: { ...task.execution, queue } });
}

export interface EntryPlace {
  readonly queue: string;
  readonly task: string;
}

function putEntries(store: Store, queue: QueueDocument, entries: QueueDocument['entries'], nowAt: number): void {
  store.queues.put({ ...queue, entries, last_update: formatInstant(nowAt) });
}

function findQueueWith(store: Store, place: EntryPlace): QueueDocument {
  const queue = store.queues.get(place.queue);
  if (queue === undefined || !hasEntry(queue, place.task)) throw new ApiError('taskNotInQueue', { ...place });
  return queue;
}

function hasEntry(queue: QueueDocument, task: string): boolean {
  return queue.entries.some((entry) => entry.task === task);
}

function without(queue: QueueDocument, task: string): QueueDocument['entries'] {
  return queue.entries.filter((entry) => entry.task !== task);
}
