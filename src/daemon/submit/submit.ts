// Submit: a parked task becomes a Slurm job, and whatever sbatch answers, nothing is lost and nothing runs twice.
import { writePrivateFile, FileNotWrittenError } from '../../transport/files.ts';
import { isTransportError } from '../../slurm/transport-errors.ts';
import { formatJobName, newAttempt } from '../../slurm/job-name.ts';
import type { JobId, SubmitOutcome } from '../../slurm/scheduler.ts';
import type { TaskDocument } from '../../clearml/task.ts';
import { TemplateError } from '../../template/errors.ts';
import { rejectedBySlurm } from '../decide/ended.ts';
import { endTask } from '../reconcile/end.ts';
import { withOwner, type Entry } from '../journal/entry.ts';
import type { DaemonDeps, ServedQueue } from '../deps.ts';
import { renderTask, sharedConfPath } from './render-task.ts';
import { withOptionOriginsOf } from '../console/option-origins.ts';
import { notify, logToConsole } from '../console/console.ts';
import type { SubmitResult } from './submission-pool.ts';
import { describeRefusal, describeSubmitted } from '../console/console-messages.ts';

/** A script, and the journal entry of the attempt that will submit it. */
export interface PreparedJob {
  readonly entry: Entry & { readonly attempt: string };
  readonly script: string;
  readonly read: TaskDocument;
}

/**
 * Renders the next attempt of a task. When that can't be done the task is failed with the reason, and undefined returned.
 * The task must be ours, and parked.
 */
export async function prepare(
  deps: DaemonDeps,
  entry: Entry,
  { queue, read }: { readonly queue: ServedQueue; readonly read: TaskDocument },
): Promise<PreparedJob | undefined> {
  const attempt = newAttempt(deps.clock.now(), deps.mark, deps.randomToken());
  try {
    const { script, notes } = await renderTask(deps, queue, read, formatJobName(entry.task, attempt));
    await logToConsole(deps, entry.task, ...notes.map((text) => ({ level: 'WARNING', text }) as const));
    return { entry: { ...entry, attempt }, script, read };
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    deps.log.info('Rendering failed', { task: entry.task, queue: entry.queueName, err: error });
    const text = `The job script cannot be rendered: ${error.message}`;
    const ending = { status: 'failed', reason: 'template', text, withLog: false } as const;
    await endTask(deps, entry, ending, { seen: read.task, isParked: true });
    return undefined;
  }
}

/**
 * Submits a parked task. The entry is journaled before sbatch is run and after it has answered.
 * @param why there is a new attempt, where it is not the first
 */
export async function submit(
  deps: DaemonDeps,
  { entry: before, script, read }: PreparedJob,
  why?: string,
): Promise<SubmitResult> {
  const now = deps.clock.now();
  const jobName = formatJobName(before.task, before.attempt);
  const trouble = await writeJobConf(deps, jobName);
  if (trouble !== undefined) return { returning: before, why: trouble };

  const templateMark = deps.queues.find(({ id }) => id === before.queue)?.templateMark;
  const entry: Entry = {
    task: before.task,
    queue: before.queue,
    queueName: before.queueName,
    step: 'submitting',
    stepAt: now,
    attempt: before.attempt,
    attempts: before.attempts + 1,
    ...(templateMark === undefined ? {} : { templateMark }),
    firstAttemptAt: before.firstAttemptAt ?? now,
    told: {},
  };
  await deps.journal.write(entry);
  return handleOutcome(deps, entry, await deps.scheduler.submit({ jobName, script }), { read, why });
}

/** The job's own clearml.conf, where there is a shared folder for it. Returns why it could not be written. */
async function writeJobConf(deps: DaemonDeps, jobName: string): Promise<string | undefined> {
  const { sharedDir, jobConf, trustedGroup } = deps.job;
  if (sharedDir === undefined) return undefined;
  try {
    await writePrivateFile(deps.transport, sharedConfPath(sharedDir, jobName), jobConf, trustedGroup);
    return undefined;
  } catch (error) {
    if (!(error instanceof FileNotWrittenError || isTransportError(error))) throw error;
    deps.log.warn("Writing the job's clearml.conf to the shared directory failed", { job: jobName, err: error });
    return `the job's clearml.conf cannot be written: ${error.message}`;
  }
}

/** Does what sbatch's answer asks for. */
async function handleOutcome(
  deps: DaemonDeps,
  entry: Entry,
  outcome: SubmitOutcome,
  { read, why }: { readonly read: TaskDocument; readonly why: string | undefined },
): Promise<SubmitResult> {
  const facts = { task: entry.task, queue: entry.queueName };
  switch (outcome.kind) {
    case 'accepted':
      deps.log.info('Submitted', { ...facts, job: outcome.jobId });
      await trackJob(deps, entry, outcome.jobId, why);
      return 'accepted';
    case 'rejected': {
      deps.log.info('Slurm rejected the job', { ...facts, slurm: outcome.words });
      const ending = rejectedBySlurm(withOptionOriginsOf(deps, entry, describeRefusal(outcome.words, entry.queueName)));
      await endTask(deps, entry, ending, { seen: read.task, isParked: true });
      return 'none';
    }
    case 'backpressure':
      deps.log.warn('Slurm accepts no more jobs now; returning the task to its queue', {
        ...facts,
        slurm: outcome.words,
      });
      return { returning: entry, why: `Slurm accepts no more jobs now: ${outcome.words}` };
    case 'unavailable':
      deps.log.warn('Slurm unreachable; returning the task to its queue', { ...facts, slurm: outcome.words });
      return { returning: entry, why: `Slurm cannot be reached: ${outcome.words}` };
    case 'unknown':
      // The job may be there: it is looked up by its name before anything else is done for this task.
      deps.log.warn('Submission outcome unknown; looking the job up by name', {
        ...facts,
        slurm: outcome.words,
      });
      return 'unknown';
  }
}

/** From now on this job is the task's, and the task says so. */
export async function trackJob(deps: DaemonDeps, entry: Entry, jobId: JobId, why?: string): Promise<void> {
  const { clusterName } = deps.cluster;
  await deps.journal.write({
    ...entry,
    step: 'following',
    stepAt: deps.clock.now(),
    jobId,
    ...withOwner(entry, jobId),
  });
  await logToConsole(deps, entry.task, { level: 'INFO', text: describeSubmitted(jobId, clusterName, entry, why) });
  const properties = { slurm_job_id: jobId, slurm_cluster: clusterName };
  await notify(deps, entry.task, () => deps.clearml.tasks.setProperties(entry.task, properties));
}
