// What is known about a reason that Slurm gives for a job's state.

export interface Reason {
  /**
   * `waits`: time alone helps. `needs-a-human`: somebody must act, here or in Slurm, but the job itself can stay.
   * `never-runs`: it asks for what it can't get; it must be submitted differently. `ended`: why a job is over.
   */
  readonly class: 'waits' | 'needs-a-human' | 'never-runs' | 'ended';
  /** Goes on from "the job waits: …". */
  readonly says: string;
  /** What to do about it, one or two sentences. */
  readonly advice?: string;
  /** What it limits, when it is a limit of the accounting database: how many jobs there are, or how big they are. */
  readonly limits?: 'jobs' | 'size';
}
