// What keeps tasks in their queues: limits with their use, pauses, refusals, and jobs that have not ended.
import type { Limits } from '../../base/job-limits.ts';
import type { JobState } from '../../slurm/job-state.ts';
import type { JobId } from '../../slurm/scheduler.ts';
import type { Pause } from '../pause/pauses-file.ts';

/** A limit that is reached, a pause, Slurm or sudo that refuses the jobs of a Unix user, an sbatch or squeue that hangs, or an earlier job of the task. */
export type HoldReason =
  /** `unixUser` is undefined for the user of the daemon. */
  | { readonly kind: 'refused'; readonly unixUser: string | undefined }
  | { readonly kind: 'sudo'; readonly unixUser: string; readonly isStuck?: true }
  /** The jobs of this Unix user could not be listed. */
  | { readonly kind: 'unlisted'; readonly unixUser: string }
  /** `state` is undefined if Slurm does not list the job; both are undefined for several tasks. */
  | { readonly kind: 'job'; readonly job?: JobId | undefined; readonly state?: JobState | undefined }
  | { readonly kind: 'pause'; readonly pause: Pause }
  | { readonly kind: 'limit'; readonly of: 'cluster' | 'queue'; readonly name: keyof Limits; readonly limit: number };

export interface LimitUse {
  readonly name: keyof Limits;
  readonly limit: number;
  /** The jobs, nodes or GPUs that count; with `maxJobsPerUser`, those of the user with the most. */
  readonly used: number;
  /** How many users have reached `maxJobsPerUser`; undefined for other limits. */
  readonly usersAtLimit: number | undefined;
}

export interface QueueHolds {
  readonly queue: string;
  readonly limits: readonly LimitUse[];
  /** Of the queue, else of the cluster. */
  readonly pause: Pause | undefined;
  /** Until when no task is claimed because Slurm refused the last job of the queue; milliseconds since 1970. */
  readonly refusedUntil?: number | undefined;
  /** The tasks that wait in the queue by the reason that holds them. */
  readonly held: readonly { readonly why: HoldReason; readonly tasks: number }[];
}

export interface Holds {
  /** Of the cluster. */
  readonly limits: readonly LimitUse[];
  readonly queues: readonly QueueHolds[];
}
