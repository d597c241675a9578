// ClearML's tasks: reading many at once, and changing a status only where that can't trample a user's act.
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

/** An answer about another task than the one asked for is no answer: its document would be run under this id. */
function documentOf(id: TaskId): z.ZodType<TaskDocument> {
  return z.object({ task: z.record(z.string(), z.unknown()) }).transform(({ task: document }, context) => {
    const task = readTaskId(document) === id ? readTask(document, id) : { why: 'it is about another task' };
    if (!isUnreadable(task)) return { task, document };
    context.addIssue(task.why);
    return z.NEVER;
  });
}

/** So many ids a call where the answer to more was too large. */
const FEWER = 20;

export function createTasks(session: Session, tellLeftOut: ReportUnreadable): Tasks {
  async function list(filter: object): Promise<readonly unknown[]> {
    const body = { page_size: PAGE_SIZE, ...filter, only_fields: TASK_FIELDS, search_hidden: true };
    return (await session.call('tasks.get_all', body, { shape: Rows, idempotent: true })).tasks;
  }

  /** The rows of these, in several calls where one would be too large. */
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
      for (const part of splitPages(ids, ids.length > FEWER ? FEWER : 1))
        for (const row of await listById(part, leftOut)) rows.push(row);
      return rows;
    }
  }

  /**
   * Status calls follow from what the task was a moment ago, and have no second attempt: meanwhile a user may have asked to
   * abort it, or have reset and enqueued it again, and the second call would hit that new run.
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
      tellLeftOut('tasks.get_all', leftOut);
      return { tasks, unread };
    },

    async find({ statuses, queues, changedSince }) {
      // The server takes an empty list for no condition at all.
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
      tellLeftOut('tasks.get_all', leftOut);
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
      tellLeftOut('tasks.get_all', leftOut);
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
      // A stopped task can't be dequeued, but may be started.
      if (from === 'stopped') await changeStatus('tasks.started', id, note, { shape: Done, force: false });
      const { updated } = await changeStatus('tasks.dequeue', id, note, { shape: Updated, new_status: 'queued' });
      if (updated >= 1) return;
      throw new LostRaceError(`ClearML left task ${id} as it is: it is no longer in progress`, 'tasks.dequeue', 200, 0);
    },

    async dequeue(id, note) {
      const dequeueOnce = async (): Promise<string | undefined> => {
        const { updated, fields } = await changeStatus('tasks.dequeue', id, note, { shape: Dequeued });
        if (updated > 0) return fields.status;
        throw new LostRaceError(`ClearML left task ${id} as it is: it no longer waits`, 'tasks.dequeue', 200, 0);
      };
      // A server that forgot the former status leaves the task queued, in no queue, and makes it a draft the second time:
      // https://github.com/clearml/clearml-server/blob/master/apiserver/bll/task/task_operations.py (enqueue_task)
      if ((await dequeueOnce()) === 'queued') await dequeueOnce();
    },

    async abort(id) {
      // Not by a note of ours: the message that the server sets is the request that the agent looks for.
      await session.call('tasks.stop', { task: id }, { shape: Done, idempotent: false, once: true });
    },

    async setProperties(id, properties) {
      const hyperparams = Object.entries(properties).map(([name, value]) => ({ section: 'properties', name, value }));
      if (hyperparams.length === 0) return;
      // Nothing but properties: with any other section beside them the server wants a draft.
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
      // The server replaces the whole of it.
      const container = { ...Container.parse((await get(id))?.document['container']), image };
      await session.call('tasks.edit', { task: id, container, force: true }, { shape: Done, idempotent: true });
    },
  };
}

/** Of a page, what was asked for: a row that nobody can tell the task of may be any of those that are missing. */
function readInto(
  { tasks, unread }: { readonly tasks: Map<TaskId, Task>; readonly unread: Set<TaskId> },
  asked: readonly TaskId[],
  rows: readonly unknown[],
  leftOut: UnreadableEntry[],
): void {
  const missing = new Set(asked);
  let strangers = 0;
  for (const [index, row] of rows.entries()) {
    const id = readTaskId(row);
    if (id === undefined || !missing.has(id)) {
      strangers += 1;
      // Two rows of one task: nobody knows which is true.
      if (id !== undefined && tasks.delete(id)) unread.add(id);
      if (row !== TOO_LARGE) leftOut.push({ place: `tasks[${index}]`, why: describeStranger(row) });
      continue;
    }
    missing.delete(id);
    const task = readRow(row, index, leftOut);
    if (task === undefined) unread.add(id);
    else tasks.set(id, task);
  }
  if (strangers > 0) for (const id of missing) unread.add(id);
}

function describeStranger(row: unknown): string {
  const id = readField(row, 'id');
  return `its id is ${describeValue(id)}, which was not asked for, or is there twice`;
}

function readRow(row: unknown, index: number, leftOut: UnreadableEntry[]): Task | undefined {
  const id = readTaskId(row);
  const task = id === undefined ? { why: `its id is ${describeValue(readField(row, 'id'))}` } : readTask(row, id);
  if (!isUnreadable(task)) return task;
  leftOut.push({ place: id === undefined ? `tasks[${index}]` : `task ${id}`, why: task.why });
  return undefined;
}
