// The record of one ended attempt in the history, and its line in the file.
import { isJsonObject, parseJson } from '../base/parse-json.ts';

/** How an attempt ended. `report` counts these, and the status page draws them. */
export const CAUSES = {
  completed: 'The task completed',
  failed: 'The code of the task failed, or its environment could not be created',
  aborted: 'A user aborted the task',
  cancelled: 'A user or an admin cancelled the job in Slurm',
  timeout: 'Slurm ended the job at its time limit',
  'out of memory': 'The job used more memory than it requested',
  preempted: 'Slurm ended the job to make room for a job of higher priority',
  'node failure': 'A node failed or did not boot',
  'never started': 'The job ended, or could not start, before clearml-agent started the task',
  rejected: 'The template, the constraints of the queue or Slurm rejected the task, so there was no job',
  lost: 'Slurm no longer knows the job',
  withdrawn: 'A user dequeued, moved, reset or deleted the task',
  retried: 'The task did not run; the daemon made another attempt or returned the task to its queue',
} as const;

export type CauseOfEnd = keyof typeof CAUSES;

/** An attempt to run a task as a job, after its end. A fact that no program knows is undefined, never zero or empty. */
export interface EndedAttempt {
  readonly task: string;
  /** The part of the job name that identifies the attempt; undefined if the task ended without one. */
  readonly attempt?: string | undefined;
  readonly job?: string | undefined;
  /** When the daemon recorded the end, milliseconds since 1970. Determines the file of the record. */
  readonly recordedAt: number;
  /** Slurm's name of the cluster. */
  readonly cluster: string;
  readonly queue: string;
  readonly cause: CauseOfEnd;
  /** The state of the job in Slurm, such as `COMPLETED`. */
  readonly state?: string | undefined;

  /** The owner of the task in ClearML. */
  readonly userId?: string | undefined;
  readonly userName?: string | undefined;
  readonly project?: string | undefined;
  /** The path of the template. */
  readonly template?: string | undefined;
  readonly unixUser?: string | undefined;
  readonly account?: string | undefined;
  readonly partition?: string | undefined;

  /** Milliseconds since 1970, by the server's clock. */
  readonly enqueuedAt?: number | undefined;
  /** Of the first run, milliseconds since 1970, by Slurm's clock. */
  readonly submittedAt?: number | undefined;
  /** Of the last run, milliseconds since 1970, by Slurm's clock; undefined if it never started. */
  readonly startedAt?: number | undefined;
  readonly endedAt?: number | undefined;

  /** Without accounting, these are of the last run. Otherwise, they are sums over the runs of a job that Slurm requeued, in seconds. */
  readonly elapsedSec?: number | undefined;
  /** From each submission or requeue to the start. */
  readonly waitSec?: number | undefined;
  /** Allocated nodes, times the elapsed time. */
  readonly nodeSec?: number | undefined;
  /** From here on, only accounting has figures. Allocated CPUs and GPUs, times the elapsed time. */
  readonly cpuSec?: number | undefined;
  readonly gpuSec?: number | undefined;
  /** CPU time that the processes used. */
  readonly usedCpuSec?: number | undefined;
  readonly timeLimitSec?: number | undefined;
  /** Of the last run: allocated. */
  readonly cpus?: number | undefined;
  /** In MiB, on all nodes: allocated, and the largest usage of a step. */
  readonly memoryMb?: number | undefined;
  readonly usedMemoryMb?: number | undefined;
}

/** The version of the lines. A reader skips lines of a newer one. */
const HISTORY_VERSION = 1;

type Kind = 'text' | 'number' | 'time';

/** The keys of a line: short, as there is one line for each attempt of a year. Times are in seconds. Never give a key another meaning. */
export const KEYS: Readonly<Record<keyof EndedAttempt, readonly [key: string, kind: Kind]>> = {
  task: ['t', 'text'],
  attempt: ['a', 'text'],
  job: ['j', 'text'],
  recordedAt: ['r', 'time'],
  cluster: ['c', 'text'],
  queue: ['q', 'text'],
  cause: ['e', 'text'],
  state: ['s', 'text'],
  userId: ['u', 'text'],
  userName: ['un', 'text'],
  project: ['p', 'text'],
  template: ['tp', 'text'],
  unixUser: ['ux', 'text'],
  account: ['ac', 'text'],
  partition: ['pt', 'text'],
  enqueuedAt: ['t0', 'time'],
  submittedAt: ['t1', 'time'],
  startedAt: ['t2', 'time'],
  endedAt: ['t3', 'time'],
  elapsedSec: ['el', 'number'],
  waitSec: ['w', 'number'],
  nodeSec: ['ns', 'number'],
  cpuSec: ['cs', 'number'],
  gpuSec: ['gs', 'number'],
  usedCpuSec: ['uc', 'number'],
  timeLimitSec: ['tl', 'number'],
  cpus: ['n', 'number'],
  memoryMb: ['m', 'number'],
  usedMemoryMb: ['um', 'number'],
};

const FIELDS = Object.entries(KEYS);
const REQUIRED = ['task', 'recordedAt', 'cluster', 'queue', 'cause'] as const satisfies readonly (keyof EndedAttempt)[];

/** Identifies an attempt: two records with the same key are about the same end, and the later one counts. */
export function attemptKey({ task, attempt, job, recordedAt }: EndedAttempt): string {
  // A task whose script cannot be rendered has neither, and may end like that several times.
  const when = attempt === undefined && job === undefined ? ` ${Math.floor(recordedAt / 1000)}` : '';
  return `${task} ${attempt ?? ''} ${job ?? ''}${when}`;
}

/** Whether the record has the figures of accounting. */
export function isAccounted({ cpuSec }: EndedAttempt): boolean {
  return cpuSec !== undefined;
}

/** The line of a record, without its line end. */
export function formatAttempt(attempt: EndedAttempt): string {
  const line: Record<string, unknown> = { v: HISTORY_VERSION };
  for (const [name, [key, kind]] of FIELDS) {
    const value = attempt[name as keyof EndedAttempt];
    if (value !== undefined) line[key] = kind === 'time' ? Math.floor(Number(value) / 1000) : value;
  }
  return JSON.stringify(line);
}

/** The record of a line; undefined if the line is damaged, or of a newer version. */
export function parseAttempt(line: string): EndedAttempt | undefined {
  const parsed = parseJson(line);
  if (!isJsonObject(parsed) || parsed['v'] !== HISTORY_VERSION) return undefined;
  const attempt: Record<string, unknown> = {};
  for (const [name, [key, kind]] of FIELDS) {
    const value = parsed[key];
    if (value === undefined) continue;
    if (typeof value !== (kind === 'text' ? 'string' : 'number')) return undefined;
    attempt[name] = kind === 'time' ? Number(value) * 1000 : value;
  }
  const isWhole =
    REQUIRED.every((name) => attempt[name] !== undefined) && Object.hasOwn(CAUSES, String(attempt['cause']));
  return isWhole ? (attempt as unknown as EndedAttempt) : undefined;
}
