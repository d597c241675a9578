// Rescue: a task that waits, but has long been in no queue, returns to its own, unless somebody turns out to have it in hand.
import { LostRace } from '../../clearml/errors.ts';
import type { Task } from '../../clearml/task.ts';
import type { Entry } from '../journal/entry.ts';
import { giveBack } from '../reconcile/return-to-queue.ts';
import type { Glue } from '../deps.ts';
import { findLiveJob, look } from '../poll/poll.ts';
import { readClaimed } from '../claim/park.ts';

/**
 * Two daemons may rescue the same task, and one of them may even have taken it anew by now. So the task is marked first: who is
 * between his pop and his park sees by that mark that it is not his any more, and lets it go. Who parked it before the mark is
 * seen by the look after it, or else his job is. And of two who mark it, the later one goes on.
 */
export async function rescue(
  glue: Glue,
  entry: Entry,
  { why = 'it waited, but was in no queue', signal }: { readonly why?: string; readonly signal: AbortSignal },
): Promise<void> {
  if ((await readClaimed(glue, entry)) === undefined) return glue.journal.forget(entry.task);
  const marked = await mark(glue, entry);
  if (marked === undefined) return glue.journal.forget(entry.task);
  // Our own mark is no act of somebody else, should the rest have to wait for the next look.
  await glue.journal.write({ ...entry, queuedAt: marked.statusChanged });

  const view = await look(glue, signal);
  if (view === undefined) return;
  const place = view.placeOf(entry.task, entry.queue);
  if (place === 'unknown') return;
  const isInHand = place !== 'nowhere' || findLiveJob(view, entry.task) !== undefined;
  if (isInHand) return glue.journal.forget(entry.task);
  await giveBack(glue, entry, { isParked: false, why, seen: marked });
}

/** Changes nothing but the moment of the last change, and only if the task waits. */
async function mark(glue: Glue, { task }: Entry): Promise<Task | undefined> {
  try {
    const message = 'The task was found in no queue, and returns to its own.';
    await glue.clearml.tasks.unstart(task, 'in_progress', { reason: 'found in no queue', message });
  } catch (error) {
    if (error instanceof LostRace) return undefined;
    throw error;
  }
  return (await glue.clearml.tasks.get(task))?.task;
}
