// The interface of a Slurm cluster: facts, submit, list, look up, explain, cancel.
import type * as z from 'zod';
import type { UnixAccount } from '../base/resolve-user-map.ts';
import type { JobState } from './job-state.ts';

/** A Slurm job id. Not an identity: Slurm reuses ids after a controller crash. */
export type JobId = string & z.$brand<'JobId'>;

export interface Submission {
  /** The job's name, passed on the command line to override the template. A job with an unknown outcome is looked up by it. */
  readonly jobName: string;
  /** The whole batch script, passed on stdin. */
  readonly script: string;
  /** The Unix user of the job; default: the submitting one. */
  readonly runAs?: UnixAccount | undefined;
  /** Where the job starts, instead of the directory of the command and of the template. */
  readonly workDir?: string | undefined;
  readonly signal?: AbortSignal;
}

/** The outcome of one `sbatch`. Only `accepted` and `unknown` may have left a live job. */
export type SubmitOutcome =
  | { readonly kind: 'accepted'; readonly jobId: JobId; readonly cluster: string | undefined }
  /** Slurm rejects this script. `message` is that of Slurm. */
  | { readonly kind: 'rejected'; readonly message: string }
  /** A limit is reached: the same script will be accepted later. */
  | { readonly kind: 'backpressure'; readonly message: string }
  /** Certainly not submitted: no controller, no sbatch, or no connection. */
  | {
      readonly kind: 'unavailable';
      readonly message: string;
      /** For a reason that concerns only the Unix user of the job, such as a refusal of sudo. */
      readonly isOfUser?: boolean;
      /** With `isOfUser`: sbatch was not run, because an earlier one for this Unix user has timed out. */
      readonly isStuck?: boolean;
    }
  /** Look the job up by name before any other step. */
  | {
      readonly kind: 'unknown';
      readonly message: string;
      /** sbatch ran until its timeout, as a mapped user, who may have stopped it. */
      readonly isStuck?: boolean;
    };

/** One job as squeue or sacct shows it. Times are milliseconds since 1970; undefined if Slurm has none. */
export interface Job {
  readonly id: JobId;
  readonly name: string;
  readonly state: JobState;
  /** Slurm's name of the state, for messages. */
  readonly stateWord: string;
  /** Slurm's reason; `None` and an empty text become undefined. */
  readonly reason: string | undefined;
  readonly partition: string;
  readonly nodes: string | undefined;
  readonly submittedAt: number | undefined;
  /** When it started, or for a pending job, when Slurm expects it to start. */
  readonly startAt: number | undefined;
  readonly endedAt: number | undefined;
  /** It belongs to another Unix user than the submitting one. Set only in the list of all users. */
  readonly isOthers?: boolean;
  /** The name of its Unix user, if that is one of the given accounts and not the submitting user. */
  readonly unixUser?: string;
}

/** A list is complete or failed: a failed poll proves nothing about any job. */
export type JobList =
  | {
      readonly kind: 'listed';
      readonly jobs: readonly Job[];
      /** The names of accounts whose jobs could not be listed: nothing follows from an absence of theirs. */
      readonly unlisted?: ReadonlySet<string>;
    }
  | { readonly kind: 'failed'; readonly message: string };

/** Facts that only Slurm's record of one job has; queried once, when a job has ended. */
export interface JobRecord {
  readonly name: string;
  readonly stateWord: string;
  readonly exitCode: number | undefined;
  readonly exitSignal: number | undefined;
  /** The Unix user that it runs as; not from accounting. */
  readonly userId?: number | undefined;
  /** Belongs to another Unix user than the submitting one, or to an unknown one. */
  readonly isOthers?: boolean;
  /** Not in accounting. */
  readonly outputPath: string | undefined;
  /** The controller's record does not prove where the output goes. */
  readonly isOutputInDoubt?: boolean;
  readonly nodes: string | undefined;
  readonly timeLimit: string | undefined;
  readonly reason: string | undefined;
  /** How often Slurm requeued it; lists of jobs do not contain that. */
  readonly restarts: number;
  /** The requested memory: `50M per node`, `1G per CPU`. */
  readonly memoryLimit?: string | undefined;
  /** One of `EndDetails`. */
  readonly peakMemory?: string | undefined;
  /** One of `EndDetails`. */
  readonly cancelledBy?: string | undefined;
}

/** Facts about the end of a job that only accounting has. What it does not have is undefined. */
export interface EndDetails {
  readonly memoryLimit: string | undefined;
  /** The largest memory usage. */
  readonly peakMemory: string | undefined;
  /** Who cancelled it: `alice (uid 1000)`. */
  readonly cancelledBy: string | undefined;
}

