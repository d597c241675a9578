// Everything that one round knows about one task: what a decision is made from, and nothing else.
import type { Task } from '../../clearml/task.ts';
import type { Job, JobRecord } from '../../slurm/scheduler.ts';
import type { Entry } from '../journal/entry.ts';

/**
 * Where the task's queue entry is: in the scheduler queue (`parked`), in the queue it came from, in any other, or in none.
 * In none is a task that a job has taken, or an orphan. A queued task whose `execution.queue` is another one counts as there,
 * also when somebody has taken it from there a moment ago. Unknown is one that was not found where not every entry could be read.
 */
export type Place = 'parked' | 'own queue' | 'another queue' | 'nowhere' | 'unknown';

/** How long each thing may take before we act on it, in milliseconds. */
export interface GracePeriods {
  /** A running job whose task is still queued is warned about after this. */
  readonly startMs: number;
  /** How long after a job's end the agent's own word about the task is awaited. */
  readonly endMs: number;
  /** How long an agent may take to end a task that the user aborted, before its job is cancelled. */
  readonly stopMs: number;
  /** How long the task's own abort callback may take at most, before that. */
  readonly abortCallbackMaxMs: number;
  /** How long a job may be missing from Slurm, or an agent silent, before it is given up. */
  readonly absentMs: number;
  /** How long a job may wait for a reason for which it never starts, before its task fails; undefined: for ever. */
  readonly neverStartsMs?: number | undefined;
}

export interface Observation {
  readonly entry: Entry;
  /** Every row that Slurm shows under this task's job names, whatever the attempt. */
  readonly jobs: readonly Job[];
  /** undefined when the task was deleted. */
  readonly task: Task | undefined;
  readonly place: Place;
  /** It has an entry in the scheduler queue, wherever else it may have one. */
  readonly hasEntry?: boolean;
  /** The scheduler queue is gone, and with it every entry: that says nothing about a single task. */
  readonly isQueueGone?: boolean;
  /** Other daemons serve this cluster, or did: one of them may have taken the entry, to return the task to its queue. */
  readonly hasPeers?: boolean;
  /** By which the jobs that this daemon submitted are known. */
  readonly mark?: string;
  /** Slurm's record of the job that ended; asked for by the action `ask-record`. Of one that waits too. */
  readonly record?: JobRecord | 'gone';
  /** Set once accounting was asked about a job that is absent from squeue; `jobs` then holds its answer. */
  readonly lookedUp?: boolean;
  readonly now: number;
  readonly gracePeriods: GracePeriods;
}
