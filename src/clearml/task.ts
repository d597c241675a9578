// A ClearML task as far as we read it: the few fields that following needs, and the whole document for templates.
import type { QueueId, TaskId } from './ids.ts';

export const TASK_STATUSES = [
  'created',
  'queued',
  'in_progress',
  'stopped',
  'completed',
  'failed',
  'closed',
  'publishing',
  'published',
  'unknown',
] as const;

export type TaskStatus = (typeof TASK_STATUSES)[number];

/** What following reads of a task. Times are milliseconds since 1970. */
export interface Task {
  readonly id: TaskId;
  readonly name: string;
  readonly status: TaskStatus;
  readonly statusReason: string;
  readonly statusMessage: string;
  readonly statusChanged: number | undefined;
  readonly lastUpdate: number | undefined;
  readonly lastWorker: string | undefined;
  readonly user: string | undefined;
  readonly executionQueue: QueueId | undefined;
  readonly archived: boolean;
  /** The user property `slurm_job_id`: the last job that was submitted for this task, or for the one it was cloned from. */
  readonly slurmJob: string | undefined;
  /** How long its agent waits for the task's own callback once it is aborted, where it has registered one. */
  readonly abortCallbackMs: number | undefined;
}

/** A task as `tasks.get_by_id` returns it: the typed part, and everything as it came. */
export interface TaskDocument {
  readonly task: Task;
  readonly document: Readonly<Record<string, unknown>>;
}
