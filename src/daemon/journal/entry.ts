// The journal entry of one task: its step, its jobs, and what its console shows already.
import * as z from 'zod';
import type { QueueId, TaskId } from '../../clearml/ids.ts';
import type { JobId } from '../../slurm/scheduler.ts';

/**
 * The steps of a task that have an outside effect, each journaled before the effect:
 * `claiming` before the pop, `parking` before the entry in the scheduler queue, `submitting` before sbatch,
 * `following` once there may be a job. `orphaned` is a task that was queued but in no queue: another daemon may hold it.
 */
const STEPS = ['claiming', 'parking', 'submitting', 'following', 'orphaned'] as const;

/** The schema of a journal entry; journals of 0.1.0 must parse. Times are milliseconds since 1970. */
export const Entry = z.object({
  task: z.string().transform((id) => id as TaskId),
  /** The queue that it came from and returns to. */
  queue: z.string().transform((id) => id as QueueId),
  queueName: z.string(),
  /**
   * The scheduler queue in which it is parked, and from which its job takes it; set when it is parked. If it is missing, that is the one of
   * the configuration, unless the task is found in another one.
   */
  schedulerQueue: z
    .string()
    .transform((id) => id as QueueId)
    .optional(),
  step: z.enum(STEPS),
  /** When this step began. */
  stepAt: z.number(),
  /**
   * When this daemon last parked it, by this machine's clock. If it is missing, the task was parked before this step: an entry in the
   * scheduler queue that was added much later is that of another claim.
   */
  parkedAt: z.number().optional(),
  /**
   * Until the task is parked: when the server put it into its queue, by the server's clock. A later change of its status means that a user
   * or another daemon acted on it.
   */
  queuedAt: z.number().optional(),
  /** A killed daemon or another job may have removed its entry in the scheduler queue: a missing entry is no act of a user. */
  mayBeUnparked: z.boolean().optional(),
  /** The newest attempt's token, part of the job's name. */
  attempt: z.string().optional(),
  /** How many attempts were made. One whose sbatch created no job is not counted. */
  attempts: z.number().default(0),
  /** What sbatch printed in the newest attempt, if its outcome is unknown. */
  submitMessage: z.string().optional(),
  /** How often in a row the document of the task could not be read, and when it was last tried. */
  unreadable: z.object({ times: z.number(), at: z.number() }).optional(),
  /** How many sbatch calls before the newest one created no job, in a row. */
  withoutJob: z.number().optional(),
  /** After how many of these Slurm accepted another job, before the next one. */
  failedAlone: z.number().optional(),
  /** Identifies the text of the template that the newest attempt was rendered from. */
  templateMark: z.string().optional(),
  /** Facts about the task when its script was rendered, for the history: its owner, its project, and when it was enqueued. */
  origin: z
    .object({
      userId: z.string().optional(),
      userName: z.string().optional(),
      project: z.string().optional(),
      enqueuedAt: z.number().optional(),
    })
    .optional(),
  /** When the first attempt was made; limits every search in accounting. */
  firstAttemptAt: z.number().optional(),
  jobId: z
    .string()
    .transform((id) => id as JobId)
    .optional(),
  /** The Unix user that the newest attempt was submitted as; undefined for the user of the daemon. */
  unixUser: z.object({ name: z.string(), uid: z.number() }).optional(),
  /** The job `jobId` belongs to another Unix user, so it is not in the list of our own jobs. */
  isOthersJob: z.boolean().optional(),
  /** When the job was first seen ended, absent, running a task that is not its own, or asked to stop. */
  endSeenAt: z.number().optional(),
  /** At that time its entry in the scheduler queue was gone: an entry that is there later belongs to a later claim. */
  wasTakenAtEnd: z.boolean().optional(),
  absentSince: z.number().optional(),
  astraySince: z.number().optional(),
  stoppingSince: z.number().optional(),
  /** When the run that was asked to stop had started, by the server's clock: a later run of the task was not asked. */
  stoppingRun: z.number().optional(),
  /** Since when the job waits for a reason that never clears; set only if such a job is to be cancelled. */
  neverStartsSince: z.number().optional(),
  /** The jobs of the task that reached their time limit, after which it was submitted again. */
  timedOutJobs: z.array(z.string().transform((id) => id as JobId)).optional(),
  /** Why we cancelled the job, and when we last did. */
  cancelledFor: z.string().optional(),
  cancelledAt: z.number().optional(),
  /** When we first cancelled it for this reason. */
  firstCancelledAt: z.number().optional(),
  /** Extra jobs of this task that we cancelled, and when we last did; they may have started before that. */
  cancelledExtras: z.array(z.string().transform((id) => id as JobId)).optional(),
  cancelledExtrasAt: z.number().optional(),
  /** What the task's console shows already, so that nothing is written twice. */
  told: z
    .object({
      reason: z.string().optional(),
      startedOn: z.string().optional(),
      slowStart: z.boolean().optional(),
      /** That Slurm has suspended the job since this start. */
      suspended: z.boolean().optional(),
      /** That the user's abort was repeated. */
      abortRepeated: z.boolean().optional(),
      /** That the newest sbatch created no job. */
      noJob: z.boolean().optional(),
    })
    .default({}),
});

export type Entry = z.infer<typeof Entry>;

/** The most tasks tracked at a time: twenty times Slurm's default limit of jobs (slurm.conf(5), MaxJobCount). */
export const MAX_TRACKED = 200_000;

/** Returns the scheduler queue of a task: that of the configuration may have changed since the task was parked. */
export function schedulerQueueOf(
  { schedulerQueue }: { readonly schedulerQueue: QueueId },
  entry: Pick<Entry, 'schedulerQueue'>,
): QueueId {
  return entry.schedulerQueue ?? schedulerQueue;
}

/** Returns the owner fields for a new job id: only the job of the entry itself can belong to another user. */
export function withOwner({ isOthersJob, jobId }: Entry, newJobId: JobId): Pick<Entry, 'isOthersJob'> {
  return isOthersJob === true && jobId !== newJobId ? { isOthersJob: false } : {};
}
