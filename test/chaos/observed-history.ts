// The history of a task as recorded by everything except the program under test: the only input of the oracle.
import * as z from 'zod';
import type { Nature } from './schedule.ts';
import type { ServerCall } from './server-record.ts';

/** One line of the trace file, written by a job or by a task's program. */
const Trace = z.object({
  at: z.number(),
  what: z.enum(['job starts', 'run begins', 'run lives', 'run ends']),
  task: z.string(),
  job: z.string(),
  restarts: z.number(),
  node: z.string(),
  /** The Unix user, at the start of a job. */
  user: z.string().optional(),
  pid: z.number().default(0),
  code: z.number().optional(),
});
export type Trace = z.infer<typeof Trace>;

/** An injected fault or a user's act with Slurm's commands. */
export interface InjectedFault {
  readonly at: number;
  readonly what: 'scancel' | 'requeue' | 'node killed' | 'controller killed' | 'server away' | 'link broken' | 'other';
  /** A description for the counterexample. */
  readonly words: string;
  readonly job?: string;
  readonly node?: string;
  /** The daemon that was killed. */
  readonly daemon?: string;
  /** When the fault ended, if it lasted. */
  readonly until?: number;
}

/** A new state of a job in the output of squeue. */
export interface JobSeen {
  readonly at: number;
  readonly job: string;
  readonly state: string;
  readonly reason: string;
  /** The start of the last squeue that did not show the job yet. */
  readonly unseenAt: number;
}

/** The state of a task when everything was at rest. */
export interface Found {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** The names of the queues with an entry of the task. */
  readonly queues: readonly string[];
}

export interface TaskHistory {
  readonly task: string;
  readonly nature: Nature;
  /** The Unix user of its jobs; undefined if they all have the same. */
  readonly unixUser?: string | undefined;
  /** The id of the queue that the daemons serve. */
  readonly servedQueue: string;
  readonly calls: readonly ServerCall[];
  readonly traces: readonly Trace[];
  readonly jobs: readonly JobSeen[];
  /** The faults of the task's jobs, and of the whole test bed. */
  readonly faults: readonly InjectedFault[];
  /** undefined if the task does not exist any more. */
  readonly found: Found | undefined;
  /** The task's pending and running jobs when everything was at rest. */
  readonly liveJobs: readonly string[];
  /** The factor by which agents and the controller may be slower than on an idle machine (default 1). */
  readonly leeway?: number;
}

/** The MinJobAge of the cluster. */
export const MIN_JOB_AGE_MS = 20_000;

/** The name of the cluster, if it has one. */
export const CLUSTER = 'far';

/** The scheduler queue of a cluster without a name. */
export const SCHEDULER_QUEUE = 'slurm_scheduler';

/** The queues of a run; the scheduler queue has the default name for a cluster with a name. */
export const QUEUES = {
  served: 'chaos',
  other: 'chaos-elsewhere',
  scheduler: `${SCHEDULER_QUEUE}.${CLUSTER}`,
} as const;

/** One run of the task's program. */
export interface Run {
  readonly job: string;
  readonly node: string;
  readonly beganAt: number;
  /** The time of the run's last trace line. */
  readonly livedUntil: number;
  /** The exit code; undefined if the run was killed. */
  readonly code: number | undefined;
}

/** Reads a trace file, without a line that a kill has truncated. */
export function readTraces(text: string): Trace[] {
  return text.split('\n').flatMap((line) => {
    try {
      const read = Trace.safeParse(JSON.parse(line));
      return read.success ? [read.data] : [];
    } catch {
      return [];
    }
  });
}

/** Returns the runs of the program in the order of their start. */
export function runsOf(traces: readonly Trace[]): Run[] {
  const runs = new Map<string, Run>();
  for (const { at, what, job, node, pid, code } of traces) {
    const key = `${job}/${pid}`;
    const known = runs.get(key);
    if (what === 'run begins') runs.set(key, { job, node, beganAt: at, livedUntil: at, code: undefined });
    else if (known !== undefined) runs.set(key, { ...known, livedUntil: at, code: code ?? known.code });
  }
  return [...runs.values()].sort((a, b) => a.beganAt - b.beganAt);
}
