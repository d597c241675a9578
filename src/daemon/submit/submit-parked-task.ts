// Renders and submits a parked task. Whatever the outcome of sbatch, no task is lost and none runs twice.
import { isLimitOfJobs, isLimitOfQueue } from '../../slurm/sbatch-errors.ts';
import { formatJobName, newAttempt } from '../../slurm/job-name.ts';
import type { JobId, SubmitOutcome } from '../../slurm/scheduler.ts';
import { InvalidResponseError } from '../../clearml/errors.ts';
import type { Task, TaskDocument } from '../../clearml/task.ts';
import { TemplateError } from '../../sbatch-template/errors.ts';
import { describeSubmission } from '../audit/audit-submission.ts';
import { startDirectory } from '../../sbatch-template/directives/parse-directive-options.ts';
import { failAsHopeless, failParked } from '../end/end-task.ts';
import { MAX_FAILURES } from './failed-submission-holds.ts';
import { returnToQueue } from '../end/return-to-queue.ts';
import { schedulerQueueOf, withOwner, type Entry } from '../journal/entry.ts';
import type { DaemonDeps, ServedQueue } from '../deps.ts';
import { confirmParked, isLongAgo } from './confirm-parked.ts';
import { isUnreadable, leaveUnreadable, readDocument } from './unreadable-document.ts';
import { removeJobConf, writeJobConf } from './write-job-confs.ts';
import { renderTask } from './render-job-script.ts';
import { withOptionOriginsOf } from '../console/option-origins.ts';
import { notify, logToConsoleLater } from '../console/write-to-console.ts';
import type { SubmitResult } from './submission-pool.ts';
import { describeRefusal, describeSubmitted } from '../console/console-messages.ts';

/** A rendered script, and the journal entry of its attempt. */
export interface PreparedJob {
  readonly entry: Entry & { readonly attempt: string };
  readonly script: string;
  /** Messages for the task's console. */
  readonly notes: readonly string[];
  readonly read: TaskDocument;
  /** Where the job of another Unix user starts, if not where its template says. */
  readonly workDir?: string | undefined;
}

/** Renders the next attempt of a parked task of ours. If that is impossible, fails the task with the reason and returns undefined. */
export async function prepare(
  deps: DaemonDeps,
  entry: Entry,
  { queue, read }: { readonly queue: ServedQueue; readonly read: TaskDocument },
): Promise<PreparedJob | undefined> {
  const attempt = newAttempt(deps.clock.now(), deps.mark, deps.randomToken());
  try {
    const rendered = await renderTask(deps, queue, read, {
      jobName: formatJobName(entry.task, attempt),
      schedulerQueueId: schedulerQueueOf(deps, entry),
    });
    if (rendered.kind === 'rejected') {
      await rejectWithoutUser(deps, entry, read.task, rendered.reason);
      return undefined;
    }
    const { script, notes, origin, user } = rendered;
    const enqueuedAt = entry.queuedAt ?? entry.origin?.enqueuedAt;
    const unixUser = user === undefined ? undefined : { name: user.name, uid: user.uid };
    const workDir = user === undefined ? undefined : startDirectory(script, user.home);
    return { entry: { ...entry, attempt, unixUser, origin: { ...origin, enqueuedAt } }, script, notes, read, workDir };
  } catch (error) {
    if (error instanceof InvalidResponseError) {
      await leaveUnreadable(deps, entry, { task: read.task, error, isOfOthers: true });
      return undefined;
    }
    if (!(error instanceof TemplateError)) throw error;
    deps.log.info('Rendering failed', { task: entry.task, queue: entry.queueName, err: error });
    const text = `The job script cannot be rendered: ${error.message}`;
    await failParked(deps, entry, { task: read.task, reason: 'template', text });
    return undefined;
  }
}

async function rejectWithoutUser(deps: DaemonDeps, entry: Entry, task: Task, why: string): Promise<void> {
  const text = `Not submitted: ${why}. Ask the admin of clearml-agent-slurm for an entry in agent.slurm.user_map, then enqueue the task again.`;
  deps.log.info('Failing the task: user_map has no Unix user for its owner', {
    task: entry.task,
    queue: entry.queueName,
    why,
  });
  await failParked(deps, entry, { task, reason: 'no Unix user', text });
}

/**
 * Submits a parked task. The entry is journaled before sbatch runs and after it has ended.
 * @param why the reason for another attempt, if it is not the first
 */
