// ClearML's queues: finds them, reads their entries, and moves a task's entry without ever duplicating it.
import * as z from 'zod';
import type { Logger } from '../log/logger.ts';
import type { Queue, QueueList, QueueName, Queues } from './client.ts';
import {
  isRefusal,
  unlessRefused,
  InvalidResponseError,
  ResponseTooLargeError,
  ServerRefusedError,
  ServerUnreachableError,
} from './errors.ts';
import { isQueueId, QueueIdShape, TaskIdShape, type QueueId, type TaskId } from './ids.ts';
import { readField, type UnreadableEntry, type ReportUnreadable } from './unreadable-entries.ts';
import { exactly, readPages, splitPages, TOO_LARGE } from './read-in-pages.ts';
import { QUEUE_FIELDS, parseQueueRow, TIMED_QUEUE_FIELDS, type QueueRow } from './parse-queue.ts';
import type { Session } from './connection/session.ts';

const Rows = z.object({ queues: z.array(z.unknown()) });
const One = z.object({ queue: z.unknown() });
const Created = z.object({ id: QueueIdShape });
const Popped = z.object({ entry: z.object({ task: TaskIdShape }).nullish() });
const Removed = z.object({ removed: z.number() });
const Done = z.unknown();

export function createQueues(session: Session, log: Logger, reportUnreadable: ReportUnreadable): Queues {
  async function list(filter: object): Promise<readonly unknown[]> {
    const body = { search_hidden: true, only_fields: QUEUE_FIELDS, ...filter };
    return (await session.call('queues.get_all', body, { shape: Rows, idempotent: true })).queues;
  }

  function listQueues(rows: readonly (QueueRow | typeof TOO_LARGE)[]): QueueList {
    const leftOut: UnreadableEntry[] = [];
    const queues: Queue[] = [];
    for (const [index, row] of rows.entries()) {
      const place = `queues[${index}]`;
      if (row === TOO_LARGE) leftOut.push({ place, why: 'it is too large' });
      else if (row.id === undefined) leftOut.push({ place, why: row.why });
      else {
        queues.push(row.queue);
        for (const entry of row.leftOut) leftOut.push(entry);
      }
    }
    reportUnreadable('queues.get_all', leftOut);
    return { queues, isWhole: queues.length === rows.length && queues.every(({ isWhole }) => isWhole) };
  }

  /** @throws InvalidResponseError if the queue may be an unreadable one: it must not be created again */
  async function findOne(filter: object, isIt: (queue: QueueName) => boolean): Promise<QueueName | undefined> {
    const rows = await listPages(filter, 1);
    const { queues } = listQueues(rows);
    const found = queues.find(isIt);
    if (found === undefined && queues.length < rows.length)
      throw new InvalidResponseError(
        `${session.apiServer} returns an unreadable queue in its response to queues.get_all`,
        false,
      );
    return found === undefined ? undefined : { id: found.id, name: found.name };
  }

  /** Adds an entry at the tail without changing the task, so that a concurrent act of its user is kept. False if it was there. */
  async function add(queue: QueueId, task: TaskId, { idempotent }: { readonly idempotent: boolean }): Promise<boolean> {
    const body = { queue, task, update_execution_queue: false };
    try {
      await session.call('queues.add_task', body, { shape: Done, idempotent });
      return true;
    } catch (error) {
      if (!isRefusal(error, 'taskAlreadyQueued')) throw error;
      return false;
    }
  }

  function findByName(name: string): Promise<QueueName | undefined> {
    return findOne({ name: exactly(name) }, (queue) => queue.name === name);
  }

  /** @param most only so many entries of each queue */
  async function listPages(filter: object, most?: number): Promise<readonly (QueueRow | typeof TOO_LARGE)[]> {
    const few = most === undefined ? {} : { max_task_entries: most };
    const parse = (row: unknown): QueueRow => parseQueueRow(row, most ?? Infinity);
    const readPage = async (page: number, size: number): Promise<readonly QueueRow[]> => {
      const at = { order_by: ['id'], page, page_size: size };
      try {
        return (await list({ ...at, ...filter, ...few })).map(parse);
      } catch (error) {
        if (size > 1 || !(error instanceof ResponseTooLargeError)) throw error;
        return [parse(await readLarge(page, filter, few, error))];
      }
    };
    // What a missing queue holds would seem to be in no queue.
    return readPages('queues.get_all', readPage, { readId: (position) => readIdAt(position, filter) });
  }

  async function readIdAt(position: number, filter: object): Promise<unknown> {
    const at = { order_by: ['id'], page: position, page_size: 1 };
    const [row] = await list({ ...filter, ...at, only_fields: ['id'] });
    return readField(row, 'id');
  }

  /**
   * The queue at this position, by its id: that response may be as large as any queue is.
   * @throws the error `because` if the server returns no such queue
   */
  async function readLarge(
    position: number,
    filter: object,
    few: object,
    because: ResponseTooLargeError,
  ): Promise<unknown> {
    const id = await readIdAt(position, filter);
    if (!isQueueId(id)) throw because;
    try {
      const body = { queue: id, ...few };
      const { queue } = await session.call('queues.get_by_id', body, { shape: One, idempotent: true });
      if (readField(queue, 'id') === id) return queue;
    } catch (error) {
      if (!(error instanceof ServerRefusedError)) throw error;
    }
    throw because;
  }

  async function readById(
    ids: readonly QueueId[],
    {
      only_fields = QUEUE_FIELDS,
      most,
    }: { readonly only_fields?: readonly string[]; readonly most?: number | undefined },
  ): Promise<QueueList> {
    const rows: (QueueRow | typeof TOO_LARGE)[] = [];
    for (const id of splitPages(ids)) for (const row of await listPages({ id, only_fields }, most)) rows.push(row);
    return listQueues(rows);
  }

  /** Reads the heads of all queues, and the entries only of those that differ from `known`. */
  async function readChangedQueues(known: readonly Queue[]): Promise<QueueList> {
    const before = new Map(known.map((queue) => [queue.id, queue]));
    const heads = listQueues(await listPages({ only_fields: TIMED_QUEUE_FIELDS }, 1));
    const changed = heads.queues.filter((head) => !isUnchanged(before.get(head.id), head)).map(({ id }) => id);
    const read =
      changed.length === 0
        ? { queues: [], isWhole: true }
        : await readById(changed, { only_fields: TIMED_QUEUE_FIELDS });
    const isChanged = new Set(changed);
    const kept = heads.queues.flatMap(({ id }) => (isChanged.has(id) ? [] : (before.get(id) ?? [])));
    return { queues: [...kept, ...settle(read.queues, before)], isWhole: heads.isWhole && read.isWhole };
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

    read: (ids, most) => readById(ids, { most }),

    async readAll(known = []) {
      if (known.length > 0) return readChangedQueues(known);
      return listQueues(await listPages({ only_fields: TIMED_QUEUE_FIELDS }));
    },

    async pop(queue, task) {
      const { entry } = await session.call(
        'queues.get_next_task',
        { queue, task },
        { shape: Popped, idempotent: false },
      );
      return entry?.task === task;
    },

    async park(queue, task) {
      try {
        return await add(queue, task, { idempotent: false });
      } catch (error) {
        if (!(error instanceof ServerUnreachableError && error.mayHaveHappened)) throw error;
      }
      try {
        await add(queue, task, { idempotent: true });
      } catch (error) {
        if (!(error instanceof ServerUnreachableError)) throw error;
        throw new ServerUnreachableError(error.message, true, { cause: error });
      }
      // An entry that was there is probably that of the first call.
      return true;
    },

    async returnToQueue(queue, task) {
      const isAdded = await add(queue, task, { idempotent: false });
      try {
        await session.call('queues.move_task_to_front', { queue, task }, { shape: Done, idempotent: true });
      } catch (error) {
        // The task is in its queue. A retry by the caller could add a second entry for a task that runs by then.
        if (error instanceof ServerUnreachableError)
          log.warn('Could not move a returned task to the front of its queue; the task stays at the end', {
            task,
            queue,
            err: error,
          });
        else if (!isRefusal(error, 'taskNotInQueue')) throw error;
      }
      return isAdded;
    },

    async removeEntry(queue, task) {
      const call = session.call('queues.remove_task', { queue, task }, { shape: Removed, idempotent: false });
      const { removed } = (await unlessRefused(call, 'taskNotInQueue')) ?? { removed: 0 };
      return removed >= 1;
    },
  };
}

/** Clearing a queue does not set its time, but removes its head. */
function isUnchanged(before: Queue | undefined, head: Queue): boolean {
  if (before?.isSettled !== true || before.lastUpdate === undefined || !before.isWhole || !head.isWhole) return false;
  const [was, is] = [before.entries[0], head.entries[0]];
  return (
    before.lastUpdate === head.lastUpdate &&
    before.name === head.name &&
    was?.task === is?.task &&
    was?.added === is?.added
  );
}

/** Marks the queues whose time is that of the reading before. */
function settle(queues: readonly Queue[], before: ReadonlyMap<QueueId, Queue>): Queue[] {
  return queues.map((queue) =>
    queue.lastUpdate === before.get(queue.id)?.lastUpdate ? { ...queue, isSettled: true } : queue,
  );
}

/** ClearML's own clients take such a text for an id. */
function looksLikeId(text: string): text is QueueId {
  return /^[-a-f0-9]{30,}$/.test(text);
}
