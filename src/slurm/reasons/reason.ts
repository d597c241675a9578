// What is known about a reason for the state of a job.

export interface Reason {
  /**
   * `waits`: it resolves by itself. `needs-a-human`: a user or an admin must act, but the job can stay.
   * `never-runs`: it requests something unavailable and must be submitted differently. `ended`: why a job ended.
   */
  readonly class: 'waits' | 'needs-a-human' | 'never-runs' | 'ended';
  /** Continues "the job waits: …". */
  readonly explanation: string;
  /** What to do about it, in one or two sentences. */
  readonly advice?: string;
  /** For a limit of the accounting database: whether it limits the number of jobs or their size. */
  readonly limits?: 'jobs' | 'size';
}
