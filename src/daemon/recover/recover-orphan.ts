// Rescue: a task that waits, but has long been in no queue, returns to its own, unless somebody turns out to have it in hand.
import { LostRaceError } from '../../clearml/errors.ts';
import type { Task } from '../../clearml/task.ts';
import type { Entry } from '../journal/entry.ts';
import { returnToQueue } from '../reconcile/return-to-queue.ts';
import type { DaemonDeps } from '../deps.ts';
import { findLiveJob, poll } from '../poll/poll.ts';
import { readClaimed } from '../claim/park.ts';

/**
 * Two daemons may rescue the same task, and one of them may even have taken it anew by now. So the task is marked first: who is
 * between his pop and his park sees by that mark that it is not his any more, and lets it go. Who parked it before the mark is
 * seen by the look after it, or else his job is. And of two who mark it, the later one goes on.
 */
export async function recoverOrphan(
  deps: DaemonDeps,
  entry: Entry,
  { why = 'it was queued but in no queue', signal }: { readonly why?: string; readonly signal: AbortSignal },
): Promise<void> {
  if ((await readClaimed(deps, entry)) === undefined) return deps.journal.forget(entry.task);
  const marked = await mark(deps, entry);
  if (marked === undefined) return deps.journal.forget(entry.task);
  // Our own mark is no act of somebody else, should the rest have to wait for the next look.
  await deps.journal.write({ ...entry, queuedAt: marked.statusChanged });

  const snapshot = await poll(deps, signal);
  if (snapshot === undefined) return;
  const place = snapshot.placeOf(entry.task, entry.queue);
  if (place === 'unknown') return;
  const isInHand = place !== 'nowhere' || findLiveJob(snapshot, entry.task) !== undefined;
  if (isInHand) return deps.journal.forget(entry.task);
  await returnToQueue(deps, entry, { isParked: false, why, seen: marked });
}

/** Changes nothing but the moment of the last change, and only if the task waits. */
async function mark(deps: DaemonDeps, { task }: Entry): Promise<Task | undefined> {
  try {
    const message = 'The task was in no queue; it returns to its own.';
    await deps.clearml.tasks.unstart(task, 'in_progress', { reason: 'found in no queue', message });
  } catch (error) {
    if (error instanceof LostRaceError) return undefined;
    throw error;
  }
  return (await deps.clearml.tasks.get(task))?.task;
}
