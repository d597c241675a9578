// Parses a queue of the server. An unreadable entry must not hide the queue or its other entries.
import type { Queue, QueueEntry } from './client.ts';
import { isQueueId, isTaskId, type TaskId } from './ids.ts';
import { parseTime } from './parse-time.ts';
import { describeValue, readField, type UnreadableEntry } from './unreadable-entries.ts';
import { TOO_LARGE } from './read-in-pages.ts';

/** The fields to request (`only_fields`). */
export const QUEUE_FIELDS = ['id', 'name', 'entries'];
/** With the time by which a later reading finds out whether the queue changed. */
export const TIMED_QUEUE_FIELDS = [...QUEUE_FIELDS, 'last_update'];

/**
 * The queue; undefined if its id is unreadable.
 * @param leftOut receives the unreadable parts
 * @param most how many entries were requested
 */
export function parseQueue(row: unknown, index: number, leftOut: UnreadableEntry[], most: number): Queue | undefined {
  if (row === TOO_LARGE) {
    leftOut.push({ place: `queues[${index}]`, why: 'it is too large' });
    return undefined;
  }
  const id = readField(row, 'id');
  if (!isQueueId(id)) {
    leftOut.push({ place: `queues[${index}]`, why: `its id is ${describeValue(id)}` });
    return undefined;
  }
  const name = readField(row, 'name');
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
