// The actions that a decision can return; reconcile/act.ts carries them out.
import type { ConsoleLevel } from '../../clearml/client.ts';
import type { JobId } from '../../slurm/scheduler.ts';
import type { StatusReason } from '../end/status-reasons.ts';
import type { Entry } from '../journal/entry.ts';

/** How to end a task whose agent did not end it. */
export interface Ending {
  /** `completed by the log` means: completed if the job's log shows that the agent finished, otherwise failed. */
  readonly status: 'failed' | 'stopped' | 'completed by the log';
  /** Short, for `status_reason`. */
  readonly reason: StatusReason;
  /** For the console and, truncated, for `status_message`. */
  readonly text: string;
  /** Appended to `text` if the log has no known message. */
  readonly guess?: string;
  /** Whether to show the last lines of the job's log. */
  readonly withLog: boolean;
  /** Whether to search the log for the rank that failed first. */
  readonly namesRank?: boolean;
  /** Replaces this ending if the log shows that Slurm cancelled the job at its memory limit. */
  readonly atMemoryLimit?: Ending;
}

/** Why a task that a job had started waits again. */
export type AfterStart = Extract<StatusReason, 'requeued by Slurm' | 'time limit' | 'cancelled extra job'>;

export type Action =
  /** Update the journal entry. */
  | { readonly do: 'note'; readonly patch: Partial<Entry> }
  /** Write a line to the task's console, and one about what the end of the job's log shows. */
  | {
      readonly do: 'log';
      readonly level: ConsoleLevel;
      readonly text: string;
      /** Whether to search the log for the rank that failed first. */
      readonly namesRank?: boolean;
      /** The cause of the failure. */
      readonly withAdvice?: boolean;
      /** The ranks that did not run. */
      readonly withIdleRanks?: boolean;
    }
  /** Show why the task waits, in its status message. Only for a queued task. */
  | { readonly do: 'show-status'; readonly text: string }
  /** Request once more that the agent of a task in progress ends it, as its user did. */
  | { readonly do: 'repeat-abort' }
  | { readonly do: 'cancel'; readonly jobIds: readonly JobId[]; readonly why: string }
  /** Remove the task's entry from the scheduler queue, so that no job runs it from there. */
  | { readonly do: 'remove-entry' }
  | { readonly do: 'end'; readonly ending: Ending }
  /** Park the task again although a job of it had started. */
  | { readonly do: 'park-again'; readonly from: 'in_progress' | 'stopped'; readonly after: AfterStart }
  /** Return the task to the front of its queue. */
  | { readonly do: 'return-to-queue'; readonly why: string }
  /** Dequeue the task, because a user removed it from the scheduler queue. */
  | { readonly do: 'dequeue'; readonly text: string }
  /** Make a new attempt, if the task is still parked. */
  | { readonly do: 'resubmit'; readonly why: string }
  /** Decide again with Slurm's record of this job. */
  | { readonly do: 'read-record'; readonly jobId: JobId }
  /** Decide again with whether the job's log shows that its script began. */
  | { readonly do: 'read-log'; readonly jobId: JobId }
  /** Decide again with the accounting data of the job. */
  | { readonly do: 'look-up' }
  | { readonly do: 'forget' };

export function findAction<What extends Action['do']>(
  actions: readonly Action[],
  what: What,
): Extract<Action, { do: What }> | undefined {
  return actions.find((action): action is Extract<Action, { do: What }> => action.do === what);
}
