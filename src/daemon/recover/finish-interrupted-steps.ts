// Finishes the steps that the journal shows unfinished, after a crash, a lost response or an unknown sbatch outcome.
import { pastTime } from '../../base/past-time.ts';
import { readTaskState } from '../../clearml/read-task-state.ts';
import { parseJobName } from '../../slurm/job-name.ts';
import type { Job } from '../../slurm/scheduler.ts';
import { submitClaimedTask } from '../submit/submit-claimed-task.ts';
import { isRetryDue, unknownOutcomeMs } from '../decide/shared-actions.ts';
import { forEachTask } from '../reconcile/each-task.ts';
import { lookUpAttempts } from '../reconcile/look-up-jobs.ts';
import { schedulerQueueOf, withOwner, type Entry } from '../journal/entry.ts';
import { returnToQueue } from '../end/return-to-queue.ts';
import type { DaemonDeps } from '../deps.ts';
import { findLiveJob, hasSchedulerQueue, isSchedulerQueueDeleted, readParked, type Snapshot } from '../poll/poll.ts';
import { unpark, readClaimed } from '../claim/park.ts';
import { recoverOrphans } from './recover-orphan.ts';
import { submitWithoutJobAgain, trackJob } from '../submit/submit-parked-task.ts';
import { isLongAgo } from '../submit/confirm-parked.ts';
import { renewParking } from '../reconcile/park-again.ts';
import { isReadDue } from '../submit/unreadable-document.ts';
import { accountsOf } from '../users/unix-users.ts';
import type { SubmissionPool, SubmitResult } from '../submit/submission-pool.ts';
import { describeNoJob } from '../console/console-messages.ts';
import { logToConsole, showStatus } from '../console/write-to-console.ts';

interface StepContext {
  readonly deps: DaemonDeps;
  readonly pool: SubmissionPool;
  readonly snapshot: Snapshot;
  readonly signal: AbortSignal;
  /** Collects the tasks to recover, after everything else. */
  readonly orphans: Entry[];
}

