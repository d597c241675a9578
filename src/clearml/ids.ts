// The identifiers that ClearML hands out: 32 lower-case hex characters, each kind its own type.
import * as z from 'zod';
import type { Brand } from '../base/brand.ts';

export type TaskId = Brand<'TaskId'>;
export type QueueId = Brand<'QueueId'>;

/**
 * The server makes every id of a task or a queue so (`uuid4` without dashes, apiserver/database/utils.py), but takes any text as the
 * task of a queue entry. An id becomes part of a job's name, of a path and of a script: no other text may get that far.
 */
const ID = /^[0-9a-f]{32}$/;

/** What makes a text from a server's answer (or the command line) an identifier. */
export const TaskIdShape = z.custom<TaskId>(isTaskId, 'a task id (32 hex digits)');
export const QueueIdShape = z.custom<QueueId>(isQueueId, 'a queue id (32 hex digits)');

export function isTaskId(value: unknown): value is TaskId {
  return typeof value === 'string' && ID.test(value);
}

export function isQueueId(value: unknown): value is QueueId {
  return typeof value === 'string' && ID.test(value);
}
