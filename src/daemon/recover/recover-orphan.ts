// Recovers an orphan: a task that has been queued but in no queue for long returns to its own, unless another daemon holds it.
import { readTaskState } from '../../clearml/read-task-state.ts';
import { LostRaceError } from '../../clearml/errors.ts';
import type { Task } from '../../clearml/task.ts';
import type { Entry } from '../journal/entry.ts';
import { returnToQueue } from '../end/return-to-queue.ts';
import { FOUND_IN_NO_QUEUE } from '../end/status-reasons.ts';
import type { DaemonDeps } from '../deps.ts';
import { describeOrphan, isOrphanMessage } from '../console/console-messages.ts';
import { lookForLiveJob, readPlaces } from '../poll/poll.ts';
import { isStillClaimed, leaveToUser } from '../claim/park.ts';

/**
 * Two daemons may recover the same task, and one of them may have claimed it again already. So the task is marked first: a daemon between
 * pop and park sees the mark and gives the task up. If a daemon parked it before the mark, its entry or its job is found afterwards.
 * If two daemons mark it, only the later one continues: the mark names its daemon, so the earlier one does not take it for its own.
 */
export async function recoverOrphan(
  deps: DaemonDeps,
  entry: Entry,
  {
    why = 'the task had the status queued but was in no queue',
    signal,
  }: { readonly why?: string; readonly signal: AbortSignal },
): Promise<void> {
  const task = await readTaskState(deps.clearml.tasks, entry.task);
  if (!isStillClaimed(entry, task)) return leaveToUser(deps, entry, task);
  const marked = await mark(deps, entry);
  if (marked === undefined) return deps.journal.forget(entry.task);
  // Journaled so that a later pass does not take our own mark for a change by another daemon or user.
  await deps.journal.write({ ...entry, queuedAt: marked.statusChanged });

  // ClearML first, as in a poll: what a job takes from a queue meanwhile is a live job then.
  const place = readPlaces(await deps.clearml.queues.readAll(), deps.schedulerQueue)(entry.task, entry.queue);
  if (place === 'unknown') return;
  const job = place === 'nowhere' ? await lookForLiveJob(deps, marked, signal) : 'none';
  if (job === 'unknown') return;
  if (place !== 'nowhere' || job === 'found') return deps.journal.forget(entry.task);
  await returnToQueue(deps, entry, { isParked: false, why, seen: marked });
}

/** Changes only the last status change, and only if the task is queued. Returns undefined if another change was first, or followed at once. */
async function mark(deps: DaemonDeps, { task }: Entry): Promise<Task | undefined> {
  try {
    await deps.clearml.tasks.unstart(task, 'in_progress', { reason: FOUND_IN_NO_QUEUE, message: describeOrphan(deps) });
  } catch (error) {
    if (error instanceof LostRaceError) return undefined;
    throw error;
  }
  const marked = await readTaskState(deps.clearml.tasks, task);
  return marked !== undefined && isOrphanMessage(marked.statusMessage, deps) ? marked : undefined;
}
