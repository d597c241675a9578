// Parses a task of the server. An unreadable task must not hide the others of its page.
import { limitText } from '../base/truncate-text.ts';
import { isTaskId, type QueueId, type TaskId } from './ids.ts';
import { parseTime } from './parse-time.ts';
import { describeValue, readField, type UnreadableEntry } from './unreadable-entries.ts';
import { TASK_STATUSES, type Task, type TaskStatus } from './task.ts';

/** The fields to request (`only_fields`). */
export const TASK_FIELDS = [
  'id',
  'name',
  'status',
  'status_reason',
  'status_message',
  'status_changed',
  'started',
  'last_update',
  'last_worker',
  'user',
  'execution.queue',
  'system_tags',
  'hyperparams.properties.slurm_job_id.value',
  'hyperparams.properties.slurm_cluster.value',
  'hyperparams.properties.slurm_cancelled.value',
  'runtime._abort_callback_timeout',
  'runtime._abort_poll_freq',
];

/** The fault of a row that cannot be used. */
export interface Unreadable {
  readonly why: string;
}

/**
 * The task with this id. Jobs are cancelled and tasks ended by these fields, so a field of an unexpected type makes the whole row
 * unreadable; a missing field does not. Parsed without zod, which copies each row and creates an error for each missing field: half
 * the time of a poll with thousands of jobs.
 */
export function parseTask(row: unknown, id: TaskId): Task | Unreadable {
  const status = parseStatus(readField(row, 'status'));
  const execution = readField(row, 'execution') ?? {};
  const texts = TEXTS.map((name) => readField(row, name) ?? '');
  const queue = readField(execution, 'queue') ?? '';
  const times = TIMES.map((name) => parseOptionalTime(readField(row, name)));
  if (status === undefined) return wrong('status', readField(row, 'status'));
  if (typeof execution !== 'object' || Array.isArray(execution)) return wrong('execution', execution);
  if (typeof queue !== 'string') return wrong('execution.queue', queue);
  const badText = texts.findIndex((text) => typeof text !== 'string');
  if (badText !== -1) return wrong(TEXTS[badText] ?? '', texts[badText]);
  const badTime = times.findIndex((at) => Number.isNaN(at));
  if (badTime !== -1) return wrong(TIMES[badTime] ?? '', readField(row, TIMES[badTime] ?? ''));

  const [statusReason = '', statusMessage = '', lastWorker = '', user = ''] = texts as string[];
  const [statusChanged, lastUpdate, started] = times;
  const tags = readField(row, 'system_tags');
  const properties = readField(readField(row, 'hyperparams'), 'properties');
  return {
    id,
    name: limitText(parseText(readField(row, 'name')) ?? '', 'name'),
    status,
    statusReason: limitText(statusReason, 'statusText'),
    statusMessage: limitText(statusMessage, 'statusText'),
    statusChanged,
    started,
    lastUpdate,
    lastWorker: named(limitText(lastWorker, 'comparedText')),
    user: named(limitText(user, 'comparedText')),
    executionQueue: named(limitText(queue, 'comparedText')) as QueueId | undefined,
    archived: Array.isArray(tags) && tags.includes('archived'),
    slurmJob: parseJob(readField(readField(properties, 'slurm_job_id'), 'value')),
    slurmCluster: parseRecord(readField(readField(properties, 'slurm_cluster'), 'value')),
    slurmCancelled: parseRecord(readField(readField(properties, 'slurm_cancelled'), 'value')),
    abortCallbackMs: parseAbortCallback(readField(row, 'runtime')),
  };
}

const TEXTS = ['status_reason', 'status_message', 'last_worker', 'user'] as const;
const TIMES = ['status_changed', 'last_update', 'started'] as const;

/** The task of a row; undefined if its id is unreadable. */
export function parseTaskId(row: unknown): TaskId | undefined {
  const id = readField(row, 'id');
  return isTaskId(id) ? id : undefined;
}

export function isUnreadable(read: Task | Unreadable): read is Unreadable {
  return 'why' in read;
}

function wrong(field: string, value: unknown): Unreadable {
  return { why: `its ${field} is ${describeValue(value)}` };
}

function parseText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** An empty name is a missing one. */
function named(text: string): string | undefined {
  return text === '' ? undefined : text;
}

/** Any user who may edit the task may write any text there, and it becomes an argument of Slurm's commands: accept only a number. */
function parseJob(value: unknown): string | undefined {
  return typeof value === 'string' && /^[1-9]\d{0,9}$/.test(value) ? value : undefined;
}

/** The program writes less. */
const LONGEST_RECORD = 2_000;

/** Any user who may edit the task may write any text there, which each pass parses. */
function parseRecord(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= LONGEST_RECORD ? value : undefined;
}

/** Undefined if missing, NaN if unreadable. */
function parseOptionalTime(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? (parseTime(value) ?? NaN) : NaN;
}

function parseStatus(value: unknown): TaskStatus | undefined {
  return TASK_STATUSES.find((status) => status === value);
}

/** Seconds, as strings: the callback's timeout, and how often its process polls for the abort. */
function parseAbortCallback(runtime: unknown): number | undefined {
  const timeoutSec = parseSeconds(readField(runtime, '_abort_callback_timeout'));
  if (!(timeoutSec > 0)) return undefined;
  const pollSec = parseSeconds(readField(runtime, '_abort_poll_freq'));
  return (timeoutSec + (pollSec > 0 ? pollSec : 0)) * 1000;
}

function parseSeconds(value: unknown): number {
  return typeof value === 'string' || typeof value === 'number' ? Number(value) : NaN;
}

/** A task of a list, without the texts of the response: a user may have written one of 15 MB. */
export interface TaskRow {
  /** Undefined if unreadable. */
  readonly id: TaskId | undefined;
  readonly task: Task | Unreadable;
}

/** The row of a task that is too large for a response. @param id if only this task was requested */
export function tooLargeTask(id?: TaskId): TaskRow {
  return { id, task: { why: 'it is too large' } };
}

export function parseTaskRow(row: unknown): TaskRow {
  const id = parseTaskId(row);
  return { id, task: id === undefined ? wrong('id', readField(row, 'id')) : parseTask(row, id) };
}

/** The task of a row; if it is unreadable, it is added to those left out. */
export function takeTask({ id, task }: TaskRow, index: number, leftOut: UnreadableEntry[]): Task | undefined {
  if (!isUnreadable(task)) return task;
  leftOut.push({ place: id === undefined ? `tasks[${index}]` : `task ${id}`, why: task.why });
  return undefined;
}

/** Why a row is not about one of the requested tasks. */
export function describeUnexpectedRow({ id, task }: TaskRow): string {
  if (id !== undefined) return `its id ${describeValue(id)} was not requested, or appears twice`;
  return isUnreadable(task) ? task.why : '';
}
