// Reads the status of a task, also if its whole document cannot be read.
import type { Tasks } from './client.ts';
import { InvalidResponseError } from './errors.ts';
import type { TaskId } from './ids.ts';
import type { Task } from './task.ts';

/**
 * Reads what tracking needs of the task; undefined if there is no such task. A document may be too large to be read: a task with such a
 * document must still be ended, returned or left to its user.
 * @throws InvalidResponseError if not even that can be read
 */
export async function readTaskState(tasks: Pick<Tasks, 'get' | 'read'>, id: TaskId): Promise<Task | undefined> {
  try {
    return (await tasks.get(id))?.task;
  } catch (error) {
    if (!(error instanceof InvalidResponseError)) throw error;
    return readWithoutDocument(tasks, id, error);
  }
}

/** @param error why the document cannot be read; thrown if not even the rest can be read */
export async function readWithoutDocument(
  tasks: Pick<Tasks, 'read'>,
  id: TaskId,
  error: InvalidResponseError,
): Promise<Task | undefined> {
  const read = await tasks.read([id]);
  if (read.unread.has(id)) throw error;
  return read.tasks.get(id);
}
