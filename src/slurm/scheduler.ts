// What the rest of the program may ask of a Slurm cluster: the facts once, submit, list, look up, explain, cancel.
import type { Brand } from '../base/brand.ts';
import type { JobState } from './job-state.ts';

/** A Slurm job id. Not an identity by itself: ids are handed out again after a controller crash. */
export type JobId = Brand<'JobId'>;

export interface Submission {
  /** The job's name, given on the command line so that it replaces the template's. It is the key by which a lost job is found again. */
  readonly jobName: string;
  /** The whole batch script, passed on standard input. */
  readonly script: string;
  readonly signal?: AbortSignal;
}

/** What became of one `sbatch`. Only `accepted` and `unknown` may have left a live job behind. */
export type SubmitOutcome =
  | { readonly kind: 'accepted'; readonly jobId: JobId; readonly cluster: string | undefined }
  /** Slurm refuses this script as it is. `words` are Slurm's own. */
  | { readonly kind: 'rejected'; readonly words: string }
  /** A limit is reached: the same script will be accepted later. */
  | { readonly kind: 'backpressure'; readonly words: string }
  /** Surely not submitted: no controller, no sbatch, no way to the host. */
  | { readonly kind: 'unavailable'; readonly words: string }
  /** Nobody knows: look the job up by name before doing anything else. */
  | { readonly kind: 'unknown'; readonly words: string };

/** One job as squeue or sacct shows it. Times are milliseconds since 1970; undefined where Slurm has none. */
export interface Job {
  readonly id: JobId;
  readonly name: string;
  readonly state: JobState;
  /** Slurm's own word for the state, for messages. */
  readonly stateWord: string;
  /** Slurm's reason text, `None` and empty turned to undefined. */
  readonly reason: string | undefined;
  readonly partition: string;
  readonly nodes: string | undefined;
  readonly submittedAt: number | undefined;
  /** When it started, or for a pending job when Slurm expects it to start. */
  readonly startAt: number | undefined;
  readonly endedAt: number | undefined;
  /** It is another Unix user's than the one that submits here. Only the list of everybody's jobs tells. */
  readonly isOthers?: boolean;
}

/** A list is whole or it is nothing: a poll that failed in any way says nothing about any job. */
export type JobList =
  { readonly kind: 'listed'; readonly jobs: readonly Job[] } | { readonly kind: 'failed'; readonly words: string };

/** What only Slurm's own record of one job tells; asked for once, when a job has ended and must be explained. */
export interface JobRecord {
  readonly name: string;
  readonly stateWord: string;
  readonly exitCode: number | undefined;
  readonly exitSignal: number | undefined;
  /** The Unix user that it runs as; accounting is not asked for it. */
  readonly userId?: number | undefined;
  /** Another Unix user's than the one that submits here, or it can not be told whose. */
  readonly isOthers?: boolean;
  /** Accounting does not know it. */
  readonly outputPath: string | undefined;
  /** The controller's record does not tell beyond doubt where the output goes. */
  readonly isOutputInDoubt?: boolean;
  readonly nodes: string | undefined;
  readonly timeLimit: string | undefined;
  readonly reason: string | undefined;
  /** How often Slurm has put it back; no list of jobs tells that. */
  readonly restarts: number;
  /** How much memory it had asked for: `50M a node`, `1G a CPU`. */
  readonly memoryLimit?: string | undefined;
  /** How much it used at most, where accounting knows. Only of a job that ran out of memory. */
  readonly peakMemory?: string | undefined;
  /** Who cancelled it, where accounting knows: `alice (uid 1000)`. Only of a cancelled job. */
  readonly cancelledBy?: string | undefined;
}

export interface ClusterFacts {
  readonly clusterName: string;
  /** As `sbatch --version` prints it, e.g. `22.05.8`. */
  readonly version: string;
  readonly minJobAgeMs: number;
  readonly messageTimeoutMs: number;
  readonly killWaitMs: number;
  readonly hasAccounting: boolean;
  /** That programs have there, such as `0022`: what jobs are to have too. undefined where it could not be told. */
  readonly umask?: string | undefined;
  /** How often the controller lets one user ask: so often a second, after a burst. undefined where it does not limit that. */
  readonly callLimit?: { readonly perSecond: number; readonly burst: number };
}

export interface RecordOptions {
  /** The name of the job that is meant: after a crash of the controller another job may have its id. */
  readonly name?: string;
  readonly signal?: AbortSignal;
}

export interface Scheduler {
  /** Reads the cluster's settings. @throws SlurmUnavailableError */
  facts(signal?: AbortSignal): Promise<ClusterFacts>;
  submit(submission: Submission): Promise<SubmitOutcome>;
  /** All of this user's jobs that Slurm still shows, ended ones too, in one call. */
  list(signal?: AbortSignal): Promise<JobList>;
  /**
   * The jobs of all users, as far as this one may see them (slurm.conf(5), PrivateData). The controller sends its whole
   * table for that: only for what the list of our own jobs can't answer.
   */
  listAllUsers(signal?: AbortSignal): Promise<JobList>;
  /**
   * Jobs by exact name: as squeue shows them, and ended ones that it no longer shows from sacct, where there is accounting.
   * `since` bounds the search: when the oldest of them may have been submitted, by our own clock.
   */
  lookUp(names: readonly string[], since: number, signal?: AbortSignal): Promise<JobList>;
  /**
   * Slurm's record of one job: the controller's, of any user's job, else what accounting keeps of a job of ours. undefined when
   * neither has one.
   * @throws SlurmUnavailableError
   */
  record(id: JobId, options?: RecordOptions): Promise<JobRecord | undefined>;
  /** Asks Slurm to end these jobs. Its answer proves nothing, so none is given: the next list tells. A refusal is logged. */
  cancel(ids: readonly JobId[], signal?: AbortSignal): Promise<void>;
}
