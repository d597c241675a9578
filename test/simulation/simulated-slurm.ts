// The simulated Slurm controller: which jobs it knows, shows and forgets.
import { SlurmUnavailableError } from '../../src/slurm/errors.ts';
import { isLive, type JobState } from '../../src/slurm/job-state.ts';
import { parseJobName } from '../../src/slurm/job-name.ts';
import type {
  EndDetails,
  JobFigures,
  JobId,
  JobList,
  JobRecord,
  JobSize,
  Scheduler,
  SubmitOutcome,
} from '../../src/slurm/scheduler.ts';
import { listedJob, workerOf } from '../support/simulated-values.ts';
import type { SimulatedClock } from './clock.ts';
import type { PendingCalls } from './pending-calls.ts';

/**
 * A job's progress: before the gate, past the gate, its agent has started the task, its agent has reported as the task's worker and sets the
 * status again and again, the task's program runs.
 */
export type Phase = 'new' | 'gated' | 'begun' | 'starting' | 'run';

/** Of two cancellations, the first one counts. */
type Canceller = 'a daemon' | 'a user';

export interface SimJob {
  readonly id: JobId;
  readonly name: string;
  readonly task: string;
  /** The Unix user as whom it was submitted; undefined for the user of the daemon. */
  readonly user: string | undefined;
  /** The prefix of the job's worker id. */
  readonly worker: string;
  readonly submittedAt: number;
  /** The second job of an sbatch that submitted two. */
  readonly isDouble: boolean;
  /** The submission has been sent but has not reached the controller. */
  isInFlight: boolean;
  /** It was in flight when its sbatch gave up. */
  readonly wasInFlight: boolean;
  /** The controller has lost the job in a crash; accounting still has it. */
  isForgotten: boolean;
  state: JobState;
  phase: Phase;
  restarts: number;
  startAt: number | undefined;
  endedAt: number | undefined;
  exitCode: number;
  /** Set after a SIGTERM: the state of the job when it has ended. */
  leaving: { readonly state: JobState; readonly isRequeued: boolean; readonly by?: Canceller | undefined } | undefined;
  /** slurmctld forgot its start in a crash and started it again, which slurmd rejected: the log shows only the start that was killed. */
  isRevoked: boolean;
  /** How many of its calls that set the status of a task that has started its agent has made. */
  starts: number;
  /** Whether its agent has reported as the worker of the task since it last set the status. */
  hasReported: boolean;
  /** The number of steps until the task ends. */
  work: number;
  /** The number of times that the job's agent has started the task. */
  runs: number;
}

/** The outcome of the next sbatch. */
export type Fate = 'accepted' | 'doubled' | 'rejected' | 'backpressure' | 'unavailable' | 'unknown' | 'in flight';

const MIN_JOB_AGE_MS = 300_000;
export const FACTS = {
  clusterName: 'c1',
  version: '22.05.8',
  minJobAgeMs: MIN_JOB_AGE_MS,
  messageTimeoutMs: 10_000,
  hasAccounting: true,
};

export interface Cluster {
  readonly jobs: readonly SimJob[];
  /** The outcome of the next sbatch; it then returns to `accepted`. */
  nextFate: Fate;
  /** The size of each job of this task. */
  sizeOf: (task: string) => JobSize;
  schedulerOf(owner: number): Scheduler;
  /** Executes sbatch, as another Unix user than the daemon's if one is given. */
  submit(name: string, worker: string, user?: string): SubmitOutcome;
  /** The log at this path, with the line of the job's first command. */
  readonly readLog: (path: string) => string | undefined;
  /** Whether squeue shows the job. */
  isShown(job: SimJob): boolean;
  end(job: SimJob, state: JobState, exitCode: number): void;
  /** Removes a job whose submission never reaches the controller. */
  vanish(job: SimJob): void;
  requeue(job: SimJob): void;
  cancel(job: SimJob, by: Canceller): void;
  /** The controller forgets its pending jobs and reuses their ids. */
  crash(): void;
}