/** What an ended job was allocated and what it used, from accounting. What accounting does not measure is undefined. */
export interface JobFigures {
  /** The Unix user. */
  readonly user: string | undefined;
  readonly account: string | undefined;
  readonly partition: string | undefined;
  readonly stateWord: string;
  /** Of the first run, milliseconds since 1970. */
  readonly submittedAt: number;
  /** Of the last run, milliseconds since 1970. */
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  /** The times are sums over the runs of a job that Slurm requeued, in seconds. */
  readonly elapsedSec: number;
  /** From each submission or requeue to the start, or to the end of a job that never started. */
  readonly waitSec: number | undefined;
  /** Allocated nodes, CPUs and GPUs, times the elapsed time. */
  readonly nodeSec: number | undefined;
  readonly cpuSec: number | undefined;
  readonly gpuSec: number | undefined;
  /** CPU time that its processes used. */
  readonly usedCpuSec: number | undefined;
  /** Of the last run. */
  readonly timeLimitSec: number | undefined;
  readonly cpus: number | undefined;
  /** In MiB, on all nodes together: allocated, and the largest usage of a step. */
  readonly memoryMb: number | undefined;
  readonly usedMemoryMb: number | undefined;
}

/** What a live job has been allocated or, while it is pending, asks for. */
export interface JobSize {
  readonly nodes: number;
  readonly gpus: number;
}

/** The size of a live job as its own Unix user sees it; undefined if it is not listed. */
export type ListedSizes = (job: { readonly id: JobId; readonly unixUser?: string | undefined }) => JobSize | undefined;

/** Identifies a job: its id alone does not. */
export type JobKey = Pick<Job, 'id' | 'name' | 'unixUser'>;

export interface ClusterFacts {
  readonly clusterName: string;
  /** As `sbatch --version` prints it, e.g. `22.05.8`. */
  readonly version: string;
  readonly minJobAgeMs: number;
  readonly messageTimeoutMs: number;
  readonly hasAccounting: boolean;
  /** Whether accounting counts GPUs (slurm.conf(5), AccountingStorageTRES). */
  readonly accountsGpus?: boolean;
  /** The uid of the Unix user who submits. undefined if unknown. */
  readonly userId?: number | undefined;
  /** Whether users see only their own jobs (slurm.conf(5), PrivateData). */
  readonly hidesJobs?: boolean;
  /** The umask of programs there, such as `0022`, which jobs get too. undefined if unknown. */
  readonly umask?: string | undefined;
  /** The controller's limit for calls of one user: calls per second, and the burst. undefined without a limit. */
  readonly callLimit?: { readonly perSecond: number; readonly burst: number };
}

export interface RecordOptions {
  /** The name of the expected job: after a controller crash another job may have its id. */
  readonly name?: string;
  /** The Unix user of the expected job; default: the submitting one. */
  readonly runAs?: UnixAccount | undefined;
  readonly signal?: AbortSignal;
}

export interface Scheduler {
  /** Reads the cluster's settings. @throws SlurmUnavailableError */
  facts(signal?: AbortSignal): Promise<ClusterFacts>;
  submit(submission: Submission): Promise<SubmitOutcome>;
  /**
   * All jobs of this user that Slurm still shows, including ended ones, in one call.
   * @param accounts other Unix users whose jobs are listed too: in the same call or, if Slurm hides them, in one call as each user
   */
  list(signal?: AbortSignal, accounts?: readonly UnixAccount[]): Promise<JobList>;
  /**
   * The jobs of all users, as far as this one may see them (slurm.conf(5), PrivateData). The controller sends its whole
   * table: use it only if the list of our own jobs is not enough.
   * @param accounts as for `list`
   */
  listAllUsers(signal?: AbortSignal, accounts?: readonly UnixAccount[]): Promise<JobList>;
  /**
   * The sizes of all live jobs of this user. A separate call: use it only if a limit needs them.
   * @param accounts as for `list`; if the jobs of one of them cannot be listed, only these are missing
   * @throws SlurmUnavailableError
   */
  sizes(signal?: AbortSignal, accounts?: readonly UnixAccount[]): Promise<ListedSizes>;
  /**
   * Jobs by exact name: from squeue, and ended ones that it no longer shows from sacct, if there is accounting.
   * `since` limits the search: the earliest possible submission, by our own clock.
   * @param owners the Unix user of each job that is not the submitting user's; jobs of other users do not count
   */
  lookUp(
    names: readonly string[],
    since: number,
    signal?: AbortSignal,
    owners?: ReadonlyMap<string, UnixAccount>,
  ): Promise<JobList>;
  /**
   * Slurm's record of one job: of any user's job from the controller, else of our job from accounting. undefined if neither
   * has one.
   * @throws SlurmUnavailableError
   */
  record(id: JobId, options?: RecordOptions): Promise<JobRecord | undefined>;
  /**
   * What accounting adds to the records of jobs that were cancelled or ran out of memory; none without accounting, or if it does not
   * respond within seconds.
   */
  endDetails(jobs: readonly JobKey[], signal?: AbortSignal): Promise<ReadonlyMap<JobId, EndDetails>>;
  /**
   * What these jobs used, as far as they have ended and accounting has them; none without accounting. If sudo refuses one user, only
   * that user's jobs are missing.
   * @throws SlurmUnavailableError
   */
  figures(jobs: readonly JobKey[], signal?: AbortSignal): Promise<ReadonlyMap<JobId, JobFigures>>;
  /**
   * Cancels these jobs, and no other job that has one of their ids by now. The output of scancel proves nothing, so there is no
   * result: the next list shows it. Errors are logged.
   */
  cancel(jobs: readonly JobKey[], signal?: AbortSignal): Promise<void>;
}
