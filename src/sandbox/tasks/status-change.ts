// Changes the status of a task: checked by the state machine, then written only if no other call changed it.
import { ApiError } from '../requests/api-error.ts';
import type { TaskDocument, TaskStatus } from '../store/documents.ts';
import { formatInstant } from '../store/sandbox-clock.ts';
import type { Store } from '../store/store.ts';

/** As in the real server (apiserver/bll/task/utils.py, `state_machine`). */
const FOLLOWERS: Readonly<Record<Exclude<TaskStatus, 'unknown'>, readonly TaskStatus[]>> = {
  created: ['queued', 'in_progress'],
  queued: ['created', 'in_progress', 'stopped'],
  in_progress: ['stopped', 'failed', 'created', 'completed'],
  stopped: ['closed', 'created', 'failed', 'queued', 'in_progress', 'published', 'publishing', 'completed'],
  closed: ['created', 'failed', 'published', 'publishing', 'stopped'],
  failed: ['created', 'stopped', 'published', 'queued'],
  publishing: ['published'],
  published: [],
  completed: ['published', 'in_progress', 'created'],
};

/**
 * Checks a change without force. An unchanged status is always allowed. `unknown` is in no row of the server's
 * table, so a change from it is an internal error.
 */
export function checkChange(from: TaskStatus, to: TaskStatus): 'allowed' | 'refused' | 'no such row' {
  if (from === to) return 'allowed';
  if (from === 'unknown') return 'no such row';
  return FOLLOWERS[from].includes(to) ? 'allowed' : 'refused';
}

/** The fields written with a status. */
export interface StatusNote {
  readonly reason: string;
  readonly message?: string;
  /** The user's id. */
  readonly by: string;
}

export interface StatusChange extends StatusNote {
  /** The task as it was read; the write requires that its status is unchanged. */
  readonly task: TaskDocument;
  readonly to: TaskStatus;
  /** Skips the state machine, never the condition. */
  readonly force?: boolean;
  /** Fields to set, or to unset if undefined, in the same write. */
  readonly also?: Partial<TaskDocument>;
}

export interface UpdateAnswer extends Readonly<Record<string, unknown>> {
  readonly updated: number;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/**
 * Changes the status with its reason, message and times (`ChangeStatusRequest` of the real server).
 * @throws ApiError 400/110 if the machine forbids it, 400/121 if the status has changed since it was read
 */
export function changeStatus(store: Store, nowAt: number, change: StatusChange): UpdateAnswer {
  const { task, to } = change;
  if (change.force !== true) checkMachine(task.status, to);

  const current = store.tasks.get(task.id);
  if (current?.status !== task.status) {
    throw new ApiError('lostStatusRace', { task_id: task.id, current_status: task.status, new_status: to });
  }
  const now = formatInstant(nowAt);
  const fields = {
    status: to,
    status_reason: change.reason,
    status_message: change.message ?? '',
    status_changed: now,
    last_update: now,
    last_change: now,
    last_changed_by: change.by,
    ...change.also,
  };
  // A queued task is no longer a local run.
  const systemTags = to === 'queued' ? current.system_tags.filter((tag) => tag !== 'development') : current.system_tags;
  store.tasks.put({ ...current, system_tags: systemTags, ...fields });
  return { updated: 1, fields };
}

/** @throws ApiError 400/110 */
export function checkMachine(from: TaskStatus, to: TaskStatus): void {
  const result = checkChange(from, to);
  if (result === 'allowed') return;
  if (result === 'no such row') throw new ApiError('internal', {}, `status ${from} is not in the state machine`);
  throw new ApiError('invalidTaskStatus', { current_status: from, new_status: to }, 'Invalid status change');
}

/** @throws ApiError 400/101 */
export function findTask(store: Store, id: string): TaskDocument {
  const task = store.tasks.get(id);
  if (task === undefined) throw new ApiError('invalidTaskId', { id });
  return task;
}

/** Sets the last update, as pings, reports and events do; the watchdog and the 600 s rule use it. */
export function touchTask(store: Store, nowAt: number, id: string, by: string, also?: Partial<TaskDocument>): void {
  const task = store.tasks.get(id);
  if (task === undefined) return;
  const now = formatInstant(nowAt);
  const startedAt = task.status === 'in_progress' && task.started !== undefined ? Date.parse(task.started) : undefined;
  const duration = startedAt === undefined ? {} : { active_duration: Math.floor((nowAt - startedAt) / 1000) };
  store.tasks.put({ ...task, last_update: now, last_change: now, last_changed_by: by, ...duration, ...also });
}