export async function submit(
  deps: DaemonDeps,
  { entry: before, script, notes, read, workDir }: PreparedJob,
  why?: string,
): Promise<SubmitResult> {
  const now = deps.clock.now();
  const jobName = formatJobName(before.task, before.attempt);
  const { unixUser } = before;
  // Before the journal, which counts the attempt: a full shared directory must not use up the attempts of the task.
  const failure = unixUser === undefined ? await writeJobConf(deps, jobName) : undefined;
  if (failure !== undefined) return { returning: before, why: failure };
  const queue = deps.queues.find(({ id }) => id === before.queue);
  const entry: Entry = {
    task: before.task,
    queue: before.queue,
    queueName: before.queueName,
    schedulerQueue: schedulerQueueOf(deps, before),
    step: 'submitting',
    stepAt: now,
    parkedAt: before.parkedAt ?? before.stepAt,
    attempt: before.attempt,
    attempts: before.attempts + 1,
    ...(before.mayBeUnparked === true ? { mayBeUnparked: true } : {}),
    ...(queue?.templateMark === undefined ? {} : { templateMark: queue.templateMark }),
    ...(before.origin === undefined ? {} : { origin: before.origin }),
    ...(unixUser === undefined ? {} : { unixUser }),
    ...(before.timedOutJobs === undefined ? {} : { timedOutJobs: before.timedOutJobs }),
    ...(before.step === 'submitting' && before.withoutJob !== undefined
      ? { withoutJob: before.withoutJob, failedAlone: before.failedAlone ?? 0 }
      : {}),
    firstAttemptAt: before.firstAttemptAt ?? now,
    told: {},
  };
  const known = deps.journal.entries.get(before.task) ?? before;
  try {
    await deps.journal.write(entry);
  } catch (error) {
    // While the disk of the journal is full, each pass would leave another file.
    await removeJobConf(deps, before);
    throw error;
  }
  // After the journal, whose disk may be as slow as any server.
  if (!(await isConfirmed(deps, before, known))) return 'none';
  // Not before the journal: while its disk is full, each pass would repeat the lines.
  if (why !== undefined) deps.log.info('Resubmitting', { task: entry.task, queue: entry.queueName, why });
  // Without waiting for ClearML: sbatch must start soon after the time in the entry.
  logToConsoleLater(deps, entry.task, ...notes.map((text) => ({ level: 'WARNING', text }) as const));
  const userId = unixUser?.uid ?? deps.cluster.userId;
  await deps.audit.write(describeSubmission({ entry, jobName, script, read, queue, why, userId }));
  const outcome = await deps.scheduler.submit({ jobName, script, runAs: unixUser, workDir });
  return handleOutcome(deps, entry, outcome, { read, why });
}

/** As `confirmParked`. Without a submission, the file of this attempt is removed. */
async function isConfirmed(deps: DaemonDeps, prepared: Entry, known: Entry): Promise<boolean> {
  let isStillParked = false;
  try {
    return (isStillParked = await confirmParked(deps, { ...known, parkedAt: prepared.parkedAt ?? known.parkedAt }));
  } finally {
    if (!isStillParked) await removeJobConf(deps, prepared);
  }
}

/**
 * Submits another attempt of a parked task. Does nothing if the task is no longer the claimed one: the next pass finds out why.
 * @param why the reason for another attempt
 */
export async function resubmit(deps: DaemonDeps, entry: Entry, why: string): Promise<SubmitResult> {
  const queue = deps.queues.find(({ id }) => id === entry.queue);
  if (queue === undefined) {
    await returnToQueue(deps, entry, { isParked: true, why: `${why}, and this daemon no longer serves the queue` });
    return 'none';
  }
  // When it was enqueued does not count here, as the task is parked: an old entry would never get another job.
  const read = await readDocument(deps, { ...entry, queuedAt: undefined });
  if (read === undefined) return 'none';
  if (isUnreadable(read)) {
    await leaveUnreadable(deps, entry, read);
    return 'none';
  }

  const prepared = await prepare(deps, entry, { queue, read });
  if (prepared === undefined) return 'none';
  const result = await submit(deps, prepared, why);
  // The file of the last attempt. Not before the journal has the next one: while its disk is full, each pass would repeat the removal.
  await removeJobConf(deps, entry);
  if (typeof result === 'string' || entry.timedOutJobs === undefined) return result;
  // Its queue does not keep how many of its jobs have reached their time limit, so it stays parked. A later pass submits it.
  await removeJobConf(deps, result.returning);
  await deps.journal.write({ ...entry, step: 'following', stepAt: deps.clock.now() });
  return { ...result, isFull: false, isKept: true };
}

/** Of what sbatch printed, the journal keeps so many characters. */
const MAX_MESSAGE = 500;

/**
 * Submits a task again whose sbatch created no job, as a look-up has shown. That used no attempt. A request of that sbatch may still reach
 * Slurm, and its job may then take the entry. If there is no job again, only this task waits: Slurm may accept the jobs of others.
 * @param isAlone whether Slurm has accepted the job of another task since that sbatch
 */
