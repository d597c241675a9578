// What the journal remembers of one task: where on its way it is, and what has been said about it.
import * as z from 'zod';
import type { QueueId, TaskId } from '../../clearml/ids.ts';
import type { JobId } from '../../slurm/scheduler.ts';

/**
 * The steps of a task that have an outside effect, each journaled before the effect:
 * `claiming` before the pop, `parking` before the entry in the scheduler queue, `submitting` before sbatch,
 * `following` once there may be a job. `orphaned` is a task that was found queued in no queue: somebody may have it in hand.
 */
const STEPS = ['claiming', 'parking', 'submitting', 'following', 'orphaned'] as const;

/** The shape of a journaled task, and the check of what is read back from disk. Times are milliseconds since 1970. */
export const Entry = z.object({
  task: z.string().transform((id) => id as TaskId),
  /** The queue that it came from and goes back to. */
  queue: z.string().transform((id) => id as QueueId),
  queueName: z.string(),
  step: z.enum(STEPS),
  /** When this step began. */
  stepAt: z.number(),
  /**
   * Until the task is parked: when the server put it into its queue, by the server's own clock. A later change of its status
   * means that somebody acted on it since.
   */
  queuedAt: z.number().optional(),
  /** The newest attempt's token, part of the job's name. */
  attempt: z.string().optional(),
  /** How many attempts were made. */
  attempts: z.number().default(0),
  /** A mark of the template's text with which the newest attempt was submitted. */
  templateMark: z.string().optional(),
  /** When the first attempt was made: bounds every search in accounting. */
  firstAttemptAt: z.number().optional(),
  jobId: z
    .string()
    .transform((id) => id as JobId)
    .optional(),
  /** The job `jobId` is another Unix user's: it doesn't stand in the list of our own. */
  isOthersJob: z.boolean().optional(),
  /** When the job was first seen ended, absent, or running a task that is no longer its own. */
  endSeenAt: z.number().optional(),
  absentSince: z.number().optional(),
  astraySince: z.number().optional(),
  stoppingSince: z.number().optional(),
  /** Since when the job waits for a reason for which it never starts; only where that is to come to an end. */
  neverStartsSince: z.number().optional(),
  /** Why we cancelled the job, if we did, and when we last asked Slurm to. */
  cancelledFor: z.string().optional(),
  cancelledAt: z.number().optional(),
  /** Extra jobs of this task that we asked Slurm to end, and when last; they may have started before it did. */
  cancelledExtras: z.array(z.string().transform((id) => id as JobId)).optional(),
  cancelledExtrasAt: z.number().optional(),
  /** What the task's console has been told already: nothing is said twice. */
  told: z
    .object({
      reason: z.string().optional(),
      startedOn: z.string().optional(),
      slowStart: z.boolean().optional(),
    })
    .default({}),
});

export type Entry = z.infer<typeof Entry>;

/** So many tasks are followed at a time: twenty times what Slurm holds by default (slurm.conf(5), MaxJobCount). */
export const MAX_TRACKED = 200_000;

/** Whose the job is once this one is the task's: of other users' jobs none but that of the entry is ever looked at. */
export function withOwner({ isOthersJob, jobId }: Entry, newJobId: JobId): Pick<Entry, 'isOthersJob'> {
  return isOthersJob === true && jobId !== newJobId ? { isOthersJob: false } : {};
}