/** Finishes the unfinished step of every entry. False if one of them needs another poll soon. */
export async function finishInterruptedSteps(
  deps: DaemonDeps,
  pool: SubmissionPool,
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<boolean> {
  let isSettled = true;
  const orphans: Entry[] = [];
  await forEachTask(deps, snapshot, signal, async (entry) => {
    const isDone = await finishStep({ deps, pool, snapshot, signal, orphans }, entry);
    isSettled &&= isDone;
  });
  await recoverOrphans(deps, orphans, signal);
  return isSettled;
}

async function finishStep(context: StepContext, entry: Entry): Promise<boolean> {
  const { deps, snapshot } = context;
  const { step } = entry;
  if (step === 'following') return true;
  const live = findLiveJob(snapshot, entry.task);
  if (live !== undefined) {
    await trackFoundJob(deps, entry, live);
    return true;
  }

  const place = snapshot.placeOf(entry.task, entry.queue, schedulerQueueOf(deps, entry));
  // The next step depends on the place of its entry.
  if (place === 'unknown') return true;
  switch (step) {
    case 'claiming':
      // Still in its queue: the pop never happened. Queued but nowhere: it was popped by us, or by another daemon that claimed it
      // first. Anywhere else, it belongs to another daemon or user.
      if (place === 'nowhere') context.orphans.push(entry);
      else await deps.journal.forget(entry.task);
      return true;
    case 'parking':
      // A peer may have claimed it since, and be gone: it must be claimed again, so that limits and pauses apply.
      if (place === 'nowhere' && deps.peers.hasMet() && isLongAgo(deps, entry)) {
        context.orphans.push(entry);
        return true;
      }
      if (place === 'nowhere' || place === 'parked') return finishParking(context, entry, place === 'parked');
      await unpark(deps, entry);
      return true;
    case 'submitting':
      return finishSubmitting(
        context,
        entry,
        place === 'parked' && snapshot.tasks.get(entry.task)?.status === 'queued',
      );
    case 'orphaned':
      return finishOrphaned(context, entry, place === 'nowhere');
  }
}

/** Tracks a job that was found. The console gets a message only if sbatch's response was lost. */
async function trackFoundJob(deps: DaemonDeps, entry: Entry, job: Job): Promise<void> {
  const attempt = parseJobName(job.name)?.attempt;
  deps.log.info('Found the job by name', { task: entry.task, job: job.id, queue: entry.queueName });
  if (entry.step === 'submitting' && attempt === entry.attempt) return trackJob(deps, entry, job.id);
  const whose = withOwner(entry, job.id);
  return deps.journal.write({
    ...entry,
    step: 'following',
    stepAt: deps.clock.now(),
    attempt,
    jobId: job.id,
    // By the job of an sbatch without a response, or by a daemon that was killed.
    mayBeUnparked: true,
    ...whose,
    ...userOfJob(deps, job),
  });
}

/** Before the submission, the entry has no Unix user; its later lookups and commands run as this one. */
function userOfJob({ unixUsers, journal }: DaemonDeps, { unixUser: name }: Job): Pick<Entry, 'unixUser'> {
  const account = accountsOf(unixUsers, journal.entries.values()).find((one) => one.name === name);
  return account === undefined ? {} : { unixUser: { name: account.name, uid: account.uid } };
}

/** Continues the submission in the pool, or returns the task to its queue if that is impossible. */
async function finishParking({ deps, pool, snapshot }: StepContext, entry: Entry, isParked: boolean): Promise<boolean> {
  const queue = deps.queues.find(({ id }) => id === entry.queue);
  const where = { schedulerQueue: schedulerQueueOf(deps, entry) };
  const canPark = !isSchedulerQueueDeleted(where, snapshot);
  if (canPark && !hasSchedulerQueue(where, snapshot)) return true;
  if (queue !== undefined && canPark) {
    if (!isReadDue(entry, deps.clock.now())) return true;
    const parking = isParked ? { ...entry, mayBeUnparked: true } : entry;
    return pool.start(parking, () => submitClaimedTask(deps, parking, { queue, isParked }));
  }

  const why = canPark
    ? 'the daemon that claimed the task no longer serves the queue'
    : 'the scheduler queue was deleted';
  if ((await readClaimed(deps, entry)) === undefined) await unpark(deps, entry);
  else await returnToQueue(deps, entry, { isParked, why });
  return true;
}

/** After an unknown sbatch outcome: looks the job up by name, ended jobs included, before it submits again. */
async function finishSubmitting(context: StepContext, entry: Entry, isReady: boolean): Promise<boolean> {
  const { deps, pool } = context;
  if (isReady && entry.told.noJob === true) {
    // Without a slot, a later pass retries.
    if (mayRetry(context, entry)) pool.start(entry, () => lookUpAndRetry(context, entry));
    else if (deps.peers.hasMet())
      await renewParking(deps, entry, readParked(context.snapshot, schedulerQueueOf(deps, entry)).get(entry.task));
    return true;
  }

  const job = await lookUpJob(context, entry);
  if (job !== 'none') return job === 'found';
  // The request of sbatch may not have reached the controller yet.
  if (!(await hasLasted(deps, entry, unknownOutcomeMs(deps.cluster)))) return false;
  if (isReady) {
    const shown = await showNoJob(deps, entry);
    return !mayRetry(context, shown) || pool.start(shown, () => retry(context, shown));
  }
  // The decision table handles a task whose job is absent.
  await deps.journal.write({ ...entry, step: 'following', stepAt: deps.clock.now() });
  return true;
}

/** Whether the step began at least so long ago. If the clock was set back since, the wait begins again. */
async function hasLasted({ clock, journal }: DaemonDeps, entry: Entry, ms: number): Promise<boolean> {
  const now = clock.now();
  const since = pastTime(entry.stepAt, now);
  if (since === undefined) await journal.write({ ...entry, stepAt: now });
  return since !== undefined && now - since >= ms;
}

/** Looks the job up by name, and tracks it if there is one. */
async function lookUpJob({ deps, snapshot }: StepContext, entry: Entry): Promise<'found' | 'none' | 'unknown'> {
  const found = await lookUpAttempts(deps, snapshot, [entry]);
  if (found.kind === 'failed' || snapshot.unlisted.has(entry.unixUser?.name ?? '')) {
    deps.log.warn('Job lookup failed; submission outcome still unknown', {
      task: entry.task,
      slurm: found.kind === 'failed' ? found.message : "the user's jobs cannot be listed",
    });
    return 'unknown';
  }
  const [job] = found.jobs;
  if (job === undefined) return 'none';
  await trackFoundJob(deps, entry, job);
  return 'found';
}

/** Slurm may be away for hours: a task without a job waits for the backoff of all tasks, and for its own. */
function mayRetry({ deps, pool }: StepContext, entry: Entry): boolean {
  return isRetryDue(entry, deps.clock.now()) && pool.mayResubmit(entry);
}

/** The job may have appeared since the last look-up, and have ended. */
async function lookUpAndRetry(context: StepContext, entry: Entry): Promise<SubmitResult> {
  return (await lookUpJob(context, entry)) === 'none' ? retry(context, entry) : 'none';
}

function retry({ deps, pool }: StepContext, entry: Entry): Promise<SubmitResult> {
  return submitWithoutJobAgain(deps, entry, pool.hasAcceptedSince(entry.stepAt));
}

/** Shows the user what sbatch printed; nothing else explains why the task waits. */
async function showNoJob(deps: DaemonDeps, entry: Entry): Promise<Entry> {
  const read = entry.submitMessage === undefined ? undefined : await readTaskState(deps.clearml.tasks, entry.task);
  const shown: Entry = { ...entry, told: { ...entry.told, noJob: true } };
  await deps.journal.write(shown);
  const text = describeNoJob(entry.submitMessage ?? '');
  // After each retry it would be the same.
  if (read !== undefined && read.statusMessage !== text) {
    await logToConsole(deps, entry.task, { level: 'WARNING', text });
    await showStatus(deps, entry.task, text);
  }
  return shown;
}

/** Another daemon may have held the task when it was in no queue; by now it would have parked, returned or started it. */
async function finishOrphaned({ deps, orphans }: StepContext, entry: Entry, isNowhere: boolean): Promise<boolean> {
  if (!isNowhere) await deps.journal.forget(entry.task);
  else if (await hasLasted(deps, entry, deps.adoptAfterMs)) orphans.push(entry);
  return true;
}
