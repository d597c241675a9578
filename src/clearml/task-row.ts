// Reads a task as the server writes it into a `Task`: what can't be read of one task must not hide the others of its page.
import { isTaskId, type QueueId, type TaskId } from './ids.ts';
import { readTime } from './iso-time.ts';
import { describeValue, readField } from './unreadable-entries.ts';
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

/** What is wrong with a row of which the rest says nothing about its task. */
export interface Unreadable {
  readonly why: string;
}

/**
 * The task of this id. Jobs are cancelled and tasks ended by what is read here, so a field that is there but of another kind is no
 * field that is missing: of such a row nothing is believed. It is read by hand: a checker of shapes copies each row, and makes an
 * error for each field that the server leaves out, and throws it away, which took half of a round with thousands of jobs.
 */
export function readTask(row: unknown, id: TaskId): Task | Unreadable {
  const status = readStatus(readField(row, 'status'));
  const execution = readField(row, 'execution') ?? {};
  const texts = TEXTS.map((name) => readField(row, name) ?? '');
  const queue = readField(execution, 'queue') ?? '';
  const moments = MOMENTS.map((name) => readMoment(readField(row, name)));
  if (status === undefined) return wrong('status', readField(row, 'status'));
  if (typeof execution !== 'object' || Array.isArray(execution)) return wrong('execution', execution);
  if (typeof queue !== 'string') return wrong('execution.queue', queue);
  const badText = texts.findIndex((text) => typeof text !== 'string');
  if (badText !== -1) return wrong(TEXTS[badText] ?? '', texts[badText]);
  const badMoment = moments.findIndex((at) => Number.isNaN(at));
  if (badMoment !== -1) return wrong(MOMENTS[badMoment] ?? '', readField(row, MOMENTS[badMoment] ?? ''));

  const [statusReason = '', statusMessage = '', lastWorker = '', user = ''] = texts as string[];
  const [statusChanged, lastUpdate] = moments;
  const tags = readField(row, 'system_tags');
  const properties = readField(readField(row, 'hyperparams'), 'properties');
  return {
    id,
    name: readText(readField(row, 'name')) ?? '',
    status,
    statusReason,
    statusMessage,
    statusChanged,
    lastUpdate,
    lastWorker: named(lastWorker),
    user: named(user),
    executionQueue: named(queue) as QueueId | undefined,
    archived: Array.isArray(tags) && tags.includes('archived'),
    slurmJob: readJob(readField(readField(properties, 'slurm_job_id'), 'value')),
    abortCallbackMs: readAbortCallback(readField(row, 'runtime')),
  };
}

const TEXTS = ['status_reason', 'status_message', 'last_worker', 'user'] as const;
const MOMENTS = ['status_changed', 'last_update'] as const;

/** Whose row it is, or undefined when nobody can tell. */
export function readTaskId(row: unknown): TaskId | undefined {
  const id = readField(row, 'id');
  return isTaskId(id) ? id : undefined;
}

export function isUnreadable(read: Task | Unreadable): read is Unreadable {
  return 'why' in read;
}

function wrong(field: string, value: unknown): Unreadable {
  return { why: `its ${field} is ${describeValue(value)}` };
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** An empty text names nothing. */
function named(text: string): string | undefined {
  return text === '' ? undefined : text;
}

/** Anybody who may edit the task may write anything there, and it becomes an argument of Slurm's commands: only a number counts. */
function readJob(value: unknown): string | undefined {
  return typeof value === 'string' && /^[1-9]\d{0,9}$/.test(value) ? value : undefined;
}

/** Undefined where the server has none, and NaN where it can't be read. */
function readMoment(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? (readTime(value) ?? NaN) : NaN;
}

function readStatus(value: unknown): TaskStatus | undefined {
  return TASK_STATUSES.find((status) => status === value);
}

/** Seconds, as texts: what the callback may take, and how often its process looks whether it is to begin. */
function readAbortCallback(runtime: unknown): number | undefined {
  const timeoutSec = readSeconds(readField(runtime, '_abort_callback_timeout'));
  if (!(timeoutSec > 0)) return undefined;
  const pollSec = readSeconds(readField(runtime, '_abort_poll_freq'));
  return (timeoutSec + (pollSec > 0 ? pollSec : 0)) * 1000;
}

function readSeconds(value: unknown): number {
  return typeof value === 'string' || typeof value === 'number' ? Number(value) : NaN;
}
