// A ClearML task: the fields that tracking needs, and the whole document for templates.
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

export const QUEUED_OR_RUNNING = ['queued', 'in_progress'] as const satisfies readonly TaskStatus[];

/** False for a deleted task. */
export function isQueuedOrRunning(task: Pick<Task, 'status'> | undefined): boolean {
  return QUEUED_OR_RUNNING.some((status) => task?.status === status);
}

/** The fields that tracking needs. Times are milliseconds since 1970. */
export interface Task {
  readonly id: TaskId;
  readonly name: string;
  readonly status: TaskStatus;
  readonly statusReason: string;
  readonly statusMessage: string;
  readonly statusChanged: number | undefined;
  /** When its run began. The server keeps it as long as the task is in progress, and a reset clears it. */
  readonly started: number | undefined;
  readonly lastUpdate: number | undefined;
  readonly lastWorker: string | undefined;
  readonly user: string | undefined;
  readonly executionQueue: QueueId | undefined;
  readonly archived: boolean;
  /** The user property `slurm_job_id`: the last job submitted for this task, or for the task it was cloned from. */
  readonly slurmJob: string | undefined;
  /** The user property `slurm_cluster`: Slurm's name of the cluster of that job. */
  readonly slurmCluster: string | undefined;
  /** The user property `slurm_cancelled`: which jobs of the task a daemon cancelled, and why. */
  readonly slurmCancelled: string | undefined;
  /** How long the agent waits for the task's abort callback, if the task registered one. */
  readonly abortCallbackMs: number | undefined;
}

/** A task from `tasks.get_by_id`: the parsed fields, and the document as received. */
export interface TaskDocument {
  readonly task: Task;
  readonly document: Readonly<Record<string, unknown>>;
}
