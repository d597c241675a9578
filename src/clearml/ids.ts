// ClearML's identifiers: 32 lower-case hex characters, one type for each kind.
import * as z from 'zod';

/** A string that only a cast or a schema converts. */
export type TaskId = string & z.$brand<'TaskId'>;
export type QueueId = string & z.$brand<'QueueId'>;

/**
 * The server creates ids as `uuid4` without dashes, but accepts any text as the task of a queue entry. An id becomes part of a job
 * name, a path and a script, so every other text is refused.
 * https://github.com/clearml/clearml-server/blob/master/apiserver/database/utils.py
 */
const ID = /^[0-9a-f]{32}$/;

/** Validates an identifier from a response or the command line. */
export const TaskIdShape = z.custom<TaskId>(isTaskId, 'a task id (32 hex digits)');
export const QueueIdShape = z.custom<QueueId>(isQueueId, 'a queue id (32 hex digits)');

export function isTaskId(value: unknown): value is TaskId {
  return typeof value === 'string' && ID.test(value);
}

export function isQueueId(value: unknown): value is QueueId {
  return typeof value === 'string' && ID.test(value);
}
