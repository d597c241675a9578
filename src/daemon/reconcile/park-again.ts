// Parks a tracked task again: after Slurm requeued its job, or to renew an entry that peers would take for abandoned.
import { winsRace } from '../../clearml/errors.ts';
import type { Action, AfterStart } from '../decide/action.ts';
import type { DaemonDeps } from '../deps.ts';
import { schedulerQueueOf, type Entry } from '../journal/entry.ts';
import { readClaimed } from '../claim/park.ts';
import { isOurEntry } from '../submit/confirm-parked.ts';

const STARTED_BEFORE: Readonly<Record<AfterStart, string>> = {
  'requeued by Slurm': 'Slurm requeued the job',
  'time limit': 'The job reached its time limit',
  'cancelled extra job': 'An extra job had started the task and was cancelled',
};

/**
 * Parks the task again. It was read a moment ago, so this does not erase a user's abort request. Undefined if a user acted on the task
 * before it was parked: it is then left alone.
 */
export async function parkAgain(
  deps: DaemonDeps,
  entry: Entry,
  { from, after: reason }: Extract<Action, { readonly do: 'park-again' }>,
): Promise<Entry | undefined> {
  const note = { reason, message: `${STARTED_BEFORE[reason]}; the task waits again.` };
  return (await winsRace(deps.clearml.tasks.unstart(entry.task, from, note))) ? parkIfClaimed(deps, entry) : undefined;
}

/** Undefined if a user acted on the task before it was parked. */
async function parkIfClaimed(deps: DaemonDeps, entry: Entry): Promise<Entry | undefined> {
  await deps.clearml.queues.park(schedulerQueueOf(deps, entry), entry.task);
  if ((await readClaimed(deps, entry)) !== undefined) {
    // Otherwise the daemon would later take its own entry for that of another claim.
    const parked = { ...entry, parkedAt: deps.clock.now() };
    await deps.journal.write(parked);
    return parked;
  }
  // Its own job may have restarted and taken the entry; otherwise it must not stay there.
  await deps.clearml.queues.removeEntry(schedulerQueueOf(deps, entry), entry.task);
  return undefined;
}

/**
 * A peer adopts a task that is parked for long and has no job. It knows neither how many of its jobs have reached their time limit, nor how
 * often its sbatch has failed.
 * If the daemon is killed between the two calls, the task is in no queue, and the next pass returns it to its own.
 * @param parkedAt when the entry in the scheduler queue was added; undefined if there is none
 */
export async function renewParking(deps: DaemonDeps, entry: Entry, parkedAt: number | undefined): Promise<void> {
  if (parkedAt === undefined || deps.clock.now() - parkedAt < deps.adoptAfterMs / 2) return;
  if (!isOurEntry(deps, entry, parkedAt)) return;
  if (await deps.clearml.queues.removeEntry(schedulerQueueOf(deps, entry), entry.task))
    await parkIfClaimed(deps, entry);
}
