// ClearML's tasks: reads many at once, and changes a status only where that cannot overwrite a user's act.
import * as z from 'zod';
import type { StatusNote, Tasks } from './client.ts';
import { escapeRegex } from './escape-regex.ts';
import { ResponseTooLargeError, LostRaceError } from './errors.ts';
import { TaskIdShape, type TaskId } from './ids.ts';
import { describeValue, readField, type UnreadableEntry, type ReportUnreadable } from './unreadable-entries.ts';
import { PAGE_SIZE, readPages, splitPages, TOO_LARGE } from './pages.ts';
import { isRefusal } from './refusals.ts';
import type { Session } from './session.ts';
import { isUnreadable, readTask, readTaskId, TASK_FIELDS } from './task-row.ts';
import type { Task, TaskDocument } from './task.ts';

const Rows = z.object({ tasks: z.array(z.unknown()) });
const Cloned = z.object({ id: TaskIdShape });
const Container = z.record(z.string(), z.unknown()).catch({});
const Updated = z.object({ updated: z.number() });
const Dequeued = Updated.extend({ fields: z.object({ status: z.string() }).partial().catch({}) });
const Done = z.unknown();

/** Refuses a response about another task: its document would run under this id. */
function documentOf(id: TaskId): z.ZodType<TaskDocument> {
  return z.object({ task: z.record(z.string(), z.unknown()) }).transform(({ task: document }, context) => {
    const task = readTaskId(document) === id ? readTask(document, id) : { why: 'it is about another task' };
    if (!isUnreadable(task)) return { task, document };
    context.addIssue(task.why);
    return z.NEVER;
  });
}

/** Ids per call once a larger response was too large. */
const SMALL_PAGE = 20;

