// Chooses the cause of an ended attempt for the history, such as `timeout`, and explains it for the status. Pure; each row has a test.
import type { Task } from '../../clearml/task.ts';
import { CAUSES, type CauseOfEnd } from '../../history/ended-attempt.ts';
import type { JobState } from '../../slurm/job-state.ts';
import type { Job } from '../../slurm/scheduler.ts';
import type { Action } from '../decide/action.ts';
import { isSetByAgent, parseExitCode } from '../decide/recognize-agent-messages.ts';
import { meaningOf, type StatusReason } from './status-reasons.ts';

/** The actions after which the attempt of the entry is over. */
export type LastAction = Extract<Action['do'], 'end' | 'dequeue' | 'resubmit' | 'return-to-queue' | 'forget'>;

export interface EndOfAttempt {
  readonly action: LastAction;
  /** Of the action `end`. */
  readonly reason?: StatusReason | undefined;
  /** undefined if it was deleted. */
  readonly task: Pick<Task, 'status'> | undefined;
  /** undefined if Slurm does not list it. */
  readonly job: Pick<Job, 'state'> | undefined;
}

const BY_STATE: Partial<Record<JobState | 'UNKNOWN', CauseOfEnd>> = {
  TIMEOUT: 'timeout',
  DEADLINE: 'timeout',
  OUT_OF_MEMORY: 'out of memory',
  NODE_FAIL: 'node failure',
  BOOT_FAIL: 'node failure',
  PREEMPTED: 'preempted',
};

export function historyCauseOf(end: EndOfAttempt): CauseOfEnd {
  switch (end.action) {
    case 'dequeue':
      return 'withdrawn';
    case 'resubmit':
      return end.job?.state === 'TIMEOUT' ? 'timeout' : 'retried';
    case 'return-to-queue':
      return 'retried';
    case 'end':
      return (
        meaningOf(end.reason ?? '').cause ??
        byState(end) ??
        (end.task?.status === 'queued' ? 'never started' : 'failed')
      );
    case 'forget':
      return byStatus(end);
  }
}

/** The agent or a user set the status. */
function byStatus(end: EndOfAttempt): CauseOfEnd {
  switch (end.task?.status) {
    case 'completed':
    case 'published':
    case 'publishing':
    case 'closed':
      return 'completed';
    case 'failed':
      return byState(end) ?? 'failed';
    case 'stopped':
      return 'aborted';
    default:
      return 'withdrawn';
  }
}

function byState({ job }: EndOfAttempt): CauseOfEnd | undefined {
  return job === undefined ? undefined : BY_STATE[job.state];
}

/**
 * Why a task did not complete, as its status shows it, or its cause if the agent set the status.
 * @param cause undefined if the history has none
 */
export function explainEnd(cause: CauseOfEnd | undefined, task: Pick<Task, 'statusReason' | 'statusMessage'>): string {
  if (!isSetByAgent(task)) return task.statusMessage;
  if (cause !== undefined && cause !== 'failed') return `${CAUSES[cause]}.`;
  const code = parseExitCode(task);
  if (code === undefined) return task.statusReason;
  return code < 0
    ? `The task's process was killed by signal ${-code}.`
    : `The task's process exited with code ${code}.`;
}
