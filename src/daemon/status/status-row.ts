// The status of one task for the status command, from its journal entry, its job and its state in ClearML. Pure.
import { capitalized } from '../../base/terminal-text.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { Task } from '../../clearml/task.ts';
import { isLive, parseJobState, isWaiting } from '../../slurm/job-state.ts';
import type { Job, JobId } from '../../slurm/scheduler.ts';
import { isAskedToStop } from '../decide/recognize-abort.ts';
import { chooseJob } from '../decide/decide.ts';
import type { Entry } from '../journal/entry.ts';
import { describeNoJob, describeReason, describeUnwanted } from '../console/console-messages.ts';
import { describeEnd } from '../end/describe-end.ts';

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
  readonly hasResponded: { readonly clearml: boolean; readonly slurm: boolean };
}

export interface StatusRow {
  readonly task: TaskId;
  readonly name: string | undefined;
  /** The name of the ClearML user who created the task, else the id; undefined if unknown. */
  readonly owner: string | undefined;
  readonly queue: string | undefined;
  readonly job: JobId | undefined;
  /** Slurm's state, in capitals, if there is a job; otherwise the task's step, in lower case. */
  readonly state: string;
  /** An explanation; empty if there is nothing to explain. */
  readonly why: string;
  /** Milliseconds since 1970. */
  readonly since: number | undefined;
  readonly nodes: string | undefined;
  /** When Slurm expects to start the waiting job; milliseconds since 1970. */
  readonly startsAt: number | undefined;
}

/** Where a task is on its path, for counts: `waiting` in its queue, `pending` in Slurm, `ending` after its job. */
export const PHASES = ['waiting', 'claimed', 'submitting', 'pending', 'running', 'ending', 'unclear'] as const;
export type Phase = (typeof PHASES)[number];

/** The phase of an active task; never `waiting`. */
export function phaseOf({ state }: Pick<StatusRow, 'state'>): Phase {
  switch (state) {
    case 'taken':
    case 'parked':
      return 'claimed';
    case 'submitting':
      return 'submitting';
    case 'orphaned':
    case 'absent':
    case 'unknown':
      return 'unclear';
  }
  const job = parseJobState(state);
  if (job === 'UNKNOWN') return 'unclear';
  if (isWaiting({ state: job })) return 'pending';
  return isLive(job) && job !== 'COMPLETING' ? 'running' : 'ending';
}

/** @param now milliseconds since 1970 */
export function statusRow(known: KnownTask, now: number): StatusRow {
  const { id, entry, task, jobs, queueName } = known;
  const job = chooseJob({ jobs, task, entry: entry ?? {} });
  const about = {
    task: id,
    name: task?.name,
    owner: entry?.origin?.userName ?? task?.user,
    queue: entry?.queueName ?? queueName,
    job: job?.id ?? entry?.jobId,
    nodes: job?.nodes,
    startsAt: job !== undefined && isWaiting(job) ? expectedStart(job, now) : undefined,
  };
  if (job !== undefined)
    return { ...about, state: job.stateWord, why: explainJob(job, known, now), since: sinceWhen(job) };
  return { ...about, ...withoutJob(known), since: entry?.absentSince ?? entry?.stepAt };
}

/** Slurm's estimate, unless it has passed. */
function expectedStart({ startAt }: Job, now: number): number | undefined {
  return startAt !== undefined && startAt > now ? startAt : undefined;
}

function explainJob(job: Job, { entry, task, hasResponded }: KnownTask, now: number): string {
  if (!isLive(job.state)) return describeEnd(job, undefined, entry?.cancelledFor);
  if (entry?.cancelledFor !== undefined) return `The job is being cancelled: ${entry.cancelledFor}.`;
  if (!hasResponded.clearml) return isWaiting(job) ? describeReason(job, now) : '';
  if (task?.status === 'in_progress') {
    if (isAskedToStop(task)) return 'The task was aborted; its agent is ending it.';
    return isWaiting(job) ? 'Slurm requeued the job; the task starts from the beginning.' : '';
  }
  if (task?.status !== 'queued') return `${capitalized(describeUnwanted(task))}; the job is ending.`;
  return isWaiting(job) ? describeReason(job, now) : 'clearml-agent is starting.';
}

function sinceWhen(job: Job): number | undefined {
  if (!isLive(job.state)) return job.endedAt;
  return isWaiting(job) ? job.submittedAt : job.startAt;
}

function withoutJob({ entry, hasResponded }: KnownTask): Pick<StatusRow, 'state' | 'why'> {
  switch (entry?.step) {
    case undefined:
      return { state: 'parked', why: 'The task waits in the scheduler queue until a daemon submits it.' };
    case 'claiming':
    case 'parking':
      return { state: 'taken', why: 'The daemon has claimed the task and not yet submitted it.' };
    case 'submitting':
      return {
        state: 'submitting',
        why:
          entry.told.noJob === true && entry.submitMessage !== undefined
            ? describeNoJob(entry.submitMessage)
            : 'sbatch is running, or its outcome is unknown; the daemon looks up the job by name before it submits again.',
      };
    case 'orphaned':
      return {
        state: 'orphaned',
        why: 'The task is in no queue; the daemon returns it to its queue unless another daemon has claimed it.',
      };
    case 'following':
      return hasResponded.slurm
        ? { state: 'absent', why: 'Slurm does not list the job; the daemon looks up the job before it acts.' }
        : { state: 'unknown', why: 'Slurm did not respond, so the state of the job is unknown.' };
  }
}
