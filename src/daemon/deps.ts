// What every step of a task's way works with, made once by the daemon's start.
import type { ClearmlClient } from '../clearml/client.ts';
import type { QueueId, TaskId } from '../clearml/ids.ts';
import type { Transport } from '../transport/transport.ts';
import type { Logger } from '../log/logger.ts';
import type { Clock } from '../base/clock.ts';
import type { RateLimit } from '../slurm/rate-limit.ts';
import type { ClusterFacts, Scheduler } from '../slurm/scheduler.ts';
import type { ContainerSettings } from '../template/containers/plan-singularity.ts';
import type { OptionLocation } from '../template/inspect-template.ts';
import type { PropertyConstraints } from '../base/property-constraints.ts';
import type { Template } from '../template/template.ts';
import type { GracePeriods } from './decide/observation.ts';
import type { JobLogs } from './console/job-logs.ts';
import type { Journal } from './journal/journal.ts';
import type { Peers } from './poll/peers.ts';

/** A ClearML queue that this daemon pulls from, and the template of its jobs. In order of priority. */
export interface ServedQueue {
  readonly id: QueueId;
  readonly name: string;
  readonly template: Template;
  /** What its tasks may ask for by user properties; without them, anything. */
  readonly constraints?: PropertyConstraints | undefined;
  /** By which another text of the template is told from this one. */
  readonly templateMark?: string | undefined;
  /** The user properties that its template reads. */
  readonly properties?: readonly { readonly name: string }[];
  /** Where its template sets each option, for advice about one. */
  readonly optionLocations?: ReadonlyMap<string, OptionLocation>;
}

/** What the job scripts need to be told. */
export interface JobSettings {
  /** Folder that the nodes see too; without one the job finds its configuration on the node. */
  readonly sharedDir: string | undefined;
  /** The text of the clearml.conf that a job gets through the shared folder. */
  readonly jobConf: string;
  /** A group whose members may change what the daemon and its jobs trust in shared folders. */
  readonly trustedGroup?: string | undefined;
  /** That of programs on the login node, which jobs are to have too. */
  readonly umask?: string | undefined;
  readonly python: string | undefined;
  readonly agentVersion: string;
  readonly apiServer: string;
  /** How long a job waits at its start for a server that does not answer. */
  readonly serverWaitSec?: number;
  /** What tasks in containers get, and may mount. */
  readonly containers?: ContainerSettings | undefined;
  /** `--singularity-mode`: each task runs in a container that the template's command makes. */
  readonly singularityMode?: boolean;
  /** `--srun-delegation`: the agent is started through the template's own `srun`. */
  readonly startsBySrun?: boolean;
  /** The configuration without secrets, for `${CLEARML_CONFIG.…}`. */
  readonly publicConfig: Readonly<Record<string, unknown>>;
}

export interface DaemonDeps {
  readonly clearml: ClearmlClient;
  readonly scheduler: Scheduler;
  readonly transport: Transport;
  readonly jobLogs: JobLogs;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Logger;
  /** A new random token of lower-case letters and digits. */
  readonly randomToken: () => string;
  /** This daemon's worker id; a job's worker id is `<worker>:<job id>`. */
  readonly worker: string;
  /** By which the jobs of this daemon are told from those of its neighbours; part of their names. */
  readonly mark: string;
  readonly peers: Peers;
  readonly version: string;
  readonly queues: readonly ServedQueue[];
  readonly orderFairness: boolean;
  readonly schedulerQueue: QueueId;
  readonly cluster: ClusterFacts;
  /** How fast tasks are submitted: what is asked of Slurm besides counts. */
  readonly rateLimit: RateLimit;
  readonly gracePeriods: GracePeriods;
  /** How old an entry, orphan or job of unknown origin must be before it is taken for abandoned. */
  readonly adoptAfterMs: number;
  readonly job: JobSettings;
  /** Tasks that a submission of this process is busy with: following leaves them alone. */
  readonly busy: Set<TaskId>;
}
