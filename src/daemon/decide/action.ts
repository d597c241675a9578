// What a decision can ask for. Doing it is somebody else's work.
import type { ConsoleLevel } from '../../clearml/client.ts';
import type { JobId } from '../../slurm/scheduler.ts';
import type { Entry } from '../journal/entry.ts';

/** How a task is to be ended when its agent did not end it. */
export interface Ending {
  /** `by the log` means: completed if the job's log shows that the agent finished, else failed. */
  readonly status: 'failed' | 'stopped' | 'completed by the log';
  /** Short, for `status_reason`. */
  readonly reason: string;
  /** Sentences for the console and, shortened, `status_message`. */
  readonly text: string;
  /** What stands behind that where the log has none of the words that are known to us. */
  readonly guess?: string;
  /** Whether the last lines of the job's log are shown. */
  readonly withLog: boolean;
  /** Whether the log is searched for the rank that was the first to end badly. */
  readonly namesRank?: boolean;
}

export type Action =
  /** Remember this in the journal. */
  | { readonly do: 'note'; readonly patch: Partial<Entry> }
  /** A line in the task's console; with advice, what the end of the job's log tells of why it failed. */
  | { readonly do: 'log'; readonly level: ConsoleLevel; readonly text: string; readonly withAdvice?: boolean }
  /** Why it waits, in the task's status message. Only for a task that is queued. */
  | { readonly do: 'show-status'; readonly text: string }
  | { readonly do: 'cancel'; readonly jobIds: readonly JobId[]; readonly why: string }
  /** Take the task's entry out of the scheduler queue: nobody runs it from there. */
  | { readonly do: 'remove-entry' }
  | { readonly do: 'end'; readonly ending: Ending }
  /** Back into the scheduler queue after Slurm put the job back. */
  | { readonly do: 'park-again'; readonly from: 'in_progress' | 'stopped' }
  /** Back to the front of its own queue. */
  | { readonly do: 'return-to-queue'; readonly why: string }
  /** What it was before it was enqueued, since a user took it out of the scheduler queue. */
  | { readonly do: 'dequeue'; readonly text: string }
  /** A new attempt, if the task is still parked. */
  | { readonly do: 'resubmit'; readonly why: string }
  /** Decide again with Slurm's record of this job. */
  | { readonly do: 'read-record'; readonly jobId: JobId }
  /** Decide again with what accounting says of the job. */
  | { readonly do: 'look-up' }
  | { readonly do: 'forget' };
