// Reads which of many tasks have changed, and counts the others: what a poll asks about tasks at rest.
import * as z from 'zod';
import type { Tasks } from './client.ts';
import { ResponseTooLargeError, ServerRefusedError } from './errors.ts';
import type { TaskId } from './ids.ts';
import { PAGE_SIZE, splitPages } from './read-in-pages.ts';
import type { Session } from './connection/session.ts';
import { describeUnexpectedRow, takeTask, tooLargeTask, type TaskRow } from './parse-task.ts';
import type { Task, TaskStatus } from './task.ts';
import type { UnreadableEntry, ReportUnreadable } from './unreadable-entries.ts';

const Counted = z.object({ tasks: z.number().optional() });

/** Ids per call where the response is short: 350 kB of request, as a proxy may refuse more than 1 MB. */
export const MOST_IDS = 10_000;

/** What the calls of one `readChanged` have found. */
interface Found {
  readonly tasks: Map<TaskId, Task>;
  readonly unread: Set<TaskId>;
  readonly leftOut: UnreadableEntry[];
  isWhole: boolean;
}

/** @param list reads one page of `tasks.get_all` */
export function createChangedTaskReads(
  session: Session,
  list: (filter: object) => Promise<readonly TaskRow[]>,
  reportUnreadable: ReportUnreadable,
): Pick<Tasks, 'readChanged' | 'count'> {
  /** Reads the changed ones of these tasks. A full page may be truncated, so the tasks are then read in two parts. */
  async function readChangedOf(ids: readonly TaskId[], since: number, found: Found): Promise<void> {
    const rows = await listChangedOf(ids, since);
    if (rows !== undefined) {
      parseChangedRows(ids, rows, found);
      return;
    }
    const middle = Math.ceil(ids.length / 2);
    await readChangedOf(ids.slice(0, middle), since, found);
    await readChangedOf(ids.slice(middle), since, found);
  }

  /** Undefined if there are too many. */
  async function listChangedOf(ids: readonly TaskId[], since: number): Promise<readonly TaskRow[] | undefined> {
    try {
      const rows = await list({ id: ids, ...statusChangedSince(since) });
      return rows.length < PAGE_SIZE || ids.length <= PAGE_SIZE ? rows : undefined;
    } catch (error) {
      if (!(error instanceof ResponseTooLargeError)) throw error;
      return ids.length > 1 ? undefined : [tooLargeTask(ids[0])];
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

  return {
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
  };
}

/** A row that is not about one requested task may be about any of them. */
function parseChangedRows(ids: readonly TaskId[], rows: readonly TaskRow[], found: Found): void {
  const requested = new Set(ids);
  for (const [index, row] of rows.entries()) {
    const { id } = row;
    if (id === undefined || !requested.delete(id)) {
      found.isWhole = false;
      found.leftOut.push({ place: `tasks[${index}]`, why: describeUnexpectedRow(row) });
      continue;
    }
    const task = takeTask(row, index, found.leftOut);
    if (task === undefined) found.unread.add(id);
    else found.tasks.set(id, task);
  }
}

/** The condition that the status changed since, milliseconds since 1970 by the server's clock. */
export function statusChangedSince(at: number): { readonly status_changed: readonly string[] } {
  return { status_changed: [`>=${new Date(at).toISOString().slice(0, -1)}`] };
}
