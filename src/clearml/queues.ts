// ClearML's queues: finds them, reads their entries, and moves a task's entry without ever duplicating it.
import * as z from 'zod';
import type { Logger } from '../log/logger.ts';
import type { QueueList, QueueName, Queues } from './client.ts';
import { InvalidResponseError, ServerUnreachableError } from './errors.ts';
import { QueueIdShape, TaskIdShape, type QueueId, type TaskId } from './ids.ts';
import { readField, type UnreadableEntry, type ReportUnreadable } from './unreadable-entries.ts';
import { readPages, splitPages } from './pages.ts';
import { QUEUE_FIELDS, readQueue } from './queue-row.ts';
import { escapeRegex } from './escape-regex.ts';
import { isRefusal } from './refusals.ts';
import type { Session } from './session.ts';

const Rows = z.object({ queues: z.array(z.unknown()) });
const Created = z.object({ id: QueueIdShape });
const Popped = z.object({ entry: z.object({ task: TaskIdShape }).nullish() });
const Removed = z.object({ removed: z.number() });
const Done = z.unknown();

export function createQueues(session: Session, log: Logger, reportUnreadable: ReportUnreadable): Queues {
  async function list(filter: object): Promise<readonly unknown[]> {
    const body = { search_hidden: true, only_fields: QUEUE_FIELDS, ...filter };
    return (await session.call('queues.get_all', body, { shape: Rows, idempotent: true })).queues;
  }

  /** @param most how many entries of each queue were requested */
  function readRows(rows: readonly unknown[], most = Infinity): QueueList {
    const leftOut: UnreadableEntry[] = [];
    const queues = rows.flatMap((row, index) => readQueue(row, index, leftOut, most) ?? []);
    reportUnreadable('queues.get_all', leftOut);
    return { queues, isWhole: queues.length === rows.length && queues.every(({ isWhole }) => isWhole) };
  }

  /** @throws InvalidResponseError if the queue may be an unreadable one: it must not be created again */
  async function findOne(filter: object, isIt: (queue: QueueName) => boolean): Promise<QueueName | undefined> {
    const rows = await list({ ...filter, max_task_entries: 1 });
    const { queues } = readRows(rows, 1);
    const found = queues.find(isIt);
    if (found === undefined && queues.length < rows.length)
      throw new InvalidResponseError(
        `${session.apiServer} returns an unreadable queue in its response to queues.get_all`,
        false,
      );
    return found === undefined ? undefined : { id: found.id, name: found.name };
  }

  /** Adds an entry at the tail without changing the task, so that a concurrent act of its user is kept. */
  async function add(queue: QueueId, task: TaskId, { idempotent }: { readonly idempotent: boolean }): Promise<void> {
    const body = { queue, task, update_execution_queue: false };
    try {
      await session.call('queues.add_task', body, { shape: Done, idempotent });
    } catch (error) {
      if (!isRefusal(error, 'taskAlreadyQueued')) throw error;
    }
  }

  function findByName(name: string): Promise<QueueName | undefined> {
    return findOne({ name: `^${escapeRegex(name)}$` }, (queue) => queue.name === name);
  }

  return {
    async find(nameOrId) {
      if (looksLikeId(nameOrId)) {
        const queue = await findOne({ id: [nameOrId] }, ({ id }) => id === nameOrId);
        if (queue !== undefined) return queue;
      }
      return findByName(nameOrId);
    },

    async names() {
      const rows = await readPages('queues.get_all', (page, size) =>
        list({ search_hidden: false, only_fields: ['id', 'name'], order_by: ['id'], page, page_size: size }),
      );
      return rows.map((row) => readField(row, 'name')).filter((name) => typeof name === 'string');
    },

    async create(name) {
      try {
        // Idempotent: a queue that exists already is as good.
        const { id } = await session.call('queues.create', { name }, { shape: Created, idempotent: true });
        return { id, name };
      } catch (error) {
        const existing = isRefusal(error, 'nameTaken') ? await findByName(name) : undefined;
        if (existing === undefined) throw error;
        return existing;
      }
    },

    async read(ids, most) {
      const rows: unknown[] = [];
      const few = most === undefined ? {} : { max_task_entries: most };
      for (const part of splitPages(ids)) {
        const found = await readPages('queues.get_all', (page, size) =>
          list({ id: part, ...few, order_by: ['id'], page, page_size: size }),
        );
        for (const row of found) rows.push(row);
      }
      return readRows(rows, most);
    },

    async readAll() {
      return readRows(
        await readPages('queues.get_all', (page, size) => list({ order_by: ['id'], page, page_size: size })),
      );
    },

    async pop(queue, task) {
      const { entry } = await session.call(
        'queues.get_next_task',
        { queue, task },
        { shape: Popped, idempotent: false },
      );
      return entry?.task === task;
    },

    park: (queue, task) => add(queue, task, { idempotent: true }),

    async returnToQueue(queue, task) {
      await add(queue, task, { idempotent: false });
      try {
        await session.call('queues.move_task_to_front', { queue, task }, { shape: Done, idempotent: true });
      } catch (error) {
        // The task is in its queue. A retry by the caller could add a second entry for a task that runs by then.
        if (error instanceof ServerUnreachableError)
          log.warn('Could not move a returned task to the front of its queue; it stays at the end', {
            task,
            queue,
            err: error,
          });
        else if (!isRefusal(error, 'taskNotInQueue')) throw error;
      }
    },

    async removeEntry(queue, task) {
      try {
        const body = { queue, task };
        const { removed } = await session.call('queues.remove_task', body, { shape: Removed, idempotent: false });
        return removed >= 1;
      } catch (error) {
        if (isRefusal(error, 'taskNotInQueue')) return false;
        throw error;
      }
    },
  };
}

/** ClearML's own clients take such a text for an id. */
function looksLikeId(text: string): text is QueueId {
  return /^[-a-f0-9]{30,}$/.test(text);
}
