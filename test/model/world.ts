// The world of the model as a plain value: the task, its entries, Slurm's jobs, and the remaining faults.
import type { TaskId, QueueId } from '../../src/clearml/ids.ts';
import { FOUND_IN_NO_QUEUE } from '../../src/daemon/end/status-reasons.ts';
import type { JobState } from '../../src/slurm/job-state.ts';

/** A moment on the server's clock; only the order matters, and 0 is never. */
export type Stamp = number;

export type Status = 'created' | 'queued' | 'in_progress' | 'stopped' | 'completed' | 'failed';

export const QUEUES = ['own', 'scheduler', 'other'] as const;
export type QueueName = (typeof QUEUES)[number];

export const TASK_ID = '1'.padStart(32, '0') as TaskId;

/** The queues' ids. `own` is served by our daemons, `other` by another user's agent. */
export const QUEUE_IDS: Readonly<Record<QueueName, QueueId>> = {
  own: 'a'.repeat(32) as QueueId,
  scheduler: 'c'.repeat(32) as QueueId,
  other: 'b'.repeat(32) as QueueId,
};

/** The status reasons that affect decisions: the agent got a SIGTERM; a daemon found the task in no queue. */
export const REASONS = ['user abort', FOUND_IN_NO_QUEUE] as const;
type Reason = (typeof REASONS)[number];

export interface TaskValue {
  readonly status: Status;
  readonly reason: '' | Reason;
  /** Only messages that affect decisions: a stop request, that the task was returned to its queue, and which daemon found it in no queue. */
  readonly message: string;
  /** The time of the last status or stop request. */
  readonly changed: Stamp;
  /** `execution.queue` */
  readonly queue: QueueName | '';
  /** The status from before the queue. */
  readonly before: Status | '';
  readonly worker: string;
  /** The number of its run, for the time `started`; 0 if it has never run, or was reset. */
  readonly run: number;
  /** The user property in which a daemon keeps the id of the task's job. */
  readonly slurmJob: string;
  /** The user property in which a daemon keeps which jobs it cancelled. */
  readonly slurmCancelled: string;
}

/**
 * The progress of one start of a job: before the gate, entry taken, past the gate, task begun by its agent, agent known as the worker,
 * status set once more, and status set for the last time. A real agent sets it up to five times more, and two are the fewest of which the
 * second overwrites an abort that was repeated.
 */
export type Phase = 'new' | 'taken' | 'gated' | 'begun' | 'reported' | 'starting' | 'run';

export interface JobValue {
  readonly id: number;
  readonly name: string;
  /** The beginning of its worker id. */
  readonly worker: string;
  readonly state: JobState | 'IN FLIGHT';
  readonly phase: Phase;
  readonly exitCode: number;
  readonly restarts: number;
  /** Its next state, after a SIGTERM. */
  readonly leaving: '' | 'CANCELLED' | 'TIMEOUT' | 'PENDING';
  /** The controller no longer has its record; accounting, if there is any, does. */
  readonly isPurged: boolean;
  /** It was still in flight when sbatch gave up: no poll could have shown it. */
  readonly wasInFlight: boolean;
}

/** How many faults and user actions may still happen. */
export interface Budgets {
  /** A daemon is killed, and restarts from its journal. */
  readonly crashes: number;
  /** A daemon is killed, and loses its journal. */
  readonly journals: number;
  /** A call or its response is lost: to the server, to Slurm, to the disk, from the gate. */
  readonly lost: number;
  /** A call of a killed daemon is executed later. */
  readonly late: number;
  /** A job dies, is requeued, preempted, cancelled by hand, or out of time. */
  readonly requeues: number;
  /** sbatch rejects the script, meets backpressure, or cannot reach the controller. */
  readonly refusals: number;
  /** The controller crashes, forgets pending jobs, and reuses their ids. */
  readonly forgets: number;
  readonly users: number;
  /** Passes of a second daemon on the same queues, which is dead after them. It may also stop forever at any point. */
  readonly rounds: number;
}

export const NO_BUDGET: Budgets = {
  crashes: 0,
  journals: 0,
  lost: 0,
  late: 0,
  requeues: 0,
  refusals: 0,
  forgets: 0,
  users: 0,
  rounds: 0,
};

/** A call to the server. */
export interface ServerCall {
  readonly endpoint: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface World {
  /** undefined: deleted. */
  readonly task: TaskValue | undefined;
  /** Since when the task has an entry in each queue. */
  readonly entries: Readonly<Record<QueueName, Stamp>>;
  readonly jobs: readonly JobValue[];
  readonly nextId: number;
  /** The number of jobs created so far: bounds the search, and orders attempts. */
  readonly made: number;
  /** The number of runs of the task so far. */
  readonly runs: number;
  /** Another user's agent runs the task. */
  readonly isRunElsewhere: boolean;
  /** A call of a dead daemon that is still in flight. */
  readonly late: ServerCall | undefined;
  /**
   * The last action of the user was an abort: at once, or by a stop request to a running task, which the agent may have overwritten,
   * before or after the daemon had recorded it.
   */
  readonly aborted: '' | 'at once' | 'asked' | 'erased' | 'overwritten';
  /** The user has removed its entry from the scheduler queue. */
  readonly removed: boolean;
  readonly left: Budgets;
}

export function firstWorld(left: Budgets): World {
  return {
    task: {
      status: 'queued',
      reason: '',
      message: '',
      changed: 1,
      queue: 'own',
      before: 'created',
      worker: '',
      run: 0,
      slurmJob: '',
      slurmCancelled: '',
    },
    entries: { own: 1, scheduler: 0, other: 0 },
    jobs: [],
    nextId: 1,
    made: 0,
    runs: 0,
    isRunElsewhere: false,
    late: undefined,
    aborted: '',
    removed: false,
    left,
  };
}

export function spend(world: World, what: keyof Budgets): World {
  return { ...world, left: { ...world.left, [what]: world.left[what] - 1 } };
}

/** Whether an agent of this job may work on the task. */
export function isAtWork({ state, phase }: JobValue): boolean {
  return state === 'RUNNING' && (isStarting({ phase }) || phase === 'run');
}

/** Whether its agent still sets the status, whatever it is. */
export function isStarting({ phase }: Pick<JobValue, 'phase'>): boolean {
  return phase === 'begun' || phase === 'reported' || phase === 'starting';
}

/** Whether its agent can no longer be kept from the task. */
export function isPastGate({ phase }: JobValue): boolean {
  return phase !== 'new' && phase !== 'taken';
}

/** Whether it is pending, running, or in flight to the controller. */
export function isAlive({ state }: JobValue): boolean {
  return state === 'IN FLIGHT' || state === 'PENDING' || state === 'RUNNING';
}

/** Whether an agent runs the task and reports to the server. */
export function isHeard(world: World): boolean {
  return world.isRunElsewhere || world.jobs.some(isAtWork);
}
