// The status of one task for the status command, from its journal entry, its job and its state in ClearML. Pure.
import type { TaskId } from '../../clearml/ids.ts';
import type { Task } from '../../clearml/task.ts';
import { isLive } from '../../slurm/job-state.ts';
import type { Job, JobId } from '../../slurm/scheduler.ts';
import { isAskedToStop } from '../console/agent-messages.ts';
import { chooseJob } from '../decide/decide.ts';
import { isWaiting } from '../decide/waiting.ts';
import type { Entry } from '../journal/entry.ts';
import { describeEnd, describeReason, describeUnwanted } from '../console/console-messages.ts';

/** The data about one task. */
export interface KnownTask {
  readonly id: TaskId;
  /** undefined if this daemon's journal has no entry for it. */
  readonly entry: Entry | undefined;
  /** undefined if it was deleted. */
  readonly task: Task | undefined;
  readonly jobs: readonly Job[];
  readonly queueName: string | undefined;
  /** Whether ClearML and Slurm responded. */
  readonly isAsked: { readonly clearml: boolean; readonly slurm: boolean };
}

export interface StatusRow {
  readonly task: TaskId;
  readonly name: string | undefined;
  readonly queue: string | undefined;
  readonly job: JobId | undefined;
  /** Slurm's state, in capitals, if there is a job; otherwise the task's step, in lower case. */
  readonly state: string;
  /** An explanation; empty if there is nothing to explain. */
  readonly why: string;
  /** Milliseconds since 1970. */
  readonly since: number | undefined;
  readonly nodes: string | undefined;
}

/** @param now milliseconds since 1970 */
export function statusRow(known: KnownTask, now: number): StatusRow {
  const { id, entry, task, jobs, queueName } = known;
  const job = chooseJob({ jobs, task, entry: entry ?? {} });
  const about = {
    task: id,
    name: task?.name,
    queue: entry?.queueName ?? queueName,
    job: job?.id ?? entry?.jobId,
    nodes: job?.nodes,
  };
  if (job !== undefined)
    return { ...about, state: job.stateWord, why: explainJob(job, known, now), since: sinceWhen(job) };
  return { ...about, ...withoutJob(known), since: entry?.absentSince ?? entry?.stepAt };
}

function explainJob(job: Job, { entry, task, isAsked }: KnownTask, now: number): string {
  if (!isLive(job.state)) return describeEnd(job, undefined, entry?.cancelledFor);
  if (entry?.cancelledFor !== undefined) return `The job is being cancelled: ${entry.cancelledFor}.`;
  if (!isAsked.clearml) return isWaiting(job) ? describeReason(job, now) : '';
  if (task?.status === 'in_progress') {
    if (isAskedToStop(task)) return 'The task was aborted; its agent is ending it.';
    return isWaiting(job) ? 'Slurm requeued the job; the task starts from the beginning.' : '';
  }
  if (task?.status !== 'queued') return `The job is about to end: ${describeUnwanted(task)}.`;
  return isWaiting(job) ? describeReason(job, now) : 'clearml-agent is starting.';
}

function sinceWhen(job: Job): number | undefined {
  if (!isLive(job.state)) return job.endedAt;
  return isWaiting(job) ? job.submittedAt : job.startAt;
}

function withoutJob({ entry, isAsked }: KnownTask): Pick<StatusRow, 'state' | 'why'> {
  switch (entry?.step) {
    case undefined:
      return { state: 'parked', why: 'It waits in the scheduler queue for a daemon to submit it.' };
    case 'claiming':
    case 'parking':
      return { state: 'taken', why: 'It was claimed from its queue and is not submitted yet.' };
    case 'submitting':
      return {
        state: 'submitting',
        why: 'sbatch runs, or its outcome is unknown: the job is looked up by name before a retry.',
      };
    case 'orphaned':
      return {
        state: 'orphaned',
        why: 'It is in no queue; it returns to its own queue unless another daemon has claimed it.',
      };
    case 'following':
      return isAsked.slurm
        ? { state: 'absent', why: 'Slurm does not list its job; the daemon looks the job up before it acts.' }
        : { state: 'unknown', why: 'Slurm did not respond, so the state of its job is unknown.' };
  }
}
