// The settings of a stand-in cluster, adjustable by tests.

export interface StandInPartition {
  readonly name: string;
  readonly state: 'UP' | 'DOWN' | 'INACTIVE';
  readonly maxTimeMs: number | null;
}

export interface StandInSettings {
  readonly clusterName: string;
  readonly nodeCount: number;
  readonly cpusPerNode: number;
  /** The first is the default. */
  readonly partitions: readonly StandInPartition[];
  /** The maximum number of jobs, including ended ones that are still shown. */
  readonly maxJobCount: number;
  /** How long squeue shows a job that has ended. */
  readonly minJobAgeMs: number;
  /** Between SIGTERM and SIGKILL. */
  readonly killWaitMs: number;
  readonly messageTimeoutMs: number;
  /** How long a requeued job waits before it can start again. */
  readonly requeueDelayMs: number;
  /** Whether a user sees only their own jobs (PrivateData=jobs). */
  readonly hidesJobs: boolean;
  /** Whether sacct remembers the jobs. */
  readonly hasAccounting: boolean;
}

export const STAND_IN_DEFAULTS: StandInSettings = {
  clusterName: 'stand-in',
  nodeCount: 4,
  cpusPerNode: 16,
  partitions: [
    { name: 'debug', state: 'UP', maxTimeMs: null },
    { name: 'short', state: 'UP', maxTimeMs: 60_000 },
    { name: 'down', state: 'DOWN', maxTimeMs: null },
    { name: 'inactive', state: 'INACTIVE', maxTimeMs: null },
  ],
  maxJobCount: 10_000,
  minJobAgeMs: 300_000,
  killWaitMs: 30_000,
  messageTimeoutMs: 10_000,
  requeueDelayMs: 2_000,
  hidesJobs: false,
  hasAccounting: false,
};

/** Part of every printed version, so that it is not mistaken for real Slurm. */
export const STAND_IN_VERSION = '24.11.0-stand-in';
