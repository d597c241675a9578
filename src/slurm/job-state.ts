// The table of all job states of Slurm, and what each means for a task.

interface StateMeaning {
  /** The job may still run, or run again: it must not be treated as ended. */
  readonly live: boolean;
  /** No part of the job runs, before its start or after a requeue. */
  readonly waits?: boolean;
  /**
   * Slurm ended the job for a cause outside of it, so another job of the same script may well end otherwise. Not after NODE_FAIL: Slurm
   * lost the node, so the script may still run there, and pass its gate as long as the task is parked.
   */
  readonly byCluster?: boolean;
  /** One sentence for the task's console. */
  readonly meaning: string;
  /** What the user can do about it. */
  readonly advice?: string;
}

/** Every base state of squeue(1) and sacct(1), 20.11 to 26.05. */
export const JOB_STATES = {
  PENDING: { live: true, waits: true, meaning: 'it waits in Slurm' },
  RUNNING: { live: true, meaning: 'it runs' },
  COMPLETING: { live: true, meaning: 'its nodes are being cleaned up' },
  CONFIGURING: { live: true, waits: true, meaning: 'its nodes are booting or being prepared' },
  SUSPENDED: { live: true, meaning: 'it is suspended' },
  STOPPED: { live: true, meaning: 'it was stopped by a signal and keeps its nodes' },
  SIGNALING: { live: true, meaning: 'it is being signaled' },
  STAGE_OUT: { live: true, meaning: 'it is staging out its files' },
  RESIZING: { live: true, meaning: 'it is changing its size' },
  RESV_DEL_HOLD: { live: true, waits: true, meaning: 'it is held: its reservation was deleted' },
  REQUEUED: { live: true, waits: true, meaning: 'it is being requeued' },
  REQUEUE_FED: { live: true, waits: true, meaning: 'it is being requeued by a federation' },
  REQUEUE_HOLD: { live: true, waits: true, meaning: 'it was requeued and is held' },
  SPECIAL_EXIT: { live: true, waits: true, meaning: 'it was requeued in a special exit state and is held' },
  POWER_UP_NODE: { live: true, waits: true, meaning: 'its nodes are powering up' },
  EXPEDITING: { live: true, waits: true, meaning: 'Slurm requeued it with the highest priority after a failure' },
  COMPLETED: { live: false, meaning: 'it ended with exit code 0' },
  FAILED: { live: false, meaning: 'it ended with a non-zero exit code' },
  TIMEOUT: {
    live: false,
    meaning: 'Slurm ended it at its time limit',
    advice: 'raise --time, or save checkpoints and continue from them',
  },
  // Whatever the script did then: it may have exited with 0, and its task may be completed (`oom_error` in slurmstepd/mgr.c).
  OUT_OF_MEMORY: {
    live: false,
    meaning: 'a process was killed because the job used more memory than it requested',
    advice: 'raise --mem',
  },
  NODE_FAIL: {
    live: false,
    meaning: 'it ended because a node failed',
    advice: 'enqueue the task again; if the same node fails again, tell the cluster admins',
  },
  BOOT_FAIL: {
    live: false,
    byCluster: true,
    meaning: 'it ended because its nodes did not boot',
    advice: 'enqueue the task again; if the same node fails again, tell the cluster admins',
  },
  DEADLINE: {
    live: false,
    meaning: 'it ended at its deadline',
    advice: 'set a later --deadline, or request less so that the job starts sooner',
  },
  PREEMPTED: {
    live: false,
    byCluster: true,
    meaning: 'Slurm ended it to make room for a job of higher priority',
    advice:
      'use a partition or QOS whose jobs are not preempted, or add --requeue if the cluster requeues preempted jobs',
  },
  CANCELLED: { live: false, meaning: 'it was cancelled in Slurm' },
  REVOKED: { live: false, meaning: 'another cluster of the federation started it' },
} as const satisfies Record<string, StateMeaning>;

/** A state of the table, or UNKNOWN for a word that no release up to 26.05 has: treated as still present. */
export type JobState = keyof typeof JOB_STATES | 'UNKNOWN';

/** Whether the job may still run or run again. */
export function isLive(state: JobState): boolean {
  return state === 'UNKNOWN' || JOB_STATES[state].live;
}

/** Whether no part of the job runs, before its start or after a requeue. */
export function isWaiting({ state }: { readonly state: JobState }): boolean {
  return meaningOf(state)?.waits === true;
}

/** Whether Slurm ended the job for a cause outside of it, and none of its processes is left: no node booted, or a job has a higher priority. */
export function isEndedByCluster(state: JobState): boolean {
  return meaningOf(state)?.byCluster === true;
}

function meaningOf(state: JobState): StateMeaning | undefined {
  return state === 'UNKNOWN' ? undefined : JOB_STATES[state];
}

/** Parses a state word; forms like `CANCELLED by 1000` and `COMPLETING+` are truncated at the first space or plus sign. */
export function parseJobState(word: string): JobState {
  const base = word.split(/[ +]/, 1)[0] ?? '';
  return Object.hasOwn(JOB_STATES, base) ? (base as JobState) : 'UNKNOWN';
}
