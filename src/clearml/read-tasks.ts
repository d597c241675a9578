// Reads ClearML's tasks, many in one call; a task that cannot be read is never taken for a deleted one.
import * as z from 'zod';
import type { Tasks } from './client.ts';
import { unlessRefused, ResponseTooLargeError } from './errors.ts';
import type { TaskId } from './ids.ts';
import type { UnreadableEntry, ReportUnreadable } from './unreadable-entries.ts';
import { createChangedTaskReads, MOST_IDS, statusChangedSince } from './read-changed-tasks.ts';
import { exactly, PAGE_SIZE, readPages, splitPages, TOO_LARGE } from './read-in-pages.ts';
import type { Session } from './connection/session.ts';
import {
  describeUnexpectedRow,
  isUnreadable,
  parseTask,
  parseTaskId,
  parseTaskRow,
  takeTask,
  TASK_FIELDS,
  tooLargeTask,
  type TaskRow,
} from './parse-task.ts';
import type { Task, TaskDocument } from './task.ts';

export type TaskReads = Pick<Tasks, 'get' | 'getMany' | 'read' | 'readChanged' | 'count' | 'find' | 'search'>;

const Rows = z.object({ tasks: z.array(z.unknown()) });

/** zod compiles a schema of an object when it first parses with it. */
const Document = z.object({ task: z.record(z.string(), z.unknown()) });

/** Refuses a response about another task: its document would run under this id. */
function documentOf(id: TaskId): z.ZodType<TaskDocument> {
  return Document.transform(({ task: document }, context) => {
    const task = parseTaskId(document) === id ? parseTask(document, id) : { why: 'the response is about another task' };
    if (!isUnreadable(task)) return { task, document };
    context.addIssue(task.why);
    return z.NEVER;
  });
}

/** Ids per call once a larger response was too large. */
const SMALL_PAGE = 20;

export function createTaskReads(session: Session, reportUnreadable: ReportUnreadable): TaskReads {
  async function list(filter: object): Promise<readonly TaskRow[]> {
    const body = { page_size: PAGE_SIZE, ...filter, only_fields: TASK_FIELDS, search_hidden: true };
    return (await session.call('tasks.get_all', body, { shape: Rows, idempotent: true })).tasks.map(parseTaskRow);
  }

  /** The rows of these ids, in several calls if one response is too large. */
  async function listById(ids: readonly TaskId[]): Promise<readonly TaskRow[]> {
    try {
      return await list({ id: ids });
    } catch (error) {
      if (!(error instanceof ResponseTooLargeError)) throw error;
      if (ids.length === 1) return [tooLargeTask(ids[0])];
      const rows: TaskRow[] = [];
      for (const part of splitPages(ids, ids.length > SMALL_PAGE ? SMALL_PAGE : 1))
        for (const row of await listById(part)) rows.push(row);
      return rows;
    }
  }

  function get(id: TaskId): Promise<TaskDocument | undefined> {
    const call = session.call('tasks.get_by_id', { task: id }, { shape: documentOf(id), idempotent: true });
    return unlessRefused(call, 'invalidTaskId', 'taskNotFound');
  }

  return {
    ...createChangedTaskReads(session, list, reportUnreadable),
    get,

    async getMany(ids) {
      const body = { id: ids, search_hidden: true };
      const { tasks: rows } = await session.call('tasks.get_all', body, { shape: Rows, idempotent: true, once: true });
      const found = new Map<TaskId, TaskDocument>();
      for (const id of ids) {
        const [row, ...others] = rows.filter((one) => parseTaskId(one) === id);
        const task = row === undefined || others.length > 0 ? undefined : parseTask(row, id);
        if (task !== undefined && !isUnreadable(task))
          found.set(id, { task, document: row as Readonly<Record<string, unknown>> });
      }
      return found;
    },

    async read(ids) {
      const leftOut: UnreadableEntry[] = [];
      const tasks = new Map<TaskId, Task>();
      const unread = new Set<TaskId>();
      for (const page of splitPages(ids)) parseTasksInto({ tasks, unread }, page, await listById(page), leftOut);
      reportUnreadable('tasks.get_all', leftOut);
      return { tasks, unread };
    },

    async find({ statuses, queues, changedSince, except = [] }) {
      // The server ignores a condition with an empty list.
      if (statuses.length === 0 || queues.length === 0) return [];
      const leftOut: UnreadableEntry[] = [];
      const since = changedSince === undefined ? {} : statusChangedSince(changedSince);
      const rows: TaskRow[] = [];
      for (const part of splitById(except)) {
        const filter = { status: statuses, 'execution.queue': queues, ...since, ...part, order_by: ['id'] };
        const read = await readPages('tasks.get_all', (page, size) => list({ ...filter, page, page_size: size }));
        for (const row of read) rows.push(row === TOO_LARGE ? tooLargeTask() : row);
      }
      const found = rows.flatMap((row, index) => takeTask(row, index, leftOut) ?? []);
      reportUnreadable('tasks.get_all', leftOut);
      return found;
    },

    async search(text, most) {
      const few = { order_by: ['-last_update'], page: 0, page_size: most };
      const named = await list({ ...few, name: exactly(text) });
      const begun = /^[0-9a-f]+$/.test(text)
        ? await list({ ...few, _any_: { fields: ['id'], pattern: `^${text}` } })
        : [];
      const leftOut: UnreadableEntry[] = [];
      const found = [...begun, ...named].flatMap((row, index) => takeTask(row, index, leftOut) ?? []);
      reportUnreadable('tasks.get_all', leftOut);
      return [...new Map(found.map((task) => [task.id, task])).values()].slice(0, most);
    },
  };
}

/** Reads the requested tasks of a page. A row without a readable id may belong to any missing one, so those count as unread. */
function parseTasksInto(
  { tasks, unread }: { readonly tasks: Map<TaskId, Task>; readonly unread: Set<TaskId> },
  requested: readonly TaskId[],
  rows: readonly TaskRow[],
  leftOut: UnreadableEntry[],
): void {
  const missing = new Set(requested);
  let unexpected = 0;
  for (const [index, row] of rows.entries()) {
    const { id } = row;
    if (id === undefined || !missing.has(id)) {
      unexpected += 1;
      // Two rows of one task: neither can be trusted.
      if (id !== undefined && tasks.delete(id)) unread.add(id);
      leftOut.push({ place: `tasks[${index}]`, why: describeUnexpectedRow(row) });
      continue;
    }
    missing.delete(id);
    const task = takeTask(row, index, leftOut);
    if (task === undefined) unread.add(id);
    else tasks.set(id, task);
  }
  if (unexpected > 0) for (const id of missing) unread.add(id);
}

/** Conditions that together permit every id but these. With very many, one condition for each first digit of an id. */
function splitById(except: readonly TaskId[]): object[] {
  if (except.length === 0) return [{}];
  if (except.length <= MOST_IDS) return [{ id: except.map((id) => `-${id}`) }];
  return Array.from({ length: 16 }, (_, value) => {
    const digit = value.toString(16);
    // Leaving out is only a saving.
    const ids = except.filter((id) => id.startsWith(digit)).slice(0, MOST_IDS);
    return {
      _any_: { fields: ['id'], pattern: `^${digit}` },
      ...(ids.length === 0 ? {} : { id: ids.map((id) => `-${id}`) }),
    };
  });
}
