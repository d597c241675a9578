// Before sbatch, after a delay: whether the entry in the scheduler queue is still that of this daemon's claim.
import { elapsedMs } from '../../base/past-time.ts';
import { unpark } from '../claim/park.ts';
import type { DaemonDeps } from '../deps.ts';
import { schedulerQueueOf, type Entry } from '../journal/entry.ts';

/** Peers leave a parked task alone for their grace period. This part of it leaves room for clocks that differ. */
const SAFE_PART = 0.5;
/** Clocks may differ by so much also if the grace period is very short. */
const MIN_SAFE_MS = 30_000;

/**
 * Whether the parked task may be submitted. If not, leaves it to the daemon or user who has it now.
 *
 * A peer may take a task that is parked for long and has no job for untracked: it returns the task to its queue, claims and parks it again.
 * The task itself does not show that. So it is with a daemon that stood still after it parked the task, as on a suspended machine, and with
 * one that has submitted the task and submits it again.
 * @param known the journal entry before this submission
 */
export async function confirmParked(deps: DaemonDeps, known: Entry): Promise<boolean> {
  let found: Found;
  try {
    found = await findParked(deps, known);
  } catch (error) {
    // No sbatch has run, so a later pass need not look for its job.
    await deps.journal.write(known);
    throw error;
  }
  if (found === 'ours') return true;
  const { task, queueName: queue } = known;
  deps.log.info(`Not submitting: ${WHY_NOT[found]}`, { task, queue });
  // The next pass finds out who removed the entry of a task that had a submission.
  if (found === 'nothing' && known.step !== 'parking') await deps.journal.write(known);
  else await unpark(deps, known, { isOurs: false });
  return false;
}

/** The entry of the task in the scheduler queue. */
type Found = 'ours' | 'entry of another daemon' | 'nothing';

const WHY_NOT: Readonly<Record<Exclude<Found, 'ours'>, string>> = {
  'entry of another daemon': 'another daemon has claimed the task',
  nothing: 'the task has left the scheduler queue',
};

async function findParked(deps: DaemonDeps, known: Entry): Promise<Found> {
  // There was a poll since the last submission, so a peer that has claimed the task is known.
  if (known.step !== 'parking' && !deps.peers.hasMet()) return 'ours';
  if (!isLongAgo(deps, known)) return 'ours';
  const { queues, isWhole } = await deps.clearml.queues.read([schedulerQueueOf(deps, known)]);
  const entry = queues.flatMap(({ entries }) => entries).find(({ task }) => task === known.task);
  if (entry === undefined) return isWhole ? 'nothing' : 'ours';
  return entry.added === undefined || isOurEntry(deps, known, entry.added) ? 'ours' : 'entry of another daemon';
}

/** Whether an entry that was added then is that of this daemon's claim, and not that of a later one. */
export function isOurEntry(deps: DaemonDeps, known: Entry, added: number): boolean {
  return added < parkedAt(known) + safeMs(deps);
}

/** Whether this daemon parked the task so long ago, or was about to, that a peer may have taken the task for untracked since. */
export function isLongAgo(deps: DaemonDeps, known: Entry): boolean {
  return elapsedMs(parkedAt(known), deps.clock.now()) >= safeMs(deps);
}

function parkedAt(known: Entry): number {
  return known.parkedAt ?? known.stepAt;
}

function safeMs({ adoptAfterMs }: DaemonDeps): number {
  return Math.max(MIN_SAFE_MS, SAFE_PART * adoptAfterMs);
}
