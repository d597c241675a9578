// The identifiers that ClearML hands out: 32 lower-case hex characters, each kind its own type.
import * as z from 'zod';
import type { Brand } from '../base/brand.ts';

export type TaskId = Brand<'TaskId'>;
export type QueueId = Brand<'QueueId'>;

/** What makes a text from a server's answer (or the command line) an identifier. */
export const TaskIdShape = z.custom<TaskId>(isFilled, 'a task id');
export const QueueIdShape = z.custom<QueueId>(isFilled, 'a queue id');

function isFilled(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
