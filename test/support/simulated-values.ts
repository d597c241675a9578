// Values that the simulation, the model and the benchmarks share: grace periods, job settings and the rows of squeue.
import type { DaemonDeps } from '../../src/daemon/deps.ts';
import type { Job } from '../../src/slurm/scheduler.ts';

export const GRACE_PERIODS = {
  startMs: 300_000,
  endMs: 60_000,
  stopMs: 60_000,
  abortCallbackMaxMs: 600_000,
  absentMs: 120_000,
} as const;

export const JOB_SETTINGS: DaemonDeps['job'] = {
  sharedDir: undefined,
  jobConf: '{}',
  python: undefined,
  agentVersion: '3.0.3',
  apiServer: 'http://api',
  publicConfig: {},
};

/** The worker id that is all of a simulated script but its first command. */
export function workerOf(script: string): string {
  return script.split(' ').at(-1) ?? '';
}

/** A row of squeue or sacct: the job waits for its priority, or runs on the node n1. */
export function listedJob(
  job: Pick<Job, 'id' | 'name' | 'state' | 'submittedAt' | 'startAt'> & Partial<Pick<Job, 'endedAt'>>,
): Job {
  const { id, name, state, submittedAt, startAt, endedAt } = job;
  const isPending = state === 'PENDING';
  return {
    id,
    name,
    state,
    stateWord: state,
    reason: isPending ? 'Priority' : undefined,
    partition: 'debug',
    nodes: isPending ? undefined : 'n1',
    submittedAt,
    startAt,
    endedAt,
  };
}
