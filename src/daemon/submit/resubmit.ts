// Submit again: a new attempt for a parked task whose jobs have all ended, or never came to be.
import type { Entry } from '../journal/entry.ts';
import { returnToQueue } from '../reconcile/return-to-queue.ts';
import type { DaemonDeps } from '../deps.ts';
import { removeJobConf } from './job-conf.ts';
import { readClaimed } from '../claim/park.ts';
import { prepare, submit } from './submit.ts';
import type { SubmitResult } from './submission-pool.ts';

/** Does nothing when the task is no longer the one that was claimed: the next round sees what became of it. */
export async function resubmit(deps: DaemonDeps, entry: Entry, why: string): Promise<SubmitResult> {
  const queue = deps.queues.find(({ id }) => id === entry.queue);
  if (queue === undefined) {
    await returnToQueue(deps, entry, { isParked: true, why: `${why}, and this daemon no longer serves the queue` });
    return 'none';
  }
  const read = await readClaimed(deps, entry);
  if (read === undefined) return 'none';

  deps.log.info('Resubmitting', { task: entry.task, queue: entry.queueName, why });
  await removeJobConf(deps, entry);
  const prepared = await prepare(deps, entry, { queue, read });
  return prepared === undefined ? 'none' : submit(deps, prepared, why);
}
