// Resume: entries that a crash, a lost answer or an unknown sbatch left in the middle of a step go on from what is found outside.
import { formatJobName, readJobName } from '../../slurm/job-name.ts';
import type { Job } from '../../slurm/scheduler.ts';
import { parkAndSubmit } from '../claim/claim.ts';
import { MAX_ATTEMPTS } from '../decide/shared-actions.ts';
import { forEachTask } from '../reconcile/each-task.ts';
import { withOwner, type Entry } from '../journal/entry.ts';
import { returnToQueue } from '../reconcile/return-to-queue.ts';
import type { DaemonDeps } from '../deps.ts';
import { findLiveJob, hasSchedulerQueue, isSchedulerQueueDeleted, type Snapshot } from '../poll/poll.ts';
import { unpark, readClaimed } from '../claim/park.ts';
import { recoverOrphan } from '../recover/recover-orphan.ts';
import { trackJob } from './submit.ts';
import { resubmit } from './resubmit.ts';
import type { SubmissionPool } from './submission-pool.ts';

interface ResumeContext {
  readonly deps: DaemonDeps;
  readonly pool: SubmissionPool;
  readonly snapshot: Snapshot;
  readonly signal: AbortSignal;
}

/** Brings every unfinished entry on. False when one of them has to wait for a look that should come soon. */
export async function resume(
  deps: DaemonDeps,
  pool: SubmissionPool,
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<boolean> {
  let isSettled = true;
  await forEachTask(deps, snapshot, signal, async (entry) => {
    const isDone = await resumeEntry({ deps, pool, snapshot, signal }, entry);
    isSettled &&= isDone;
  });
  return isSettled;
}

async function resumeEntry(context: ResumeContext, entry: Entry): Promise<boolean> {
  const { deps, snapshot } = context;
  const { step } = entry;
  if (step === 'following') return true;
  const live = findLiveJob(snapshot, entry.task);
  if (live !== undefined) {
    await trackFoundJob(deps, entry, live);
    return true;
  }

  const place = snapshot.placeOf(entry.task, entry.queue);
  // How it goes on depends on where its entry is.
  if (place === 'unknown') return true;
  switch (step) {
    case 'claiming':
      // In its queue the pop never happened. Queued and nowhere, it was popped: by us, or by another daemon that came first and
      // has it in hand, which our journal could not be told any more. Elsewhere it is somebody else's.
      if (place === 'nowhere') await recoverOrphan(deps, entry, context);
      else await deps.journal.forget(entry.task);
      return true;
    case 'parking':
      if (place === 'nowhere' || place === 'parked') return resumeParking(context, entry, place === 'parked');
      await unpark(deps, entry);
      return true;
    case 'submitting':
      return resumeSubmitting(
        context,
        entry,
        place === 'parked' && snapshot.tasks.get(entry.task)?.status === 'queued',
      );
    case 'orphaned':
      return resumeOrphan(context, entry, place === 'nowhere');
  }
}

/** A job of the task lives. Told is only what sbatch should have answered. */
async function trackFoundJob(deps: DaemonDeps, entry: Entry, job: Job): Promise<void> {
  const attempt = readJobName(job.name)?.attempt;
  deps.log.info('Found the job by name', { task: entry.task, job: job.id, queue: entry.queueName });
  if (entry.step === 'submitting' && attempt === entry.attempt) return trackJob(deps, entry, job.id);
  const whose = withOwner(entry, job.id);
  return deps.journal.write({
    ...entry,
    step: 'following',
    stepAt: deps.clock.now(),
    attempt,
    jobId: job.id,
    ...whose,
  });
}

/** The way to Slurm is gone on with beside everything else; where that can't be, the task returns to its queue. */
async function resumeParking(
  { deps, pool, snapshot }: ResumeContext,
  entry: Entry,
  isParked: boolean,
): Promise<boolean> {
  const queue = deps.queues.find(({ id }) => id === entry.queue);
  const canPark = !isSchedulerQueueDeleted(deps, snapshot);
  if (canPark && !hasSchedulerQueue(deps, snapshot)) return true;
  if (queue !== undefined && canPark) return pool.start(entry, () => parkAndSubmit(deps, entry, { queue, isParked }));

  const why = canPark ? 'the daemon that claimed it no longer serves the queue' : 'the scheduler queue was deleted';
  if ((await readClaimed(deps, entry)) === undefined) await unpark(deps, entry);
  else await returnToQueue(deps, entry, { isParked, why });
  return true;
}

/** sbatch's answer is not known: the job is looked up by its name, ended ones too, and only then submitted anew. */
async function resumeSubmitting({ deps, pool }: ResumeContext, entry: Entry, isReady: boolean): Promise<boolean> {
  const name = formatJobName(entry.task, entry.attempt ?? '');
  const found = await deps.scheduler.lookUp([name], entry.firstAttemptAt ?? entry.stepAt);
  if (found.kind === 'failed') {
    deps.log.warn('Job lookup failed; submission outcome still unknown', {
      task: entry.task,
      slurm: found.words,
    });
    return false;
  }
  const [job] = found.jobs;
  if (job !== undefined) {
    await trackFoundJob(deps, entry, job);
    return true;
  }

  // What sbatch sent may still be on its way to the controller.
  if (deps.clock.now() - entry.stepAt < unknownOutcomeMs(deps)) return false;
  if (isReady && entry.attempts < MAX_ATTEMPTS) {
    return pool.start(entry, () => resubmit(deps, entry, 'the last sbatch submitted no job'));
  }
  // The table knows what to do about a task whose job is not to be found.
  await deps.journal.write({ ...entry, step: 'following', stepAt: deps.clock.now() });
  return true;
}

/** Somebody may have had it in hand when it was found in no queue; by now he would have put it somewhere, or begun it. */
async function resumeOrphan({ deps, signal }: ResumeContext, entry: Entry, isNowhere: boolean): Promise<boolean> {
  if (!isNowhere) await deps.journal.forget(entry.task);
  else if (deps.clock.now() - entry.stepAt >= deps.adoptAfterMs) await recoverOrphan(deps, entry, { signal });
  return true;
}

/** A request to the controller is given up after MessageTimeout; twice that and a little is past all retries of one sbatch. */
function unknownOutcomeMs(deps: DaemonDeps): number {
  return 2 * deps.cluster.messageTimeoutMs + 5_000;
}