export function createTasks(session: Session, reportUnreadable: ReportUnreadable): Tasks {
  async function list(filter: object): Promise<readonly unknown[]> {
    const body = { page_size: PAGE_SIZE, ...filter, only_fields: TASK_FIELDS, search_hidden: true };
    return (await session.call('tasks.get_all', body, { shape: Rows, idempotent: true })).tasks;
  }

  /** The rows of these ids, in several calls if one response is too large. */
  async function listById(ids: readonly TaskId[], leftOut: UnreadableEntry[]): Promise<readonly unknown[]> {
    try {
      return await list({ id: ids });
    } catch (error) {
      if (!(error instanceof ResponseTooLargeError)) throw error;
      const [id = ''] = ids;
      if (ids.length === 1) {
        leftOut.push({ place: `task ${id}`, why: 'it is too large' });
        return [TOO_LARGE];
      }
      const rows: unknown[] = [];
      for (const part of splitPages(ids, ids.length > SMALL_PAGE ? SMALL_PAGE : 1))
        for (const row of await listById(part, leftOut)) rows.push(row);
      return rows;
    }
  }

  /**
   * A status change is never retried: meanwhile a user may have aborted the task, or reset and enqueued it again, and the second
   * call would hit the new run.
   */
  async function changeStatus<Shape extends z.ZodType>(
    endpoint: string,
    id: TaskId,
    note: StatusNote,
    { shape, ...more }: { readonly shape: Shape; readonly [field: string]: unknown },
  ): Promise<z.infer<Shape>> {
    const body = { task: id, status_reason: note.reason, status_message: note.message, ...more };
    try {
      return await session.call(endpoint, body, { shape, idempotent: false, once: true });
    } catch (error) {
      if (!isRefusal(error, 'invalidTaskId', 'taskNotFound')) throw error;
      throw new LostRaceError(error.message, error.endpoint, error.code, error.subcode);
    }
  }

  async function get(id: TaskId): Promise<TaskDocument | undefined> {
    try {
      return await session.call('tasks.get_by_id', { task: id }, { shape: documentOf(id), idempotent: true });
    } catch (error) {
      if (isRefusal(error, 'invalidTaskId', 'taskNotFound')) return undefined;
      throw error;
    }
  }

  return {
    get,

    async read(ids) {
      const leftOut: UnreadableEntry[] = [];
      const tasks = new Map<TaskId, Task>();
      const unread = new Set<TaskId>();
      for (const page of splitPages(ids)) readInto({ tasks, unread }, page, await listById(page, leftOut), leftOut);
      reportUnreadable('tasks.get_all', leftOut);
      return { tasks, unread };
    },

    async find({ statuses, queues, changedSince }) {
      // The server ignores a condition with an empty list.
      if (statuses.length === 0 || queues.length === 0) return [];
      const leftOut: UnreadableEntry[] = [];
      const since =
        changedSince === undefined
          ? {}
          : { status_changed: [`>=${new Date(changedSince).toISOString().slice(0, -1)}`] };
      const rows = await readPages('tasks.get_all', (page, size) =>
        list({ status: statuses, 'execution.queue': queues, ...since, order_by: ['id'], page, page_size: size }),
      );
      const found = rows.flatMap((row, index) => readRow(row, index, leftOut) ?? []);
      reportUnreadable('tasks.get_all', leftOut);
      return found;
    },

    async search(text, most) {
      const few = { order_by: ['-last_update'], page: 0, page_size: most };
      const named = await list({ ...few, name: `^${escapeRegex(text)}$` });
      const begun = /^[0-9a-f]+$/.test(text)
        ? await list({ ...few, _any_: { fields: ['id'], pattern: `^${text}` } })
        : [];
      const leftOut: UnreadableEntry[] = [];
      const found = [...begun, ...named].flatMap((row, index) => readRow(row, index, leftOut) ?? []);
      reportUnreadable('tasks.get_all', leftOut);
      return [...new Map(found.map((task) => [task.id, task])).values()].slice(0, most);
    },

    async setStatusMessage(id, text) {
      const body = { task: id, status_message: text };
      await session.call('tasks.update', body, { shape: Done, idempotent: false, once: true });
    },

    async fail(id, note, { force }) {
      await changeStatus('tasks.failed', id, note, { shape: Done, force });
    },

    async stop(id, note, { force }) {
      await changeStatus('tasks.stopped', id, note, { shape: Done, force });
    },

    async complete(id, note) {
      await changeStatus('tasks.completed', id, note, { shape: Done, force: false });
    },

    async unstart(id, from, note) {
      // A stopped task cannot be dequeued, but it can be started.
      if (from === 'stopped') await changeStatus('tasks.started', id, note, { shape: Done, force: false });
      const { updated } = await changeStatus('tasks.dequeue', id, note, { shape: Updated, new_status: 'queued' });
      if (updated >= 1) return;
      throw new LostRaceError(
        `ClearML did not change task ${id}: it is no longer in progress`,
        'tasks.dequeue',
        200,
        0,
      );
    },

    async dequeue(id, note) {
      const dequeueOnce = async (): Promise<string | undefined> => {
        const { updated, fields } = await changeStatus('tasks.dequeue', id, note, { shape: Dequeued });
        if (updated > 0) return fields.status;
        throw new LostRaceError(`ClearML did not change task ${id}: it is no longer queued`, 'tasks.dequeue', 200, 0);
      };
      // A server that forgot the former status leaves the task queued, in no queue, and makes it a draft the second time:
      // https://github.com/clearml/clearml-server/blob/master/apiserver/bll/task/task_operations.py (enqueue_task)
      if ((await dequeueOnce()) === 'queued') await dequeueOnce();
    },

    async abort(id) {
      // Without a message of ours: the agent recognizes the request by the server's own message.
      await session.call('tasks.stop', { task: id }, { shape: Done, idempotent: false, once: true });
    },

    async setProperties(id, properties) {
      const hyperparams = Object.entries(properties).map(([name, value]) => ({ section: 'properties', name, value }));
      if (hyperparams.length === 0) return;
      // Properties only: with any other section the server requires a draft.
      await session.call('tasks.edit_hyper_params', { task: id, hyperparams }, { shape: Done, idempotent: true });
    },

    async enqueue(id, queue) {
      try {
        await session.call('tasks.enqueue', { task: id, queue }, { shape: Done, idempotent: false, once: true });
      } catch (error) {
        if (!isRefusal(error, 'taskAlreadyQueued')) throw error;
      }
    },

    async clone(id) {
      return (await session.call('tasks.clone', { task: id }, { shape: Cloned, idempotent: false })).id;
    },

    async setImage(id, image) {
      // The server replaces the whole container.
      const container = { ...Container.parse((await get(id))?.document['container']), image };
      await session.call('tasks.edit', { task: id, container, force: true }, { shape: Done, idempotent: true });
    },
  };
}

/** Reads the requested tasks of a page. A row without a readable id may belong to any missing one, so those count as unread. */
function readInto(
  { tasks, unread }: { readonly tasks: Map<TaskId, Task>; readonly unread: Set<TaskId> },
  requested: readonly TaskId[],
  rows: readonly unknown[],
  leftOut: UnreadableEntry[],
): void {
  const missing = new Set(requested);
  let unexpected = 0;
  for (const [index, row] of rows.entries()) {
    const id = readTaskId(row);
    if (id === undefined || !missing.has(id)) {
      unexpected += 1;
      // Two rows of one task: neither can be trusted.
      if (id !== undefined && tasks.delete(id)) unread.add(id);
      if (row !== TOO_LARGE) leftOut.push({ place: `tasks[${index}]`, why: describeUnexpected(row) });
      continue;
    }
    missing.delete(id);
    const task = readRow(row, index, leftOut);
    if (task === undefined) unread.add(id);
    else tasks.set(id, task);
  }
  if (unexpected > 0) for (const id of missing) unread.add(id);
}

function describeUnexpected(row: unknown): string {
  const id = readField(row, 'id');
  return id === undefined ? 'its id is missing' : `its id ${describeValue(id)} was not requested, or appears twice`;
}

function readRow(row: unknown, index: number, leftOut: UnreadableEntry[]): Task | undefined {
  const id = readTaskId(row);
  const task = id === undefined ? { why: `its id is ${describeValue(readField(row, 'id'))}` } : readTask(row, id);
  if (!isUnreadable(task)) return task;
  leftOut.push({ place: id === undefined ? `tasks[${index}]` : `task ${id}`, why: task.why });
  return undefined;
}
