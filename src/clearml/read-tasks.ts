// Reads ClearML's tasks, many in one call; a task that cannot be read is never taken for a deleted one.
import * as z from 'zod';
import type { Tasks } from './client.ts';
import { escapeRegex } from './escape-regex.ts';
import { ResponseTooLargeError, ServerRefusedError } from './errors.ts';
import type { TaskId } from './ids.ts';
import { describeValue, readField, type UnreadableEntry, type ReportUnreadable } from './unreadable-entries.ts';
import { PAGE_SIZE, readPages, splitPages, TOO_LARGE } from './read-in-pages.ts';
import { isRefusal } from './refusal-codes.ts';
import type { Session } from './session.ts';
import { isUnreadable, readTask, readTaskId, TASK_FIELDS } from './task-row.ts';
import type { Task, TaskDocument, TaskStatus } from './task.ts';

export type TaskReads = Pick<Tasks, 'get' | 'getMany' | 'read' | 'readChanged' | 'count' | 'find' | 'search'>;

const Rows = z.object({ tasks: z.array(z.unknown()) });
const Counted = z.object({ tasks: z.number().optional() });

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

/** Ids per call where the response is short: 350 kB of request, as a proxy may refuse more than 1 MB. */
const MOST_IDS = 10_000;

export function createTaskReads(session: Session, reportUnreadable: ReportUnreadable): TaskReads {
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

  /** Reads the changed ones of these tasks. A full page may be truncated, so the tasks are then read in two parts. */
  async function readChangedOf(ids: readonly TaskId[], since: number, found: Found): Promise<void> {
    const rows = await listChangedOf(ids, since, found.leftOut);
    if (rows !== undefined) {
      readChangedRows(ids, rows, found);
      return;
    }
    const middle = Math.ceil(ids.length / 2);
    await readChangedOf(ids.slice(0, middle), since, found);
    await readChangedOf(ids.slice(middle), since, found);
  }

  /** Undefined if there are too many. */
  async function listChangedOf(
    ids: readonly TaskId[],
    since: number,
    leftOut: UnreadableEntry[],
  ): Promise<readonly unknown[] | undefined> {
    try {
      const rows = await list({ id: ids, ...statusChangedSince(since) });
      return rows.length < PAGE_SIZE || ids.length <= PAGE_SIZE ? rows : undefined;
    } catch (error) {
      if (!(error instanceof ResponseTooLargeError)) throw error;
      if (ids.length > 1) return undefined;
      leftOut.push({ place: `task ${ids[0] ?? ''}`, why: 'it is too large' });
      return [TOO_LARGE];
    }
  }

  async function countOf(ids: readonly TaskId[], status: TaskStatus): Promise<number | undefined> {
    try {
      const body = { tasks: { id: ids, status: [status] }, search_hidden: true };
      const endpoint = 'organization.get_entities_count';
      return (await session.call(endpoint, body, { shape: Counted, idempotent: true })).tasks;
    } catch (error) {
      if (error instanceof ServerRefusedError) return undefined;
      throw error;
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

    async getMany(ids) {
      const body = { id: ids, search_hidden: true };
      const { tasks: rows } = await session.call('tasks.get_all', body, { shape: Rows, idempotent: true, once: true });
      const found = new Map<TaskId, TaskDocument>();
      for (const id of ids) {
        const [row, ...others] = rows.filter((one) => readTaskId(one) === id);
        const task = row === undefined || others.length > 0 ? undefined : readTask(row, id);
        if (task !== undefined && !isUnreadable(task))
          found.set(id, { task, document: row as Readonly<Record<string, unknown>> });
      }
      return found;
    },

    async read(ids) {
      const leftOut: UnreadableEntry[] = [];
      const tasks = new Map<TaskId, Task>();
      const unread = new Set<TaskId>();
      for (const page of splitPages(ids)) readInto({ tasks, unread }, page, await listById(page, leftOut), leftOut);
      reportUnreadable('tasks.get_all', leftOut);
      return { tasks, unread };
    },

    async readChanged(ids, since) {
      const found: Found = { tasks: new Map(), unread: new Set(), leftOut: [], isWhole: true };
      // The server ignores a condition with an empty list.
      for (const part of splitPages(ids, MOST_IDS)) await readChangedOf(part, since, found);
      reportUnreadable('tasks.get_all', found.leftOut);
      return found;
    },

    async count(ids, status) {
      let sum = 0;
      for (const part of splitPages(ids, MOST_IDS)) {
        const count = await countOf(part, status);
        if (count === undefined) return undefined;
        sum += count;
      }
      return sum;
    },

    async find({ statuses, queues, changedSince, except = [] }) {
      // The server ignores a condition with an empty list.
      if (statuses.length === 0 || queues.length === 0) return [];
      const leftOut: UnreadableEntry[] = [];
      const since = changedSince === undefined ? {} : statusChangedSince(changedSince);
      const rows: unknown[] = [];
      for (const part of splitById(except)) {
        const filter = { status: statuses, 'execution.queue': queues, ...since, ...part, order_by: ['id'] };
        const read = await readPages('tasks.get_all', (page, size) => list({ ...filter, page, page_size: size }));
        for (const row of read) rows.push(row);
      }
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

/** What the calls of one `readChanged` have found. */
interface Found {
  readonly tasks: Map<TaskId, Task>;
  readonly unread: Set<TaskId>;
  readonly leftOut: UnreadableEntry[];
  isWhole: boolean;
}

/** A row that is not about one requested task may be about any of them. */
function readChangedRows(ids: readonly TaskId[], rows: readonly unknown[], found: Found): void {
  const requested = new Set(ids);
  for (const [index, row] of rows.entries()) {
    const id = readTaskId(row);
    if (id === undefined || !requested.delete(id)) {
      found.isWhole = false;
      if (row !== TOO_LARGE) found.leftOut.push({ place: `tasks[${index}]`, why: describeUnexpected(row) });
      continue;
    }
    const task = readRow(row, index, found.leftOut);
    if (task === undefined) found.unread.add(id);
    else found.tasks.set(id, task);
  }
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

function statusChangedSince(at: number): { readonly status_changed: readonly string[] } {
  return { status_changed: [`>=${new Date(at).toISOString().slice(0, -1)}`] };
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
