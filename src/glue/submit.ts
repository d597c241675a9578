// Submit: a parked task becomes a Slurm job, and whatever sbatch answers, nothing is lost and nothing runs twice.
import { writePrivateFile, FileNotWritten } from '../host/files.ts';
import { formatJobName, newAttempt } from '../slurm/job-name.ts';
import type { JobId, SubmitOutcome } from '../slurm/scheduler.ts';
import type { TaskDocument } from '../clearml/task.ts';
import { endTask, type Owned } from './end.ts';
import type { Entry } from './entry.ts';
import type { Glue, ServedQueue } from './glue.ts';
import { giveBack } from './give-back.ts';
import { renderTask, sharedConfPath } from './render-task.ts';
import { TemplateProblem } from '../template/errors.ts';
import { inform, say } from './tell.ts';

/** A script, and the journal entry of the attempt that will submit it. */
export interface Prepared {
  readonly entry: Entry;
  readonly script: string;
}

/** Whether more can be submitted now: `full` and `down` mean that the cluster takes nothing for the moment. */
export type SubmitResult = 'done' | 'full' | 'down';

/**
 * Renders the next attempt of a task. When that can't be done the task is failed with the reason, and undefined returned.
 * The task must be ours: popped, or its entry parked.
 */
export async function prepare(
  glue: Glue,
  entry: Entry,
  queue: ServedQueue,
  read: TaskDocument,
  owned: Owned,
): Promise<Prepared | undefined> {
  const attempt = newAttempt(glue.clock.now(), glue.randomToken());
  try {
    const { script } = await renderTask(glue, queue, read, formatJobName(entry.task, attempt));
    return { entry: { ...entry, attempt }, script };
  } catch (error) {
    if (!(error instanceof TemplateProblem)) throw error;
    glue.log.warn('The task does not fit its template', { task: entry.task, queue: entry.queueName, err: error });
    const text = `The Slurm job could not be written: ${error.message}`;
    await endTask(glue, entry, owned, { status: 'failed', reason: 'template', text, withLog: false });
    return undefined;
  }
}

/** Submits a parked task. The entry is journaled before sbatch is run and after it has answered. */
export async function submit(glue: Glue, prepared: Prepared): Promise<SubmitResult> {
  const { entry: before, script } = prepared;
  const now = glue.clock.now();
  const jobName = formatJobName(before.task, before.attempt ?? '');
  const entry: Entry = {
    ...before,
    step: 'submitting',
    stepAt: now,
    attempts: before.attempts + 1,
    firstAttemptAt: before.firstAttemptAt ?? now,
    jobId: undefined,
    cancelledFor: undefined,
    absentSince: undefined,
    endSeenAt: undefined,
    told: {},
  };

  if (glue.job.sharedDir !== undefined) {
    try {
      await writePrivateFile(glue.host, sharedConfPath(glue.job.sharedDir, jobName), glue.job.jobConf);
    } catch (error) {
      if (!(error instanceof FileNotWritten)) throw error;
      await giveBack(glue, before, { parked: true, why: error.message });
      return 'down';
    }
  }
  await glue.journal.write(entry);
  return settle(glue, entry, await glue.scheduler.submit({ jobName, script }));
}

/** Does what sbatch's answer asks for. */
async function settle(glue: Glue, entry: Entry, outcome: SubmitOutcome): Promise<SubmitResult> {
  const facts = { task: entry.task, queue: entry.queueName };
  switch (outcome.kind) {
    case 'accepted':
      glue.log.info('Submitted', { ...facts, job: outcome.jobId });
      await adopt(glue, entry, outcome.jobId);
      return 'done';
    case 'rejected':
      glue.log.warn('Slurm refused the job', { ...facts, slurm: outcome.words });
      await refuse(glue, entry, outcome.words);
      return 'done';
    case 'backpressure':
      glue.log.warn('Slurm takes no more jobs for now', { ...facts, slurm: outcome.words });
      await giveBack(glue, entry, { parked: true, why: `Slurm takes no more jobs for now: ${outcome.words}` });
      return 'full';
    case 'unavailable':
      glue.log.warn('Slurm can not be reached', { ...facts, slurm: outcome.words });
      await giveBack(glue, entry, { parked: true, why: `Slurm can't be reached: ${outcome.words}` });
      return 'down';
    case 'unknown':
      // The job may be there: it is looked up by its name before anything else is done for this task.
      glue.log.warn('Nobody knows whether Slurm took the job; it will be looked up by its name', {
        ...facts,
        slurm: outcome.words,
      });
      return 'done';
  }
}

/** From now on this job is the task's, and the task says so. */
export async function adopt(glue: Glue, entry: Entry, jobId: JobId): Promise<void> {
  await glue.journal.write({ ...entry, step: 'following', stepAt: glue.clock.now(), jobId });
  await inform(glue, entry.task, async () => {
    await say(glue, entry.task, {
      level: 'INFO',
      text: `Submitted as Slurm job ${jobId} to cluster "${glue.cluster.clusterName}".`,
    });
    await glue.clearml.tasks.setProperties(entry.task, {
      slurm_job_id: jobId,
      slurm_cluster: glue.cluster.clusterName,
    });
  });
}

async function refuse(glue: Glue, entry: Entry, words: string): Promise<void> {
  await endTask(glue, entry, 'parked', {
    status: 'failed',
    reason: 'refused by Slurm',
    text: `Slurm refused the job: ${words}. Change the user property that sets it, or the template of queue "${entry.queueName}".`,
    withLog: false,
  });
}
