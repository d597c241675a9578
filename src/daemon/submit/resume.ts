// Resume: entries that a crash, a lost answer or an unknown sbatch left in the middle of a step go on from what is found outside.
import { formatJobName, readJobName } from '../../slurm/job-name.ts';
import type { Job } from '../../slurm/scheduler.ts';
import { bringToSlurm } from '../claim/claim.ts';
import { MAX_ATTEMPTS } from '../decide/moves.ts';
import { forEachTask } from '../reconcile/each-task.ts';
import { withOwner, type Entry } from '../journal/entry.ts';
import { giveBack } from '../reconcile/return-to-queue.ts';
import type { Glue } from '../deps.ts';
import { findLiveJob, hasSchedulerQueue, isSchedulerQueueDeleted, type View } from '../poll/poll.ts';
import { letGo, readClaimed } from '../claim/park.ts';
import { rescue } from '../recover/recover-orphan.ts';
import { adopt } from './submit.ts';
import { submitAgain } from './resubmit.ts';
import type { Ways } from './submission-pool.ts';

interface Deps {
  readonly glue: Glue;
  readonly ways: Ways;
  readonly view: View;
  readonly signal: AbortSignal;
}

/** Brings every unfinished entry on. False when one of them has to wait for a look that should come soon. */
export async function resume(glue: Glue, ways: Ways, view: View, signal: AbortSignal): Promise<boolean> {
  let isSettled = true;
  await forEachTask(glue, view, signal, async (entry) => {
    const isDone = await resumeEntry({ glue, ways, view, signal }, entry);
    isSettled &&= isDone;
  });
  return isSettled;
}

async function resumeEntry(deps: Deps, entry: Entry): Promise<boolean> {
  const { glue, view } = deps;
  const { step } = entry;
  if (step === 'following') return true;
  const live = findLiveJob(view, entry.task);
  if (live !== undefined) {
    await followJob(glue, entry, live);
    return true;
  }

  const place = view.placeOf(entry.task, entry.queue);
  // How it goes on depends on where its entry is.
  if (place === 'unknown') return true;
  switch (step) {
    case 'claiming':
      // In its queue the pop never happened. Queued and nowhere, it was popped: by us, or by another daemon that came first and
      // has it in hand, which our journal could not be told any more. Elsewhere it is somebody else's.
      if (place === 'nowhere') await rescue(glue, entry, deps);
      else await glue.journal.forget(entry.task);
      return true;
    case 'parking':
      if (place === 'nowhere' || place === 'parked') return goOn(deps, entry, place === 'parked');
      await letGo(glue, entry);
      return true;
    case 'submitting':
      return resumeSubmitting(deps, entry, place === 'parked' && view.tasks.get(entry.task)?.status === 'queued');
    case 'orphaned':
      return resumeOrphan(deps, entry, place === 'nowhere');
  }
}

/** A job of the task lives. Told is only what sbatch should have answered. */
async function followJob(glue: Glue, entry: Entry, job: Job): Promise<void> {
  const attempt = readJobName(job.name)?.attempt;
  glue.log.info('The job was found by its name', { task: entry.task, job: job.id, queue: entry.queueName });
  if (entry.step === 'submitting' && attempt === entry.attempt) return adopt(glue, entry, job.id);
  const whose = withOwner(entry, job.id);
  return glue.journal.write({
    ...entry,
    step: 'following',
    stepAt: glue.clock.now(),
    attempt,
    jobId: job.id,
    ...whose,
  });
}

/** The way to Slurm is gone on with beside everything else; where that can't be, the task returns to its queue. */
async function goOn({ glue, ways, view }: Deps, entry: Entry, isParked: boolean): Promise<boolean> {
  const queue = glue.queues.find(({ id }) => id === entry.queue);
  const canPark = !isSchedulerQueueDeleted(glue, view);
  if (canPark && !hasSchedulerQueue(glue, view)) return true;
  if (queue !== undefined && canPark) return ways.begin(entry, () => bringToSlurm(glue, entry, { queue, isParked }));

  const why = canPark ? 'the daemon that had taken it no longer serves the queue' : 'the scheduler queue was deleted';
  if ((await readClaimed(glue, entry)) === undefined) await letGo(glue, entry);
  else await giveBack(glue, entry, { isParked, why });
  return true;
}

/** sbatch's answer is not known: the job is looked up by its name, ended ones too, and only then submitted anew. */
async function resumeSubmitting({ glue, ways }: Deps, entry: Entry, isReady: boolean): Promise<boolean> {
  const name = formatJobName(entry.task, entry.attempt ?? '');
  const found = await glue.scheduler.lookUp([name], entry.firstAttemptAt ?? entry.stepAt);
  if (found.kind === 'failed') {
    glue.log.warn('Nobody knows yet whether Slurm took the job: it could not be looked up', {
      task: entry.task,
      slurm: found.words,
    });
    return false;
  }
  const [job] = found.jobs;
  if (job !== undefined) {
    await followJob(glue, entry, job);
    return true;
  }

  // What sbatch sent may still be on its way to the controller.
  if (glue.clock.now() - entry.stepAt < settleMs(glue)) return false;
  if (isReady && entry.attempts < MAX_ATTEMPTS) {
    return ways.begin(entry, () => submitAgain(glue, entry, 'the last sbatch left no job behind'));
  }
  // The table knows what to do about a task whose job is not to be found.
  await glue.journal.write({ ...entry, step: 'following', stepAt: glue.clock.now() });
  return true;
}

/** Somebody may have had it in hand when it was found in no queue; by now he would have put it somewhere, or begun it. */
async function resumeOrphan({ glue, signal }: Deps, entry: Entry, isNowhere: boolean): Promise<boolean> {
  if (!isNowhere) await glue.journal.forget(entry.task);
  else if (glue.clock.now() - entry.stepAt >= glue.adoptMs) await rescue(glue, entry, { signal });
  return true;
}

/** A request to the controller is given up after MessageTimeout; twice that and a little is past all retries of one sbatch. */
function settleMs(glue: Glue): number {
  return 2 * glue.cluster.messageTimeoutMs + 5_000;
}