export function createCluster(clock: SimulatedClock, calls: PendingCalls): Cluster {
  const jobs: SimJob[] = [];
  let nextId = 1;

  function accept(
    { name, worker, user }: Pick<SimJob, 'name' | 'worker' | 'user'>,
    { isInFlight = false, isDouble = false } = {},
  ): SimJob {
    // An id is reused only if no shown job has it.
    while (jobs.some((job) => job.id === String(nextId) && isShown(job))) nextId += 1;
    const job: SimJob = {
      id: String(nextId) as JobId,
      name,
      task: parseJobName(name)?.taskId ?? '',
      user,
      worker,
      submittedAt: clock.now(),
      isInFlight,
      wasInFlight: isInFlight,
      isDouble,
      isForgotten: false,
      state: 'PENDING',
      phase: 'new',
      restarts: 0,
      startAt: undefined,
      endedAt: undefined,
      exitCode: 0,
      leaving: undefined,
      isRevoked: false,
      starts: 0,
      hasReported: false,
      work: 3,
      runs: 0,
    };
    nextId += 1;
    jobs.push(job);
    return job;
  }

  function submit(name: string, worker: string, user?: string): SubmitOutcome {
    const fate = cluster.nextFate;
    cluster.nextFate = 'accepted';
    switch (fate) {
      case 'accepted':
        return { kind: 'accepted', jobId: accept({ name, worker, user }).id, cluster: undefined };
      case 'doubled': {
        const { id } = accept({ name, worker, user });
        accept({ name, worker, user }, { isDouble: true });
        return { kind: 'accepted', jobId: id, cluster: undefined };
      }
      case 'in flight':
        accept({ name, worker, user }, { isInFlight: true });
        return { kind: 'unknown', message: 'Socket timed out on send/recv operation' };
      case 'unknown':
        return { kind: 'unknown', message: 'Zero Bytes were transmitted or received' };
      default:
        return { kind: fate, message: fate === 'backpressure' ? 'MaxJobCount limit reached' : `sbatch said ${fate}` };
    }
  }

  function isShown(job: SimJob): boolean {
    if (job.isInFlight || job.isForgotten) return false;
    return job.endedAt === undefined || clock.now() - job.endedAt < MIN_JOB_AGE_MS;
  }

  function lookUp(names: readonly string[]): JobList {
    const known = jobs.filter((job) => names.includes(job.name) && (isShown(job) || job.endedAt !== undefined));
    return { kind: 'listed', jobs: known.map(listedJob) };
  }

  /** From the controller, else from accounting, which keeps every job that has ended. */
  function record(id: JobId, name: string | undefined): JobRecord | undefined {
    const isSameJob = (one: SimJob): boolean => one.id === id && (name === undefined || one.name === name);
    const job =
      jobs.findLast((one) => isSameJob(one) && isShown(one)) ??
      jobs.findLast((one) => isSameJob(one) && one.endedAt !== undefined);
    if (job === undefined) return undefined;
    return {
      name: job.name,
      stateWord: job.state,
      exitCode: job.exitCode,
      exitSignal: undefined,
      userId: 1000,
      outputPath: isShown(job) ? logPathOf(job) : undefined,
      nodes: 'n1',
      timeLimit: '01:00:00',
      reason: undefined,
      restarts: job.restarts,
    };
  }

  const cluster: Cluster = {
    jobs,
    nextFate: 'accepted',
    sizeOf: () => ({ nodes: 1, gpus: 0 }),
    submit,
    isShown,
    readLog: (path) => {
      const job = jobs.find((one) => logPathOf(one) === path);
      if (job?.startAt === undefined) return undefined;
      const seconds = Math.floor(job.startAt / 1000) - (job.isRevoked ? 5 : 0);
      return `clearml: job ${job.id} begins (${seconds})\n`;
    },
    end(job, state, exitCode) {
      Object.assign(job, { state, exitCode, endedAt: clock.now(), leaving: undefined });
    },
    vanish(job) {
      jobs.splice(jobs.indexOf(job), 1);
    },
    requeue(job) {
      Object.assign(job, {
        state: 'PENDING',
        phase: 'new',
        leaving: undefined,
        startAt: undefined,
        starts: 0,
        hasReported: false,
        work: 3,
      });
      job.restarts += 1;
    },
    cancel(job, by) {
      if (!isLive(job.state)) return;
      if (job.state === 'PENDING') cluster.end(job, 'CANCELLED', 0);
      else job.leaving = { state: 'CANCELLED', isRequeued: false, by: job.leaving === undefined ? by : job.leaving.by };
    },
    crash() {
      for (const job of jobs.filter((one) => one.state === 'PENDING' && one.restarts === 0)) {
        job.isForgotten = true;
        nextId = Math.min(nextId, Number(job.id));
      }
    },

    schedulerOf(owner) {
      const ask = <Answer>(label: string, effect: () => Answer, lost: (hasHappened: boolean) => Answer) =>
        calls.request({ owner, kind: 'slurm', endpoint: label, label, effect, lost });
      const noList = (): JobList => ({ kind: 'failed', message: 'squeue: error: Socket timed out' });
      return {
        facts: () => Promise.resolve(FACTS),
        submit: ({ jobName, script }) =>
          calls.request<SubmitOutcome>({
            owner,
            kind: 'sbatch',
            endpoint: 'sbatch',
            label: `sbatch ${parseJobName(jobName)?.attempt ?? jobName}`,
            effect: () => submit(jobName, workerOf(script)),
            lost: () => ({ kind: 'unknown', message: 'sbatch gave no answer' }),
          }),
        list: () =>
          ask<JobList>('squeue', () => ({ kind: 'listed', jobs: jobs.filter(isShown).map(listedJob) }), noList),
        listAllUsers: () =>
          ask<JobList>(
            "everybody's squeue",
            () => ({ kind: 'listed', jobs: jobs.filter(isShown).map(listedJob) }),
            noList,
          ),
        sizes: () =>
          ask(
            'squeue of sizes',
            () => {
              const listed = jobs.filter((job) => isShown(job) && isLive(job.state));
              const sizes = new Map(listed.map((job) => [job.id, cluster.sizeOf(job.task)]));
              return ({ id }: { readonly id: JobId }) => sizes.get(id);
            },
            () => {
              throw new SlurmUnavailableError('squeue: error: Socket timed out');
            },
          ),
        lookUp: (names) => ask('look up', () => lookUp(names), noList),
        record: (id, { name } = {}) =>
          ask(
            `scontrol show job ${id}`,
            () => record(id, name),
            () => {
              throw new SlurmUnavailableError('scontrol show job failed');
            },
          ),
        endDetails: () => Promise.resolve(new Map<JobId, EndDetails>()),
        figures: () => Promise.resolve(new Map<JobId, JobFigures>()),
        cancel: (cancelled) =>
          ask(
            `scancel ${cancelled.map(({ id }) => id).join(',')}`,
            () => {
              for (const { id, name } of cancelled) {
                const job = jobs.findLast((one) => one.id === id && isShown(one));
                if (job?.name === name) cluster.cancel(job, 'a daemon');
              }
            },
            () => undefined,
          ),
      };
    },
  };
  return cluster;
}

export function logPathOf({ id, name }: Pick<SimJob, 'id' | 'name'>): string {
  return `/logs/${id}-${name}`;
}

/** Whether an agent of this job may be running the task. */
export function isAtWork(job: SimJob): boolean {
  return isLive(job.state) && hasBegun(job);
}

/** Whether its agent has started the task. */
export function hasBegun({ phase }: Pick<SimJob, 'phase'>): boolean {
  return phase === 'begun' || phase === 'starting' || phase === 'run';
}

/** Whether the job is past the gate, so that the task belongs to it. */
export function hasTaken(job: SimJob): boolean {
  return isLive(job.state) && job.phase !== 'new';
}
