// A claimed task whose document, project or user cannot be read, so that its script cannot be rendered: it is read again, and fails after a few times.
import { elapsedMs } from '../../base/past-time.ts';
import type { Tasks } from '../../clearml/client.ts';
import { InvalidResponseError } from '../../clearml/errors.ts';
import { readWithoutDocument } from '../../clearml/read-task-state.ts';
import type { Task, TaskDocument } from '../../clearml/task.ts';
import { isStillClaimed, readClaimed } from '../claim/park.ts';
import type { DaemonDeps } from '../deps.ts';
import { failParked } from '../end/end-task.ts';
import type { Entry } from '../journal/entry.ts';
import { backoffMs } from './backoff-ms.ts';

/** The task is still the claimed one, and the server responds to other questions about it. */
export interface UnreadableDocument {
  readonly task: Task;
  readonly error: InvalidResponseError;
  /** The document can be read, but not the project or the user that the template needs. */
  readonly isOfOthers?: true;
}

/** A proxy may garble a response, but not three in a row while the status of the task can be read. */
const MAX_READS = 3;

/** As `readClaimed`, also if the document of the task cannot be read. */
export async function readDocument(
  deps: DaemonDeps,
  entry: Entry,
  readTask?: Tasks['get'],
): Promise<TaskDocument | UnreadableDocument | undefined> {
  try {
    return await readClaimed(deps, entry, readTask);
  } catch (error) {
    if (!(error instanceof InvalidResponseError)) throw error;
    const task = await readWithoutDocument(deps.clearml.tasks, entry.task, error);
    return isStillClaimed(entry, task) ? { task, error } : undefined;
  }
}

export function isUnreadable(read: TaskDocument | UnreadableDocument): read is UnreadableDocument {
  return 'error' in read;
}

/** Whether the document may be read again. */
export function isReadDue({ unreadable }: Entry, now: number): boolean {
  return elapsedMs(unreadable?.at, now) >= backoffMs(unreadable?.times ?? 0, 0);
}

/** Leaves the parked task for a later pass, or fails it. */
export async function leaveUnreadable(deps: DaemonDeps, entry: Entry, read: UnreadableDocument): Promise<void> {
  const { task, error, isOfOthers = false } = read;
  const times = (entry.unreadable?.times ?? 0) + 1;
  if (times === 1)
    deps.log.warn(
      isOfOthers
        ? 'Cannot read the project or the user of a task; the task fails if that stays unreadable'
        : 'Cannot read the document of a task; the task fails if the document stays unreadable',
      { task: entry.task, queue: entry.queueName, err: error },
    );
  // Before the task fails: if the server refuses that, it is tried again after the backoff.
  await deps.journal.write({ ...entry, unreadable: { times, at: deps.clock.now() } });
  if (times < MAX_READS) return;
  const text = isOfOthers
    ? `The project or the user of the task cannot be read from the ClearML server: ${error.message}. Shorten the texts of the project, or the name of the user. Otherwise ask the server's admin.`
    : `The task cannot be read from the ClearML server: ${error.message}. If it is large, clone it with smaller hyperparameters and configuration objects, and enqueue the clone. Otherwise ask the server's admin.`;
  await failParked(deps, entry, { task, reason: 'unreadable', text });
}
