// The messages in a task's console, except those of end/describe-end.ts. Each names the job, the fact, and the next step.
import { formatDuration } from '../../base/format-duration.ts';
import { LIMIT_SETTINGS, LIMIT_UNITS } from '../../base/job-limits.ts';
import { limitText } from '../../base/truncate-text.ts';
import type { ConsoleLevel } from '../../clearml/client.ts';
import type { Task } from '../../clearml/task.ts';
import { explainReason } from '../../slurm/reasons/explain-reason.ts';
import { explainWait, whatItWaitsFor } from '../../slurm/reasons/explain-wait.ts';
import { refusedOptions } from '../../slurm/sbatch-errors.ts';
import type { Job, JobId } from '../../slurm/scheduler.ts';
import type { HeldTask } from '../claim/plan-claims.ts';
import type { HoldReason } from '../claim/hold-reasons.ts';
import type { Pause } from '../pause/pauses-file.ts';

export function describeClaimed(queueName: string, { version, worker }: { version: string; worker: string }): string {
  return `Claimed from queue "${queueName}" by clearml-agent-slurm ${version} (${worker}).`;
}

/** @param why the reason for another attempt */
export function describeSubmitted(
  id: JobId,
  clusterName: string,
  { attempts }: { attempts: number },
  why?: string,
): string {
  const count = attempts > 1 ? ` (attempt ${attempts})` : '';
  const submitted = `as Slurm job ${id} to cluster "${clusterName}"${count}`;
  if (why === undefined) return `Submitted ${submitted}.`;
  // After a timeout the count begins again.
  return `${attempts > 1 ? 'Submitted' : 'Submitted again'} ${submitted}: ${why}.`;
}

/** Shown when the daemon that submitted the job is gone and this daemon adopts the job. */
export function describeOthersJob(id: JobId): string {
  return `Slurm job ${id} belongs to another Unix user, and that user's daemon has ended. This daemon tracks the job, but only that user or a cluster admin can cancel it.`;
}

/** @param output of sbatch */
export function describeRefusal(output: string, queueName: string): string {
  return `Slurm rejected the job: ${output}. ${adviseOnRefusal(refusedOptions(output), queueName)}`;
}

function adviseOnRefusal(options: readonly string[], queueName: string): string {
  const template = `the template of queue "${queueName}"`;
  if (options.some((option) => option.startsWith('--container'))) {
    return `sbatch has no Pyxis plugin here. Use --singularity-mode with a template written for it, or use --srun-delegation and move the --container options of ${template} into an srun() function.`;
  }
  if (options.length === 0) return `Change the user property that sets the rejected value, or edit ${template}.`;
  return `Change the user property that sets ${options.join(', ').replace(/, (?=[^,]*$)/, ' or ')}, or edit ${template}.`;
}

/** @param output what sbatch printed */
export function describeNoJob(output: string): string {
  return `sbatch failed and created no job: ${output.replace(/\.$/, '')}. The daemon retries; if this lasts, ask its administrator.`;
}

/** @param output what sbatch printed */
export function describeHopeless(output: string): string {
  return `sbatch failed each time for this task, while Slurm accepted the jobs of other tasks. The last failure: ${output.replace(/\.$/, '')}. Change the task, or ask the daemon's administrator.`;
}

const RETURNED = 'Returned to the front of queue ';

/** The same in version 0.1.0, whose messages are still on tasks after an upgrade. */
const RETURNED_BY_0_1 = 'Back at the front of queue ';

export function describeReturned(queueName: string, why: string): string {
  return `${RETURNED}"${queueName}": ${why}.`;
}

/** Whether a task's status message says that a daemon returned it to its queue, and no user has enqueued it since. */
export function isReturnedToQueue(statusMessage: string): boolean {
  return [RETURNED, RETURNED_BY_0_1].some((text) => statusMessage.startsWith(text));
}

const ORPHAN = 'The task was in no queue; daemon ';

/** Status message of an orphan. Names the daemon, so that another daemon does not take the message for its own. */
export function describeOrphan({ worker, mark }: { readonly worker: string; readonly mark: string }): string {
  return `${ORPHAN}${worker} (${mark}) returns it to its queue.`;
}