export async function submitWithoutJobAgain(deps: DaemonDeps, entry: Entry, isAlone: boolean): Promise<SubmitResult> {
  const failedAlone = (entry.failedAlone ?? 0) + (isAlone ? 1 : 0);
  if (failedAlone >= MAX_FAILURES) {
    await failAsHopeless(deps, entry, entry.submitMessage ?? '');
    return 'none';
  }
  const withoutJob = Math.min(MAX_COUNTED, (entry.withoutJob ?? 0) + 1);
  const again = { ...entry, attempts: Math.max(0, entry.attempts - 1), withoutJob, failedAlone, mayBeUnparked: true };
  const result = await resubmit(deps, again, 'the last sbatch for this task created no job');
  return result === 'unknown' ? 'none' : result;
}

/** More failures than this do not make the backoff longer. */
const MAX_COUNTED = 10;

/** Handles the outcome of sbatch. */
async function handleOutcome(
  deps: DaemonDeps,
  entry: Entry,
  outcome: SubmitOutcome,
  { read, why }: { readonly read: TaskDocument; readonly why: string | undefined },
): Promise<SubmitResult> {
  const { unixUser } = entry;
  const user = unixUser === undefined ? {} : { user: unixUser.name };
  const facts = { task: entry.task, queue: entry.queueName, ...user };
  const isStuck = (outcome.kind === 'unknown' || outcome.kind === 'unavailable') && outcome.isStuck === true;
  if (unixUser !== undefined) deps.unixUsers?.holds.ended(unixUser.name, outcome, deps.clock.now(), entry.stepAt);
  // As resubmit() does.
  const next = entry.timedOutJobs === undefined ? 'returning the task to its queue' : 'the task stays parked';
  switch (outcome.kind) {
    case 'accepted':
      deps.log.info('Submitted', { ...facts, job: outcome.jobId });
      await trackJob(deps, entry, outcome.jobId, why);
      return 'accepted';
    case 'rejected': {
      deps.log.info('Slurm rejected the job', { ...facts, slurm: outcome.message });
      const text = withOptionOriginsOf(deps, entry, describeRefusal(outcome.message, entry.queueName));
      await failParked(deps, entry, { task: read.task, reason: 'rejected by Slurm', text });
      return 'none';
    }
    case 'backpressure':
      deps.log.warn(`Slurm accepts no more jobs now; ${next}`, { ...facts, slurm: outcome.message });
      return {
        returning: entry,
        why: `Slurm accepts no more jobs now: ${outcome.message}`,
        isFull: isLimitOfJobs(outcome.message),
        isOfQueue: isLimitOfQueue(outcome.message),
      };
    case 'unavailable':
      if (outcome.isOfUser === true && deps.unixUsers !== undefined && unixUser !== undefined) {
        const what = isStuck ? 'sbatch hung as a mapped user' : 'sudo refused a submission';
        // Without the task, so that all tasks of this user give one message.
        deps.log.warn(`${what}; the user's tasks wait in their queues`, {
          ...user,
          slurm: outcome.message,
        });
        return { returning: entry, why: outcome.message, isOfUser: true };
      }
      deps.log.warn(`Slurm unreachable; ${next}`, { ...facts, slurm: outcome.message });
      return { returning: entry, why: `Slurm cannot be reached: ${outcome.message}`, isFailure: true };
    case 'unknown':
      // The job may exist: it is looked up by name before anything else is done for this task.
      deps.log.warn('Submission outcome unknown; looking up the job by name', {
        ...facts,
        slurm: outcome.message,
      });
      await deps.journal.write({ ...entry, submitMessage: outcome.message.slice(0, MAX_MESSAGE) });
      return isStuck ? 'none' : 'unknown';
  }
}

/** Journals the job as the task's, and shows it in the task. */
export async function trackJob(deps: DaemonDeps, entry: Entry, jobId: JobId, why?: string): Promise<void> {
  const { clusterName } = deps.cluster;
  const jobName = formatJobName(entry.task, entry.attempt ?? '');
  await deps.audit.write({ event: 'submitted', task: entry.task, queue: entry.queueName, job: jobId, jobName });
  await deps.journal.write({
    ...entry,
    step: 'following',
    stepAt: deps.clock.now(),
    jobId,
    ...withOwner(entry, jobId),
    // Before Slurm listed the job, a peer may have taken the task for untracked.
    ...(isLongAgo(deps, entry) ? { mayBeUnparked: true } : {}),
  });
  logToConsoleLater(deps, entry.task, { level: 'INFO', text: describeSubmitted(jobId, clusterName, entry, why) });
  const properties = { slurm_job_id: jobId, slurm_cluster: clusterName };
  await notify(deps, entry.task, () => deps.clearml.tasks.setProperties(entry.task, properties));
}
