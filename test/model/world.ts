// The world of the model as a plain value: the task, its entries, Slurm's jobs, and what may still go wrong.
import type { TaskId, QueueId } from '../../src/clearml/ids.ts';
import type { JobState } from '../../src/slurm/job-state.ts';

/** A moment on the server's clock, of which only the order counts; 0 is never. */
export type Stamp = number;

export type Status = 'created' | 'queued' | 'in_progress' | 'stopped' | 'completed' | 'failed';

export const QUEUES = ['own', 'scheduler', 'other'] as const;
export type QueueName = (typeof QUEUES)[number];

export const TASK_ID = '1'.padStart(32, '0') as TaskId;

/** The queues' ids. The own one is served by our daemons, the other by another user's agent. */
export const QUEUE_IDS: Readonly<Record<QueueName, QueueId>> = {
  own: 'a'.repeat(32) as QueueId,
  scheduler: 'c'.repeat(32) as QueueId,
  other: 'b'.repeat(32) as QueueId,
};

export interface TaskValue {
  readonly status: Status;
  /** The agent's word that it got a SIGTERM stands as the reason. */
  readonly isByTerm: boolean;
  /** Only messages that something acts on: a request to stop, and that the task was returned to its queue. */
  readonly message: string;
  /** When the status, or a request to stop, was written last. */
  readonly changed: Stamp;
  /** `execution.queue` */
  readonly queue: QueueName | '';
  /** The status from before the queue. */
  readonly before: Status | '';
  readonly worker: string;
  /** The user property in which a daemon keeps the id of the task's job. */
  readonly slurmJob: string;
}

/**
 * How far one start of a job has come: before the gate, the entry taken, past the gate, its agent has begun the task, it is known
 * as the worker.
 */
export type Phase = 'new' | 'taken' | 'gated' | 'begun' | 'run';

export interface JobValue {
  readonly id: number;
  readonly name: string;
  /** What its worker id begins with. */
  readonly worker: string;
  readonly state: JobState | 'IN FLIGHT';
  readonly phase: Phase;
  readonly exitCode: number;
  readonly restarts: number;
  /** It was sent SIGTERM, and this is what it becomes. */
  readonly leaving: '' | 'CANCELLED' | 'TIMEOUT' | 'PENDING';
  /** Slurm has dropped its record; accounting, where there is one, has not. */
  readonly isPurged: boolean;
  /** It was still on its way when sbatch had given up: no look at Slurm could have told of it. */
  readonly wasInFlight: boolean;
}

/** How much may still go wrong, or be done by the user. */
export interface Budgets {
  /** A daemon is killed, and starts again from its journal. */
  readonly crashes: number;
  /** A daemon is killed, and its journal with it. */
  readonly journals: number;
  /** A call, or the answer to it, is lost: to the server, to Slurm, to the disk, from the gate. */
  readonly lost: number;
  /** A call of a daemon that was killed is carried out later. */
  readonly late: number;
  /** A job dies, is requeued, preempted, cancelled by hand, or out of time. */
  readonly requeues: number;
  /** sbatch refuses, or the cluster is full or away. */
  readonly refusals: number;
  /** The controller crashes, forgets the jobs that wait, and hands their ids out again. */
  readonly forgets: number;
  readonly users: number;
  /** Of a second daemon on the same queues, which after them is dead for good: wherever it stands, it may also never go on. */
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

/** A call to the server, as it is made. */
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
  /** Jobs that were ever made: bounds the search, and orders attempts. */
  readonly made: number;
  /** Another user's agent runs the task. */
  readonly isRunElsewhere: boolean;
  /** A call of a daemon that is no more, still on its way. */
  readonly late: ServerCall | undefined;
  /** The last act of the user was an abort: at once, or as a request to a task that runs. */
  readonly aborted: '' | 'at once' | 'asked';
  /** The user has taken its entry out of the scheduler queue. */
  readonly removed: boolean;
  readonly left: Budgets;
}

export function firstWorld(left: Budgets): World {
  return {
    task: {
      status: 'queued',
      isByTerm: false,
      message: '',
      changed: 1,
      queue: 'own',
      before: 'created',
      worker: '',
      slurmJob: '',
    },
    entries: { own: 1, scheduler: 0, other: 0 },
    jobs: [],
    nextId: 1,
    made: 0,
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

/** Whether an agent of this job may be at work on the task. */
export function isAtWork({ state, phase }: JobValue): boolean {
  return state === 'RUNNING' && (phase === 'begun' || phase === 'run');
}

/** Whether nothing keeps its agent from the task any more. */
export function isPastGate({ phase }: JobValue): boolean {
  return phase !== 'new' && phase !== 'taken';
}

/** Whether it waits, runs, or is on its way to the controller. */
export function isAlive({ state }: JobValue): boolean {
  return state === 'IN FLIGHT' || state === 'PENDING' || state === 'RUNNING';
}

/** Whether an agent runs the task and reports to the server. */
export function isHeard(world: World): boolean {
  return world.isRunElsewhere || world.jobs.some(isAtWork);
}