/** Whether a task's status message is that of an orphan that this daemon has found. */
export function isOrphanMessage(statusMessage: string, { mark }: { readonly mark: string }): boolean {
  return statusMessage.startsWith(ORPHAN) && statusMessage.includes(`(${mark})`);
}

const HELD = 'Waits in queue "';

/** Why a task waits in its queue although the cluster accepts jobs. */
export function describeHold({ queue, why, before, isOfOwner }: HeldTask): string {
  const tasks = `${before} ${before === 1 ? 'task' : 'tasks'}${isOfOwner ? ' of the same user' : ''}`;
  const place = before === 0 ? 'This task is next.' : `${tasks} ${before === 1 ? 'is' : 'are'} ahead of this task.`;
  // It may wait for long, while tasks behind it are claimed.
  return `${HELD}${queue.name}": ${describeHoldReason(why)}.${why.kind === 'job' ? '' : ` ${place}`}`;
}

/** Whether a task's status message says that a limit, a pause, Slurm, sudo or an earlier job holds it. */
export function isHeldMessage(statusMessage: string): boolean {
  return statusMessage.startsWith(HELD);
}

/** Why the task with this status message waits in its queue: what holds it, or why it was returned. Empty if neither is known. */
export function parseHold(statusMessage: string): string {
  const isKnown = isHeldMessage(statusMessage) || isReturnedToQueue(statusMessage);
  return isKnown ? statusMessage.slice(statusMessage.indexOf('": ') + 3) : '';
}

/** Why a task waits, as a clause. */
export function describeHoldReason(why: HoldReason): string {
  switch (why.kind) {
    case 'pause':
      return describePause(why.pause);
    case 'limit':
      return describeLimit(why);
    case 'refused':
      return `Slurm accepts no more jobs of ${why.unixUser === undefined ? 'the Unix user of the daemon' : `Unix user ${why.unixUser}`} in this queue now; the daemon retries`;
    case 'job':
      return describeEarlierJob(why);
    case 'unlisted':
      return `squeue as Unix user ${why.unixUser} fails or hangs, so this user's tasks may have jobs; the daemon retries`;
    case 'sudo':
      if (why.isStuck === true)
        return `sbatch as Unix user ${why.unixUser} hangs, perhaps because this user's processes are stopped; the daemon retries`;
      return `sudo refuses the jobs of Unix user ${why.unixUser}; the daemon retries, and its administrator can run clearml-agent-slurm doctor`;
  }
}

/** The pause as a sentence for administrators. @param paused the word "paused", perhaps in color */
export function explainPause({ queue, since, until, reason, by }: Pause, paused = 'paused'): string {
  const what = queue === null ? 'All queues are' : `Queue ${queue} is`;
  const start = ` since ${formatTime(since)}${until === null ? '' : ` until ${formatTime(until)}`}`;
  return `${what} ${paused}${start}${by === undefined ? '' : ` by ${by}`}${reason === '' ? '' : ` (${reason})`}: no task is claimed.`;
}

export const PAUSES_UNREADABLE =
  'The pauses cannot be read, so no task is claimed. To end all of them, run clearml-agent-slurm resume.';

function describeEarlierJob({ job, state }: Extract<HoldReason, { readonly kind: 'job' }>): string {
  const advice = "if this lasts, ask the cluster's admins";
  if (job === undefined) return `an earlier job of the task has not ended; ${advice}`;
  return `earlier job ${job} of the task ${state === undefined ? 'may not have ended' : `has not ended (${state})`}; ${advice}`;
}

function describePause({ queue, until, reason }: Pause): string {
  const end = until === null ? '' : ` until ${formatTime(until)}`;
  return `the ${queue === null ? 'cluster' : 'queue'} is paused${end}${reason === '' ? '' : ` (${reason})`}`;
}

