// Parses a queue of the server. An unreadable entry must not hide the queue or its other entries.
import { limitText } from '../base/truncate-text.ts';
import type { Queue, QueueEntry } from './client.ts';
import { isQueueId, isTaskId, type QueueId, type TaskId } from './ids.ts';
import { parseTime } from './parse-time.ts';
import { describeValue, readField, type UnreadableEntry } from './unreadable-entries.ts';

/** The fields to request (`only_fields`). */
export const QUEUE_FIELDS = ['id', 'name', 'entries'];
/** With the time by which a later reading finds out whether the queue changed. */
export const TIMED_QUEUE_FIELDS = [...QUEUE_FIELDS, 'last_update'];

/** A queue of a list, without the texts of the response: a user may have written an entry of 16 MB. */
export type QueueRow =
  | { readonly id: QueueId; readonly queue: Queue; readonly leftOut: readonly UnreadableEntry[] }
  | { readonly id: undefined; readonly why: string };

/** @param most how many entries were requested */
export function parseQueueRow(row: unknown, most: number): QueueRow {
  const id = readField(row, 'id');
  if (!isQueueId(id)) return { id: undefined, why: `its id is ${describeValue(id)}` };
  const leftOut: UnreadableEntry[] = [];
  return { id, queue: parseQueue(row, id, leftOut, most), leftOut };
}

function parseQueue(row: unknown, id: QueueId, leftOut: UnreadableEntry[], most: number): Queue {
  const written = readField(row, 'name');
  const name = typeof written === 'string' ? limitText(written, 'comparedText') : written;
  if (typeof name !== 'string') leftOut.push({ place: `queue ${id}`, why: `its name is ${describeValue(name)}` });
  const shown = typeof name === 'string' ? `queue ${describeValue(name)} (${id})` : `queue ${id}`;
  const changed = readField(row, 'last_update');
  const time = typeof changed === 'string' ? { lastUpdate: changed } : {};
  const rows = readField(row, 'entries');
  if (!Array.isArray(rows)) {
    leftOut.push({ place: shown, why: `its list of entries is ${describeValue(rows)}` });
    return { id, name: typeof name === 'string' ? name : '', entries: [], isWhole: false, ...time };
  }
  const hasMore = rows.length >= most ? { hasMore: true } : {};
  return { id, name: typeof name === 'string' ? name : '', ...parseEntries(rows, shown, leftOut), ...hasMore, ...time };
}

/**
 * `queues.add_task` accepts any text as a task without a check. An entry with a text that is not a task id belongs to no task, so the
 * list is complete without it; an entry whose task is unreadable may belong to any task.
 */
function parseEntries(
  rows: readonly unknown[],
  queue: string,
  leftOut: UnreadableEntry[],
): Pick<Queue, 'entries' | 'isWhole'> {
  const entries = new Map<TaskId, QueueEntry>();
  let isWhole = true;
  let isBehind = false;
  for (const [index, row] of rows.entries()) {
    const task = readField(row, 'task');
    const added = readField(row, 'added');
    const at = typeof added === 'string' ? parseTime(added) : undefined;
    const wrong = findFault(task, at, entries, added);
    if (wrong !== undefined) leftOut.push({ place: `entry ${index} of ${queue}`, why: wrong });
    if (!isTaskId(task)) isWhole &&= typeof task === 'string';
    else if (!entries.has(task)) entries.set(task, { task, added: at, ...(isBehind ? { isBehind } : {}) });
    isBehind ||= wrong !== undefined;
  }
  return { entries: [...entries.values()], isWhole };
}

function findFault(
  task: unknown,
  at: number | undefined,
  before: ReadonlyMap<TaskId, QueueEntry>,
  added: unknown,
): string | undefined {
  if (!isTaskId(task)) return `its task is ${describeValue(task)}, which is not a task id`;
  if (before.has(task)) return `task ${task} already has an earlier entry in the queue`;
  return at === undefined ? `its time is ${describeValue(added)}` : undefined;
}
