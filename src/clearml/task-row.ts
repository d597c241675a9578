// Reads a task as the server writes it into a `Task`: one odd field must not hide the task, nor the others of its page.
import * as z from 'zod';
import { TaskIdShape, type QueueId, type TaskId } from './ids.ts';
import { readTime } from './iso-time.ts';
import { TASK_STATUSES, type Task, type TaskStatus } from './task.ts';

/** What to ask for (`only_fields`). */
export const TASK_FIELDS = [
  'id',
  'name',
  'status',
  'status_reason',
  'status_message',
  'status_changed',
  'last_update',
  'last_worker',
  'user',
  'execution.queue',
  'system_tags',
  'hyperparams.properties.slurm_job_id.value',
  'runtime._abort_callback_timeout',
  'runtime._abort_poll_freq',
];

/**
 * Only the id must be there. The rest is read by hand: a checker of shapes copies each row, and makes an error for each field that
 * the server leaves out, and throws it away, which took half of a round with thousands of jobs.
 */
export const TaskRow = z.custom<Row>(hasId, 'a task with an id').transform(readTask);

interface Row {
  readonly id: TaskId;
  readonly [field: string]: unknown;
}

function hasId(row: unknown): boolean {
  return TaskIdShape.safeParse(readField(row, 'id')).success;
}

function readTask(row: Row): Task {
  return {
    id: row.id,
    name: readText(row['name']) ?? '',
    status: readStatus(row['status']),
    statusReason: readText(row['status_reason']) ?? '',
    statusMessage: readText(row['status_message']) ?? '',
    statusChanged: readMoment(row['status_changed']),
    lastUpdate: readMoment(row['last_update']),
    lastWorker: readName(row['last_worker']),
    user: readName(row['user']),
    executionQueue: readName(readField(row['execution'], 'queue')) as QueueId | undefined,
    archived: isList(row['system_tags']) && row['system_tags'].includes('archived'),
    slurmJob: readName(readField(readField(readField(row['hyperparams'], 'properties'), 'slurm_job_id'), 'value')),
    abortCallbackMs: readAbortCallback(row['runtime']),
  };
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** An empty one names nothing. */
function readName(value: unknown): string | undefined {
  return value === '' ? undefined : readText(value);
}

function readMoment(value: unknown): number | undefined {
  return typeof value === 'string' ? readTime(value) : undefined;
}

function readStatus(value: unknown): TaskStatus {
  return TASK_STATUSES.find((status) => status === value) ?? 'unknown';
}

/** Seconds, as texts: what the callback may take, and how often its process looks whether it is to begin. */
function readAbortCallback(runtime: unknown): number | undefined {
  const timeoutSec = Number(readField(runtime, '_abort_callback_timeout'));
  if (!(timeoutSec > 0)) return undefined;
  const pollSec = Number(readField(runtime, '_abort_poll_freq'));
  return (timeoutSec + (pollSec > 0 ? pollSec : 0)) * 1000;
}

function readField(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
