// ClearML's queues: finding them, reading their entries, and moving a task's entry without ever doubling it.
import * as z from 'zod';
import type { Logger } from '../log/logger.ts';
import type { Queue, QueueEntry, Queues } from './client.ts';
import { ServerUnreachable } from './errors.ts';
import { QueueIdShape, TaskIdShape, type QueueId, type TaskId } from './ids.ts';
import { readTime } from './iso-time.ts';
import { PAGE_SIZE, readPages, splitPages } from './pages.ts';
import { isRefusal } from './refusals.ts';
import type { Session } from './session.ts';

const EntryRow = z
  .object({ task: TaskIdShape, added: z.string().catch('') })
  .transform(({ task, added }): QueueEntry => ({ task, added: readTime(added) ?? 0 }));

const QueueRow = z
  .object({ id: QueueIdShape, name: z.string(), entries: z.array(EntryRow).nullish() })
  .transform(({ id, name, entries }): Queue => ({ id, name, entries: entries ?? [] }));

const QueueList = z.object({ queues: z.array(QueueRow) });
const NameList = z.object({ queues: z.array(z.object({ name: z.string() })) });
const Created = z.object({ id: QueueIdShape });
const Popped = z.object({ entry: z.object({ task: TaskIdShape }).nullish() });
const Removed = z.object({ removed: z.number() });
const Done = z.unknown();

const FIELDS = ['id', 'name', 'entries'];

export function createQueues(session: Session, log: Logger): Queues {
  async function list(filter: object): Promise<Queue[]> {
    const body = { ...filter, search_hidden: true, only_fields: FIELDS };
    return (await session.call('queues.get_all', body, { shape: QueueList, idempotent: true })).queues;
  }

  /** An entry at the tail. The task itself is left as it is: what its user does to it at the same time stands. */
  async function add(queue: QueueId, task: TaskId, { idempotent }: { readonly idempotent: boolean }): Promise<void> {
    const body = { queue, task, update_execution_queue: false };
    try {
      await session.call('queues.add_task', body, { shape: Done, idempotent });
    } catch (error) {
      if (!isRefusal(error, 'taskAlreadyQueued')) throw error;
    }
  }

  async function findByName(name: string): Promise<Queue | undefined> {
    const found = await list({ name: `^${escapeRegex(name)}$` });
    return found.find((queue) => queue.name === name);
  }

  return {
    async find(nameOrId) {
      if (looksLikeId(nameOrId)) {
        const [queue] = await list({ id: [nameOrId] });
        if (queue !== undefined) return queue;
      }
      return findByName(nameOrId);
    },

    async names() {
      const rows = await readPages(async (page) => {
        const body = { only_fields: ['name'], order_by: ['id'], page, page_size: PAGE_SIZE };
        return (await session.call('queues.get_all', body, { shape: NameList, idempotent: true })).queues;
      });
      return rows.map(({ name }) => name);
    },

    async create(name) {
      try {
        // Idempotent, because a name that is taken is as good.
        const { id } = await session.call('queues.create', { name }, { shape: Created, idempotent: true });
        return { id, name, entries: [] };
      } catch (error) {
        const existing = isRefusal(error, 'nameTaken') ? await findByName(name) : undefined;
        if (existing === undefined) throw error;
        return existing;
      }
    },

    async read(ids) {
      const queues: Queue[] = [];
      for (const page of splitPages(ids)) queues.push(...(await list({ id: page, page_size: PAGE_SIZE })));
      return queues;
    },

    readAll: () => readPages((page) => list({ order_by: ['id'], page, page_size: PAGE_SIZE })),

    async pop(queue, task) {
      const { entry } = await session.call(
        'queues.get_next_task',
        { queue, task },
        { shape: Popped, idempotent: false },
      );
      return entry?.task === task;
    },

    park: (queue, task) => add(queue, task, { idempotent: true }),

    async giveBack(queue, task) {
      await add(queue, task, { idempotent: false });
      try {
        await session.call('queues.move_task_to_front', { queue, task }, { shape: Done, idempotent: true });
      } catch (error) {
        // It is given back. Told to try again, the caller could put in a second entry for a task that runs by then.
        if (error instanceof ServerUnreachable)
          log.warn('A task given back stays at the end of its queue', { task, queue, err: error });
        else if (!isRefusal(error, 'taskNotInQueue')) throw error;
      }
    },

    async take(queue, task) {
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

/** What ClearML's own clients take for an id rather than a name. */
function looksLikeId(text: string): text is QueueId {
  return /^[-a-f0-9]{30,}$/.test(text);
}

/** The same characters that Python's `re.escape` escapes: MongoDB and Python both understand that. */
function escapeRegex(text: string): string {
  return text.replace(/[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g, '\\$&');
}
