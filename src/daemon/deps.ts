// The dependencies of every step of a task's life cycle, created once when the daemon starts.
import type { ClearmlClient, QueueList, TaskList } from '../clearml/client.ts';
import type { QueueId, TaskId } from '../clearml/ids.ts';
import type { Transport } from '../transport/transport.ts';
import type { Logger } from '../log/logger.ts';
import type { Clock } from '../base/clock.ts';
import type { RateLimit } from '../base/token-bucket.ts';
import type { ServerRateLimit } from '../clearml/connection/server-rate-limit.ts';
import type { ClusterFacts, Job, Scheduler } from '../slurm/scheduler.ts';
import type { ContainerSettings } from '../sbatch-template/containers/task-container.ts';
import type { OptionLocation } from '../sbatch-template/inspect-template.ts';
import type { Limits } from '../base/job-limits.ts';
import type { PropertyConstraints } from '../base/property-constraints.ts';
import type { Template } from '../sbatch-template/template.ts';
import type { GracePeriods } from './decide/observation.ts';
import type { JobLogs } from './console/job-log-reader.ts';
import type { Journal } from './journal/journal.ts';
import type { AuditLog } from './audit/audit-log.ts';
import type { Holds } from './claim/hold-reasons.ts';
import type { Names } from './users/cached-users-and-projects.ts';
import type { History } from '../history/write-history.ts';
import type { Pause } from './pause/pauses-file.ts';
import type { Peers } from './poll/peers.ts';
import type { UnixUsers } from './users/unix-users.ts';

/** A ClearML queue that this daemon serves, and the template of its jobs. */
export interface ServedQueue {
  readonly id: QueueId;
  readonly name: string;
  readonly template: Template;
  readonly limits?: Limits | undefined;
  /** Its owners are served in turn. */
  readonly userFairness?: boolean | undefined;
  /** How many times a task is submitted again after its time limit; by default never. */
  readonly resubmitOnTimeout?: number;
  /** What its tasks may ask for by user properties; without them, anything. */
  readonly constraints?: PropertyConstraints | undefined;
  /** Identifies the text of the template, to detect a change. */
  readonly templateMark?: string | undefined;
  /** Absolute; the name in `template` has no directory. */
  readonly templatePath?: string;
  readonly templateSha256?: string;
  /** The user properties that its template reads. */
  readonly properties?: readonly { readonly name: string }[];
  /** Whether its template may use the task's user or project, which cost a call each; by default yes. */
  readonly usesUser?: boolean;
  readonly usesProject?: boolean;
  /** Where its template sets each option, for console messages that name one. */
  readonly optionLocations?: ReadonlyMap<string, OptionLocation>;
}

/** Settings that are rendered into job scripts. */
export interface JobSettings {
  /** A directory that the nodes share; without one the job finds its configuration on the node. */
  readonly sharedDir: string | undefined;
  /** The text of the clearml.conf that a job gets through the shared directory. */
  readonly jobConf: string;
  /** A group whose members may change what the daemon and its jobs trust in shared directories. */
  readonly trustedGroup?: string | undefined;
  /** That of programs on the login node, which jobs are to have too. */
  readonly umask?: string | undefined;
  /** The Unix user of the job, if it is not the user of the daemon. */
  readonly unixUser?: string | undefined;
  readonly python: string | undefined;
  readonly agentVersion: string;
  readonly apiServer: string;
  /** How long a job waits at its start for a server that does not respond, in seconds. */
  readonly serverWaitSec?: number;
  /** Settings of tasks in containers, including what they may mount. */
  readonly containers?: ContainerSettings | undefined;
  /** `--singularity-mode`: each task runs in a container that the template's command starts. */
  readonly singularityMode?: boolean;
  /** `--srun-delegation`: the agent is started through the template's own `srun`. */
  readonly startsBySrun?: boolean;
  /** The configuration without secrets, for `${CLEARML_CONFIG.…}`. */
  readonly publicConfig: Readonly<Record<string, unknown>>;
}

/** How much a poll reads from ClearML. */
export interface ReadLimits {
  /** With no more tracked tasks or queue entries than this, a poll reads all of them: one call does it. */
  readonly fullUpTo: number;
  /** How many tasks at rest each poll reads in full, so that nothing stays unseen that their status does not show. */
  readonly perSweep: number;
}

export interface DaemonDeps {
  readonly clearml: ClearmlClient;
  readonly scheduler: Scheduler;
  readonly transport: Transport;
  readonly jobLogs: JobLogs;
  readonly journal: Journal;
  readonly audit: Pick<AuditLog, 'write'>;
  /** For the history and the audit log; without it, only ids are known. */
  readonly names?: Names;
  readonly history: Pick<History, 'record' | 'unaccounted' | 'giveUp'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** A new random token of lower-case letters and digits. */
  readonly randomToken: () => string;
  /** This daemon's worker id; a job's worker id is `<worker>:<job id>`. */
  readonly worker: string;
  /** Distinguishes the jobs of this daemon from those of its peers; part of the job names. */
  readonly mark: string;
  readonly peers: Peers;
  readonly version: string;
  readonly queues: readonly ServedQueue[];
  readonly orderFairness: boolean;
  /** Of the cluster. */
  readonly limits?: Limits | undefined;
  /** Reads the pauses of the cluster; without it, there are none. */
  readonly pauses?: (() => Promise<readonly Pause[]>) | undefined;
  readonly schedulerQueue: QueueId;
  readonly cluster: ClusterFacts;
  /** The rate limit of submissions, which also counts the other calls to Slurm. */
  readonly rateLimit: RateLimit;
  /** The rate limit of calls to the ClearML server; without one there is no limit. */
  readonly serverRateLimit?: Pick<ServerRateLimit, 'waitMs'> | undefined;
  readonly gracePeriods: GracePeriods;
  /** How old an untracked entry, orphan or job must be before it counts as abandoned, in milliseconds. */
  readonly adoptAfterMs: number;
  /** For tests; by default `READ_LIMITS`. */
  readonly readLimits?: ReadLimits;
  readonly job: JobSettings;
  /** As which Unix users jobs run; undefined: all as the user of the daemon. */
  readonly unixUsers?: UnixUsers | undefined;
  /** Tasks that the submission pool works on: reconcile leaves them alone. */
  readonly busy: Set<TaskId>;
  /** Set if the daemon's work is watched: `agent.slurm.http`. */
  readonly monitor?: LoopMonitor;
}

/** The part of a snapshot that is shown. */
export interface PolledState extends QueueList, TaskList {
  readonly jobs: ReadonlyMap<TaskId, readonly Job[]>;
}

/** What the reconcile loop reports about itself. */
export interface LoopMonitor {
  started(backoff: { until(now: number): number }): void;
  /** Called before anything is decided from the snapshot. @param print equal to the last one if no job and no task has changed */
  polled(snapshot: PolledState, print: number): void;
  /** A pass has ended. @param isWhole whether Slurm listed its jobs, so that everything was reconciled */
  passed(ms: number, isWhole: boolean): void;
  /** The limits and pauses of the last claims; undefined if the pauses cannot be read, so that nothing is claimed. */
  holds(found: Holds | undefined): void;
  failed(error: unknown): void;
  /** @param at milliseconds since 1970 */
  sleepsUntil(at: number): void;
}
