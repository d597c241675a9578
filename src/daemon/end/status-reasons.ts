// The table of reasons why the daemon changes the status of a task: the decision table, the audit log and the history read it.
import type { Task } from '../../clearml/task.ts';
import type { CauseOfEnd } from '../../history/ended-attempt.ts';
import type { Asker } from '../audit/audit-line.ts';

interface Meaning {
  /** Of whom the daemon does the will; the audit log has it. */
  readonly by: Asker;
  /** The cause of the end in the history; undefined if the state of the job determines it, or if the task does not end. */
  readonly cause?: CauseOfEnd;
}

/** Stays on the task until its next status change, whatever its status message says meanwhile. */
export const FOUND_IN_NO_QUEUE = 'found in no queue';

/** By the text for `status_reason` in ClearML. */
const STATUS_REASONS = {
  aborted: { by: 'user', cause: 'aborted' },
  // The daemon cancelled the job, because the task was aborted or taken from its queue.
  cancelled: { by: 'daemon', cause: 'aborted' },
  'cancelled in Slurm': { by: 'slurm', cause: 'cancelled' },
  // Also of a job whose state is CANCELLED.
  'Slurm OUT_OF_MEMORY': { by: 'daemon', cause: 'out of memory' },
  unreadable: { by: 'daemon', cause: 'rejected' },
  template: { by: 'daemon', cause: 'rejected' },
  'no Unix user': { by: 'daemon', cause: 'rejected' },
  'rejected by Slurm': { by: 'daemon', cause: 'rejected' },
  'never starts': { by: 'daemon', cause: 'never started' },
  'too many attempts': { by: 'daemon', cause: 'never started' },
  'job lost': { by: 'daemon', cause: 'lost' },
  'queue deleted': { by: 'daemon', cause: 'withdrawn' },
  'requeued by Slurm': { by: 'daemon' },
  'time limit': { by: 'daemon' },
  // Slurm had started an extra job of the task before the daemon could cancel it.
  'cancelled extra job': { by: 'daemon' },
  'removed from the scheduler queue': { by: 'user' },
  'returned to its queue': { by: 'daemon' },
  [FOUND_IN_NO_QUEUE]: { by: 'daemon' },
} as const satisfies Readonly<Record<string, Meaning>>;

/** One of the table, or Slurm's state of a job that ended before its task. */
export type StatusReason = keyof typeof STATUS_REASONS | `Slurm ${string}`;

/** Whether a daemon gave this reason for the last change of a task that has not ended. */
export function isReasonOfDaemon(reason: string): boolean {
  return Object.hasOwn(STATUS_REASONS, reason);
}

/** What the reason means. Of a text that is not in the table, such as another client's, nothing is known. */
export function meaningOf(reason: string): Meaning {
  const known: Readonly<Record<string, Meaning>> = STATUS_REASONS;
  return (Object.hasOwn(known, reason) ? known[reason] : undefined) ?? { by: 'daemon' };
}

/** Whether the task failed before it had a job: its user property `slurm_job_id` is then missing, or that of an earlier run. */
export function isRejected({ status, statusReason }: Pick<Task, 'status' | 'statusReason'>): boolean {
  return status === 'failed' && meaningOf(statusReason).cause === 'rejected';
}

/** The job of the last run of the task, as its user property shows it. */
export function lastJobOf(task: Pick<Task, 'status' | 'statusReason' | 'slurmJob'>): string | undefined {
  return isRejected(task) ? undefined : task.slurmJob;
}
