// Limits for the jobs of a cluster or queue, as the settings define them and claiming applies them.

/** An absent limit does not apply. */
export interface Limits {
  /** Jobs that wait or run. */
  readonly maxJobs?: number | undefined;
  /** Jobs that do not run yet. */
  readonly maxWaitingJobs?: number | undefined;
  /** Jobs of one ClearML user that wait or run. */
  readonly maxJobsPerUser?: number | undefined;
  /** Nodes of jobs that run, and nodes that waiting ones ask for. */
  readonly maxNodes?: number | undefined;
  /** GPUs, likewise. */
  readonly maxGpus?: number | undefined;
}

/** The unit of each limit, for messages. */
export const LIMIT_UNITS: Readonly<Record<keyof Limits, string>> = {
  maxJobs: 'job',
  maxWaitingJobs: 'waiting job',
  maxJobsPerUser: 'job',
  maxNodes: 'node',
  maxGpus: 'GPU',
};

/** The settings of the limits, by field. */
export const LIMIT_SETTINGS: Readonly<Record<keyof Limits, string>> = {
  maxJobs: 'max_jobs',
  maxWaitingJobs: 'max_waiting_jobs',
  maxJobsPerUser: 'max_jobs_per_user',
  maxNodes: 'max_nodes',
  maxGpus: 'max_gpus',
};
