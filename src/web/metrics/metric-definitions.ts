// The metrics of `/metrics`: the one table that the code and docs/web.md read. No label is a task, a user or a job.

export interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  /** One line, without a full stop. */
  readonly help: string;
}

const OF_QUEUE = ['cluster', 'queue'] as const;

export const METRICS = {
  clearml_slurm_tasks: {
    type: 'gauge',
    labels: [...OF_QUEUE, 'phase'],
    help: 'Tasks by phase: waiting (in the ClearML queue), claimed, submitting, pending, running, ending, unclear',
  },
  clearml_slurm_claims_total: { type: 'counter', labels: OF_QUEUE, help: 'Tasks claimed from their queues' },
  clearml_slurm_submissions_total: {
    type: 'counter',
    labels: [...OF_QUEUE, 'outcome'],
    help: 'Calls of sbatch by outcome: accepted, rejected, backpressure, unavailable, unknown',
  },
  clearml_slurm_returns_total: {
    type: 'counter',
    labels: OF_QUEUE,
    help: 'Tasks returned to their queues, because the cluster accepted no more jobs or lost the job',
  },
  clearml_slurm_wait_seconds: {
    type: 'histogram',
    labels: OF_QUEUE,
    help: 'Time from the enqueue of a task to the first start of its job',
  },
  clearml_slurm_run_seconds: {
    type: 'histogram',
    labels: OF_QUEUE,
    help: 'Time from the last start of a job to its end',
  },
  clearml_slurm_ends_total: {
    type: 'counter',
    labels: [...OF_QUEUE, 'cause'],
    help: 'Ended attempts by cause: completed, failed, aborted and so on, as in the history',
  },
  clearml_slurm_passes_total: {
    type: 'counter',
    labels: ['cluster', 'outcome'],
    help: 'Passes of the reconcile loop by outcome: ok, failed',
  },
  clearml_slurm_pass_duration_seconds: {
    type: 'histogram',
    labels: ['cluster'],
    help: 'Duration of a complete pass of the reconcile loop',
  },
  clearml_slurm_calls_total: {
    type: 'counter',
    labels: ['cluster', 'service', 'command', 'outcome'],
    help: 'Calls to ClearML and Slurm by outcome: ok, refused (the task or job had changed before), failed',
  },
  clearml_slurm_call_duration_seconds: {
    type: 'histogram',
    labels: ['cluster', 'service'],
    help: 'Duration of a call of ClearML or Slurm, with its retries',
  },
  clearml_slurm_last_good_poll_timestamp_seconds: {
    type: 'gauge',
    labels: ['cluster'],
    help: 'When the last complete pass ended, in seconds since 1970; 0 if there was none',
  },
  clearml_slurm_last_response_timestamp_seconds: {
    type: 'gauge',
    labels: ['cluster', 'service'],
    help: 'When ClearML or Slurm responded last, in seconds since 1970; 0 if it never did',
  },
  clearml_slurm_ready: {
    type: 'gauge',
    labels: ['cluster'],
    help: '1 if tasks are claimed, submitted and tracked, as /readyz reports',
  },
  clearml_slurm_loop_lag_seconds: {
    type: 'gauge',
    labels: ['cluster'],
    help: 'Delay of the reconcile loop, which grows during a long pass and if the loop hangs',
  },
  clearml_slurm_backoff_seconds: {
    type: 'gauge',
    labels: ['cluster'],
    help: 'While the cluster accepts no more jobs: time until the next claim, which comes earlier if a job ends',
  },
  clearml_slurm_limit: {
    type: 'gauge',
    labels: [...OF_QUEUE, 'limit'],
    help: 'The maximum of a limit, in jobs, nodes or GPUs. For a limit of the cluster, the label "queue" is empty',
  },
  clearml_slurm_limit_used: {
    type: 'gauge',
    labels: [...OF_QUEUE, 'limit'],
    help: 'Jobs, nodes or GPUs that count against a limit; for max_jobs_per_user, those of the user who has the most',
  },
  clearml_slurm_held_tasks: {
    type: 'gauge',
    labels: [...OF_QUEUE, 'limit'],
    help: 'Tasks held in their queue, by cause: the name of a limit, "pause", "sudo" (sudo refuses the jobs of the Unix user, or sbatch hangs), "unlisted" (squeue as this user fails), "refused" (Slurm refuses the jobs) or "job" (an earlier job of the task has not ended)',
  },
  clearml_slurm_paused: {
    type: 'gauge',
    labels: OF_QUEUE,
    help: '1 if the queue or its cluster is paused, or the pauses cannot be read',
  },
  clearml_slurm_journal_entries: { type: 'gauge', labels: ['cluster'], help: 'Tasks in the journal' },
  clearml_slurm_journal_size_bytes: { type: 'gauge', labels: ['cluster'], help: 'Size of the journal file' },
  clearml_slurm_journal_writable: {
    type: 'gauge',
    labels: ['cluster'],
    help: '1 if the last write of the journal succeeded',
  },
  clearml_slurm_build_info: {
    type: 'gauge',
    labels: ['version', 'node'],
    help: 'Always 1; its labels are the versions of the program and of Node',
  },
  process_cpu_seconds_total: { type: 'counter', labels: [], help: 'CPU time that the daemon has used' },
  process_resident_memory_bytes: { type: 'gauge', labels: [], help: 'Memory of the daemon' },
  process_start_time_seconds: { type: 'gauge', labels: [], help: 'When the daemon started, in seconds since 1970' },
  process_open_fds: { type: 'gauge', labels: [], help: 'Open files and connections of the daemon' },
  nodejs_heap_size_used_bytes: { type: 'gauge', labels: [], help: 'Used memory of the JavaScript heap' },
} as const satisfies Readonly<Record<string, MetricRow>>;

export type MetricName = keyof typeof METRICS;
