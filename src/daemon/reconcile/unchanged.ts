// Whether a task is still what a decision was made from: read again right before every change that would trample somebody's act.
import type { TaskId } from '../../clearml/ids.ts';
import type { Task } from '../../clearml/task.ts';
import type { DaemonDeps } from '../deps.ts';

/**
 * Reads the task again. Every change of status, and every request to abort, has a moment of its own on the server; so a task that
 * was, say, reset and enqueued again since is told from the one that was seen, though its status is the same.
 */
export async function isUnchanged(deps: DaemonDeps, id: TaskId, seen: Task | undefined): Promise<boolean> {
  const now = (await deps.clearml.tasks.get(id))?.task;
  if (now === undefined || seen === undefined) return now === seen;
  return (
    now.status === seen.status && now.statusChanged === seen.statusChanged && now.executionQueue === seen.executionQueue
  );
}
