// The observation: everything that one pass knows about one task, and the only input of the decision table.
import type { Task } from '../../clearml/task.ts';
import type { Job, JobId, JobRecord } from '../../slurm/scheduler.ts';
import type { Entry } from '../journal/entry.ts';

/**
 * Where the task's queue entry is: in the scheduler queue (`parked`), in the queue it came from, in another queue, or nowhere. A task
 * is nowhere if a job has taken it, or if it is an orphan. A queued task whose `execution.queue` is another queue counts as there, even
 * if it was claimed from there a moment ago. `unknown`: not found, but some entries could not be read.
 */
export type Place = 'parked' | 'own queue' | 'another queue' | 'nowhere' | 'unknown';

/** How long each condition may last before the daemon acts on it, in milliseconds. */
export interface GracePeriods {
  /** After this, a running job whose task is still queued causes a warning. */
  readonly startMs: number;
  /** How long after a job's end the daemon waits for the status that the agent sets. */
  readonly endMs: number;
  /** How long an agent may take to end an aborted task before its job is cancelled. */
  readonly stopMs: number;
  /** How long the task's abort callback may take at most, before that period. */
  readonly abortCallbackMaxMs: number;
  /** How long a job may be absent from Slurm, or an agent silent, before it counts as lost. */
  readonly absentMs: number;
  /** How long a job may wait for a reason that never clears before its task fails; undefined: no limit. */
  readonly neverStartsMs?: number | undefined;
}

export interface Observation {
  readonly entry: Entry;
  /** Every job that Slurm lists under this task's job names, of any attempt. */
  readonly jobs: readonly Job[];
  /** undefined if the task was deleted. */
  readonly task: Task | undefined;
  readonly place: Place;
  /** Whether it has an entry in the scheduler queue, even if it has another entry elsewhere. */
  readonly hasEntry?: boolean;
  /** When its entry was put into the scheduler queue, by the server's clock. */
  readonly parkedAt?: number | undefined;
  /** The scheduler queue was deleted with all its entries: that says nothing about one task. */
  readonly isQueueGone?: boolean;
  /** Other daemons serve or served this cluster: one of them may have removed the entry to return the task to its queue. */
  readonly hasPeers?: boolean;
  /** How many jobs of a task of this queue may reach their time limit before the task fails; without it, none. */
  readonly resubmitOnTimeout?: number | undefined;
  /** Identifies the jobs that this daemon submitted. */
  readonly mark?: string;
  /** Slurm's record of an ended or pending job, requested by the action `read-record`. */
  readonly record?: JobRecord | 'gone';
  /**
   * Ended jobs of the task that found the gate closed in their only start, as their records show: a doubled sbatch makes two jobs, and only
   * the end of the other one says something about the task.
   */
  readonly foundGateClosed?: readonly JobId[];
  /** Whether the script of the job began in its last start, as far as its log shows; requested by the action `read-log`. */
  readonly hasBegun?: boolean | 'unknown';
  /** Set after the accounting lookup of a job that is absent from squeue; `jobs` then holds its result. */
  readonly lookedUp?: boolean;
  readonly now: number;
  readonly gracePeriods: GracePeriods;
}
