// The table of what each call costs a real ClearML server. `sandbox.get_calls` and `--latency real` use it.
import { isJsonObject } from '../../base/parse-json.ts';
import type { Fields } from './endpoint.ts';
import type { Store } from '../store/store.ts';

interface CallCost {
  /** Milliseconds of a call that returns no document. */
  readonly ms: number;
  /** Milliseconds for each task that the events belong to. */
  readonly taskMs?: number;
  /** How many times the server loads the whole queue. */
  readonly queueLoads?: number;
  /** The server looks for the task's entry first, and loads the queue only if the task is in it. */
  readonly onlyIfQueued?: true;
}

/**
 * Milliseconds of the one process of clearml-server 2.3.0 (API 2.34) on two shared cores, November 2026. `get_next_task`, `add_task`,
 * `tasks.enqueue`, `tasks.get_by_id`, `tasks.get_all` and `events.add_batch` are medians of two storage back ends; the others are from
 * a loaded machine, scaled by these. How often a call loads a whole queue is from the server's source, `apiserver/bll/queue/queue_bll.py`
 * and `apiserver/bll/task/` of https://github.com/clearml/clearml-server.
 */
const COSTS: Readonly<Record<string, CallCost>> = {
  'queues.get_next_task': { ms: 5, queueLoads: 1 },
  'queues.add_task': { ms: 5, queueLoads: 2 },
  'queues.remove_task': { ms: 6, queueLoads: 2, onlyIfQueued: true },
  'queues.move_task_to_front': { ms: 5, queueLoads: 2, onlyIfQueued: true },
  'queues.move_task_to_back': { ms: 5, queueLoads: 2, onlyIfQueued: true },
  'queues.move_task_forward': { ms: 5, queueLoads: 2, onlyIfQueued: true },
  'queues.move_task_backward': { ms: 5, queueLoads: 2, onlyIfQueued: true },
  'queues.clear_queue': { ms: 6, queueLoads: 2 },
  'queues.delete': { ms: 6, queueLoads: 1 },
  'tasks.enqueue': { ms: 15, queueLoads: 2 },
  'tasks.dequeue': { ms: 8, queueLoads: 2, onlyIfQueued: true },
  'tasks.stop': { ms: 8, queueLoads: 2, onlyIfQueued: true },
  'tasks.archive': { ms: 8, queueLoads: 2, onlyIfQueued: true },
  'tasks.reset': { ms: 14, queueLoads: 2, onlyIfQueued: true },
  'tasks.delete': { ms: 14, queueLoads: 2, onlyIfQueued: true },
  'tasks.started': { ms: 7 },
  'tasks.stopped': { ms: 7 },
  'tasks.completed': { ms: 7 },
  'tasks.failed': { ms: 7 },
  'tasks.update': { ms: 6 },
  'tasks.edit': { ms: 6 },
  'tasks.edit_hyper_params': { ms: 6 },
  'events.add_batch': { ms: 20, taskMs: 2.5 },
  'events.add': { ms: 20, taskMs: 2.5 },
  'events.get_task_log': { ms: 10 },
  'workers.status_report': { ms: 3 },
  'workers.get_all': { ms: 4 },
  'users.get_by_id': { ms: 2 },
  'projects.get_by_id': { ms: 2 },
  'debug.ping': { ms: 2 },
};
/** `tasks.get_by_id` takes this and a document. */
const OTHER: CallCost = { ms: 5 };
const DOCUMENT_MS = 0.6;
/** An id in the condition of a request. */
const ID_MS = 0.003;
/** An entry that is loaded with its queue. */
const ENTRY_MS = 0.1;

/** What one call made the server do. */
export interface Work {
  /** Documents in the response: tasks, queues, events and so on. */
  readonly documents: number;
  /** Queue entries that the server loaded, whether or not it returned them. */
  readonly entries: number;
  /** The time that it takes a real server. */
  readonly serverMs: number;
}

/** Begins to measure a call, before it has an effect. Call the returned function with its response, or with `{}` if it was refused. */
export function measureWork(store: Store, endpoint: string, lines: readonly Fields[]): (data: Fields) => Work {
  const [body = {}] = lines;
  const ids = endpoint.endsWith('_many') && Array.isArray(body['ids']) ? body['ids'].map(String) : undefined;
  const {
    ms,
    taskMs = 0,
    queueLoads = 0,
    onlyIfQueued,
  } = COSTS[ids === undefined ? endpoint : endpoint.slice(0, -5)] ?? OTHER;
  const tasks = ids ?? [textOf(body['task'])];
  const ownMs = ms * tasks.length + taskMs * new Set(lines.map((line) => line['task'])).size + ID_MS * idsOf(body);
  const loaded =
    queueLoads === 0 ? 0 : sum(tasks.map((task) => queueLoads * entriesOf(store, body, task, onlyIfQueued === true)));

  return (data) => {
    const rows = documentsOf(data);
    const entries = loaded + sum(rows.map((row) => lengthOf(row['entries'])));
    const serverMs = ownMs + DOCUMENT_MS * rows.length + ENTRY_MS * entries;
    return { documents: rows.length, entries, serverMs };
  };
}

/** The entries of the queue that the request names, or else of the task's own queue. */
function entriesOf(store: Store, body: Fields, task: string | undefined, onlyIfQueued: boolean): number {
  const ownQueue = task === undefined ? undefined : store.tasks.get(task)?.execution.queue;
  const entries = store.queues.get(textOf(body['queue']) ?? ownQueue ?? '')?.entries ?? [];
  return onlyIfQueued && !entries.some((entry) => entry.task === task) ? 0 : entries.length;
}

/** Fields whose object is a whole document. */
const DOCUMENT_FIELDS = ['task', 'queue', 'project', 'user'];

function documentsOf(data: Fields): Fields[] {
  return Object.entries(data).flatMap(([name, value]) => {
    if (Array.isArray(value)) return value.filter(isJsonObject);
    return DOCUMENT_FIELDS.includes(name) && isJsonObject(value) ? [value] : [];
  });
}

/** The ids in the condition of `tasks.get_all` or, one level deeper, of `organization.get_entities_count`. */
function idsOf(body: Fields): number {
  return lengthOf(body['id']) + (isJsonObject(body['tasks']) ? lengthOf(body['tasks']['id']) : 0);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
