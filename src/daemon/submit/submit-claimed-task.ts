// Submits a claimed task: parks it, renders it and submits it.
import type { Entry } from '../journal/entry.ts';
import type { DaemonDeps, ServedQueue } from '../deps.ts';
import { FOUND_IN_NO_QUEUE } from '../end/status-reasons.ts';
import { logToConsoleLater } from '../console/write-to-console.ts';
import { describeClaimed, isReturnedToQueue } from '../console/console-messages.ts';
import type { SubmitResult } from './submission-pool.ts';
import { findLiveJobOfAnyUser, listAllUsersJobs } from '../poll/poll.ts';
import { prepare, submit } from './submit-parked-task.ts';
import { unpark, park } from '../claim/park.ts';
import { isUnreadable, leaveUnreadable, readDocument } from './unreadable-document.ts';
import type { ClaimedBatch } from '../claim/read-claimed-batch.ts';

/**
 * Parks a claimed task, renders it and submits it. It is rendered from its state after it was parked: if a user acted on it before, that
 * is seen then, and its entry is removed again. Two daemons that found it in no queue may both have returned it, the second one after the
 * first had claimed it: a job of the first may then have taken its entry, and is listed by now.
 * @param isParked whether an earlier run parked the task already
 * @param batch the tasks that were claimed together with this one
 */
export async function submitClaimedTask(
  deps: DaemonDeps,
  claimed: Entry,
  {
    queue,
    isParked,
    batch,
  }: { readonly queue: ServedQueue; readonly isParked: boolean; readonly batch?: ClaimedBatch },
): Promise<SubmitResult> {
  const isFresh = claimed.step === 'claiming';
  // A task that was popped in an earlier run may belong to another daemon now. A parked task is not parked again: a job of another
  // daemon may have taken its entry, and with it the task.
  let read = isFresh ? undefined : await readDocument(deps, claimed);
  let entry = claimed;
  let isOurs: boolean | undefined;
  if (!isParked && (isFresh || read !== undefined)) {
    try {
      ({ entry, isAdded: isOurs } = await park(deps, claimed));
    } catch (error) {
      batch?.leave(claimed.task);
      throw error;
    }
    read = await readDocument(deps, entry, batch === undefined ? undefined : (task) => batch.read(task));
  }
  if (read === undefined) {
    await unpark(deps, entry, { isOurs });
    return 'none';
  }
  if (isUnreadable(read)) {
    await leaveUnreadable(deps, entry, read);
    return 'none';
  }
  if (read.task.statusReason === FOUND_IN_NO_QUEUE) {
    const jobs = batch === undefined ? listAllUsersJobs(deps) : batch.listJobs();
    const job = findLiveJobOfAnyUser(deps, read.task, await jobs);
    // A later pass finishes the step.
    if (job === 'unknown') return 'none';
    if (job === 'found') {
      await unpark(deps, entry, { isOurs: isOurs === true });
      return 'none';
    }
  }
  const prepared = await prepare(deps, entry, { queue, read });
  if (prepared === undefined) return 'none';
  // After backpressure the console shows the reason; further claims of the task are not reported.
  if (isFresh && !isReturnedToQueue(read.task.statusMessage)) {
    logToConsoleLater(deps, entry.task, { level: 'INFO', text: describeClaimed(queue.name, deps) });
  }
  return submit(deps, prepared);
}
