// Creates queues, and finds the default queue.
import * as z from 'zod';
import { ApiError } from './requests/api-error.ts';
import type { QueueDocument } from './store/documents.ts';
import { formatInstant } from './store/sandbox-clock.ts';
import { randomId } from './store/random-id.ts';
import type { Store } from './store/store.ts';

export const queueFields = z.object({
  name: z.string().exactOptional(),
  display_name: z.string().exactOptional(),
  tags: z.array(z.string()).exactOptional(),
  system_tags: z.array(z.string()).exactOptional(),
  metadata: z.record(z.string(), z.unknown()).exactOptional(),
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