function describeLimit({ of, name, limit }: Extract<HoldReason, { readonly kind: 'limit' }>): string {
  const setting = LIMIT_SETTINGS[name];
  const most = `${limit} ${LIMIT_UNITS[name]}${limit === 1 ? '' : 's'}`;
  if (name === 'maxJobsPerUser')
    return `each user may have only ${most} ${of === 'queue' ? 'in this queue' : 'on the cluster'} (${setting})`;
  return `the ${of} has the maximum of ${most} (${setting})`;
}

/** Returns why the task must not run in its job any more. Archiving ends a queued or running task. */
export function describeUnwanted(task: Task | undefined): string {
  if (task === undefined) return 'the task was deleted';
  if (task.archived && task.status !== 'queued') return 'the task was archived';
  switch (task.status) {
    case 'queued':
      return 'the task was enqueued again';
    case 'created':
      return 'the task is a draft again';
    case 'stopped':
      return 'the task was aborted';
    case 'failed':
    case 'completed':
      return `the task has already ${task.status}`;
    default:
      return `the task is ${task.status}`;
  }
}

export interface WaitMessage {
  /** Changes if and only if the text should be shown again. */
  readonly key: string;
  readonly level: ConsoleLevel;
  readonly text: string;
}

/** Returns that a job waits, and why. */
export function describeWait(job: Job, now: number): WaitMessage {
  return {
    // The estimated start changes with every scheduling cycle, so it is not part of the key.
    key: `${job.id}:${job.partition}:${whatItWaitsFor(job)}`,
    level: explainWait(job).class === 'waits' ? 'INFO' : 'WARNING',
    text: `Slurm job ${job.id} waits in partition ${job.partition}: ${describeReason(job, now)}`,
  };
}

/** Returns what a key shows that the console has shown about this job; undefined for a key of another job or partition. */
export function parseWaitKey({ id, partition }: Job, key = ''): string | undefined {
  const prefix = `${id}:${partition}:`;
  return key.startsWith(prefix) ? key.slice(prefix.length) : undefined;
}

/** Explains why a job waits, with Slurm's estimated start if it has one. */
export function describeReason(job: Job, now: number): string {
  const { id, reason, startAt } = job;
  const { explanation, advice } = explainWait(job);
  const start =
    startAt !== undefined && startAt > now ? ` Slurm expects to start it around ${formatTime(startAt)}.` : '';
  return `${explanation}${reason === undefined ? '' : ` (${limitText(reason, 'slurmReason')})`}.${start}${advice === undefined ? '' : ` ${advice.replaceAll('JOBID', id)}`}`;
}

/** Shown when a job that cannot start has waited long enough. */
export function describeCannotStart({ id, partition, reason }: Job, forMs: number): string {
  const { explanation, advice = '' } = explainReason(reason);
  const waited = `after waiting for ${formatDuration(forMs)}, it still cannot start`;
  return `Cancelling Slurm job ${id} in partition ${partition}: ${waited}, because ${explanation} (${reason}). ${advice}`;
}

/** @param isAgain Slurm requeued it after an earlier start was shown */
export function describeStart(job: Job, isAgain: boolean): string {
  return `Slurm job ${job.id} started${isAgain ? ' again' : ''} in partition ${job.partition}${onNodes(job)}.`;
}

export function describeSlowStart(job: Job, runningForMs: number): string {
  return `Slurm job ${job.id} has been running for ${formatDuration(runningForMs)}${onNodes(job)}, but clearml-agent has not started the task. The job may still be installing packages: see its log on the cluster.`;
}

/** Shown when Slurm has stopped the processes of a job, and keeps them. */
export function describeSuspended(job: Job): string {
  return `Slurm has suspended job ${job.id}${onNodes(job)}, for example to run jobs of higher priority. The task continues when Slurm resumes the job. If the task reports nothing for two hours, the ClearML server stops it.`;
}

export const ABORT_REPEATED =
  'The abort was lost because clearml-agent was still starting the task. The daemon has aborted the task again.';

/** ` on n[1-2]`, or nothing if the nodes are unknown. */
export function onNodes({ nodes }: Job): string {
  return nodes === undefined ? '' : ` on ${nodes}`;
}

/** Formats a time (milliseconds since 1970) in UTC, to the minute. */
export function formatTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
