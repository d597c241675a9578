// The history of a task, as everything but the program saw it: the oracle's only evidence.
import * as z from 'zod';
import type { Nature } from './schedule.ts';
import type { ServerCall } from './server-record.ts';

/** One line of the trace file: what a job or a task's program wrote about itself. */
const Trace = z.object({
  at: z.number(),
  what: z.enum(['job starts', 'run begins', 'run lives', 'run ends']),
  task: z.string(),
  job: z.string(),
  restarts: z.number(),
  node: z.string(),
  pid: z.number().default(0),
  code: z.number().optional(),
});
export type Trace = z.infer<typeof Trace>;

/** What the chaos did: to one job, to a node, or to everybody. */
export interface InjectedFault {
  readonly at: number;
  readonly what: 'scancel' | 'requeue' | 'node killed' | 'controller killed' | 'server away' | 'link broken' | 'other';
  /** For people. */
  readonly words: string;
  readonly job?: string;
  readonly node?: string;
  /** Which daemon was killed. */
  readonly daemon?: string;
  /** When it was over, where it lasted. */
  readonly until?: number;
}

/** What squeue said of a job of the task, each time that it said something new. */
export interface JobSeen {
  readonly at: number;
  readonly job: string;
  readonly state: string;
  readonly reason: string;
  /** When the last question was asked whose answer did not show the job yet. */
  readonly unseenAt: number;
}

/** How a task was found when all was quiet. */
export interface Found {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** Names of the queues that hold an entry of it. */
  readonly queues: readonly string[];
}

export interface TaskHistory {
  readonly task: string;
  readonly nature: Nature;
  /** The id of the queue that the product serves. */
  readonly servedQueue: string;
  readonly calls: readonly ServerCall[];
  readonly traces: readonly Trace[];
  readonly jobs: readonly JobSeen[];
  /** What was done to jobs of the task, and to all. */
  readonly faults: readonly InjectedFault[];
  /** undefined: it is gone. */
  readonly found: Found | undefined;
  /** Its jobs that Slurm still has, waiting or running, when all was quiet. */
  readonly liveJobs: readonly string[];
  /** How many times longer than on a quiet machine agents and the controller may take; 1 when left out. */
  readonly leeway?: number;
}

/** How long the controller of a run remembers a job that has ended. */
export const MIN_JOB_AGE_MS = 20_000;

/** What the cluster is called, where it needs a name. */
export const CLUSTER = 'far';

/** The scheduler queue of a cluster without a name. */
export const SCHEDULER_QUEUE = 'slurm_scheduler';

/** The queues of a run; that of the scheduler as the product calls it by itself for a cluster with a name. */
export const QUEUES = {
  served: 'chaos',
  other: 'chaos-elsewhere',
  scheduler: `${SCHEDULER_QUEUE}.${CLUSTER}`,
} as const;

/** One life of the task's program. */
export interface Run {
  readonly job: string;
  readonly node: string;
  readonly beganAt: number;
  /** The last moment at which it wrote something: it lived at least until then. */
  readonly livedUntil: number;
  /** Its exit code; undefined when it was killed. */
  readonly code: number | undefined;
}

/** The lines of a trace file; one torn by a kill is left out. */
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

/** The lives of the program, in the order in which they began. */
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
