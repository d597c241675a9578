// Resume: entries that a crash, a lost answer or an unknown sbatch left in the middle of a step go on from what is found outside.
import type { QueueId } from '../clearml/ids.ts';
import { formatJobName } from '../slurm/job-name.ts';
import { isLive } from '../slurm/job-state.ts';
import type { Job } from '../slurm/scheduler.ts';
import { bringToSlurm } from './claim.ts';
import { MAX_ATTEMPTS } from './decide/ended.ts';
import type { Entry } from './entry.ts';
import type { View } from './follow.ts';
import type { Glue, ServedQueue } from './glue.ts';
import { readQueued } from './park.ts';
import { adopt, prepare, submit } from './submit.ts';
import { endTask } from './end.ts';

/** Brings every unfinished entry on. True when none is left that has to wait for another look. */
export async function resume(glue: Glue, view: View): Promise<boolean> {
  let settled = true;
  for (const entry of [...glue.journal.entries.values()]) {
    if (entry.step === 'following' || entry.stepAt >= view.at || glue.busy.has(entry.task)) continue;
    const queue = findQueue(glue, entry.queue);
    if (queue === undefined) {
      glue.log.warn('A task of a queue that is no longer served is left as it is', {
        task: entry.task,
        queue: entry.queueName,
      });
      continue;
    }
    settled = (await resumeEntry(glue, view, entry, queue)) && settled;
  }
  return settled;
}

async function resumeEntry(glue: Glue, view: View, entry: Entry, queue: ServedQueue): Promise<boolean> {
  const jobs = view.jobs.get(entry.task) ?? [];
  const live = jobs.find((job) => isLive(job.state));
  if (live !== undefined) {
    await adopt(glue, withAttemptOf(entry, live), live.id);
    return true;
  }

  const place = view.placeOf(entry.task, entry.queue);
  switch (entry.step) {
    case 'claiming': {
      // Popped by us if it is queued and nowhere; in its queue the pop never happened; else it is somebody else's.
      if (place === 'nowhere' && (await readQueued(glue, entry)) !== undefined) await bringToSlurm(glue, entry, queue);
      else await glue.journal.forget(entry.task);
      return true;
    }
    case 'parking': {
      if ((place === 'nowhere' || place === 'parked') && (await readQueued(glue, entry)) !== undefined) {
        await bringToSlurm(glue, entry, queue);
        return true;
      }
      await glue.clearml.queues.take(glue.schedulerQueue, entry.task);
      await glue.journal.forget(entry.task);
      return true;
    }
    case 'submitting':
      return resumeSubmitting(glue, entry, queue, place === 'parked');
    case 'following':
      return true;
  }
}

/** sbatch's answer is not known: the job is looked up by its name, ended ones too, and only then submitted anew. */
async function resumeSubmitting(glue: Glue, entry: Entry, queue: ServedQueue, parked: boolean): Promise<boolean> {
  const facts = { task: entry.task, queue: entry.queueName };
  const name = formatJobName(entry.task, entry.attempt ?? '');
  const found = await glue.scheduler.lookUp([name], entry.firstAttemptAt ?? entry.stepAt);
  if (found.kind === 'failed') return false;

  const job = found.jobs.find((candidate) => candidate.name === name);
  if (job !== undefined) {
    glue.log.info('The job was found by its name', { ...facts, job: job.id });
    if (isRefusal(job)) {
      const text = `Slurm refused the job: ${job.reason ?? job.stateWord}. Change the user property that sets it, or the template of queue "${entry.queueName}".`;
      await endTask(glue, entry, 'parked', { status: 'failed', reason: 'refused by Slurm', text, withLog: false });
      return true;
    }
    await adopt(glue, entry, job.id);
    return true;
  }

  // What sbatch sent may still be on its way to the controller.
  if (glue.clock.now() - entry.stepAt < settleMs(glue)) return false;
  if (!parked) {
    await glue.journal.write({ ...entry, step: 'following', stepAt: glue.clock.now() });
    return true;
  }
  const read = await readQueued(glue, entry);
  if (read === undefined || entry.attempts >= MAX_ATTEMPTS) {
    await glue.journal.write({ ...entry, step: 'following', stepAt: glue.clock.now() });
    return true;
  }
  glue.log.info('No job was found by its name; submitting again', facts);
  const prepared = await prepare(glue, entry, queue, read, 'parked');
  if (prepared !== undefined) await submit(glue, prepared);
  return true;
}

/** A request to the controller is given up after MessageTimeout; twice that and a little is past all retries of one sbatch. */
function settleMs(glue: Glue): number {
  return 2 * glue.cluster.messageTimeoutMs + 5_000;
}

/** sbatch may refuse a job and leave a record of it behind: such a job never ran. */
function isRefusal(job: Job): boolean {
  return job.state === 'FAILED' && job.reason === 'BadConstraints';
}

function withAttemptOf(entry: Entry, job: Job): Entry {
  const attempt = job.name.slice(job.name.lastIndexOf('-') + 1);
  return { ...entry, attempt };
}

function findQueue(glue: Glue, id: QueueId): ServedQueue | undefined {
  return glue.queues.find((queue) => queue.id === id);
}
