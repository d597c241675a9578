// The type of a job of the stand-in cluster, in memory and in the state file.
import { userInfo } from 'node:os';
import * as z from 'zod';

export const standInJob = z.object({
  id: z.number(),
  name: z.string(),
  user: z.string(),
  uid: z.number().default(() => userInfo().uid),
  partition: z.string(),
  comment: z.string(),
  state: z.enum([
    'PENDING',
    'RUNNING',
    'COMPLETED',
    'FAILED',
    'CANCELLED',
    'TIMEOUT',
    'NODE_FAIL',
    'PREEMPTED',
    'OUT_OF_MEMORY',
    'BOOT_FAIL',
    'DEADLINE',
  ]),
  reason: z.string(),
  isHeld: z.boolean(),
  mayRequeue: z.boolean(),
  restarts: z.number(),
  nodeCount: z.number(),
  taskCount: z.number(),
  cpusPerTask: z.number(),
  /** GPUs of the whole job, of each node and of each task, as squeue prints them: `gres:gpu:2`. */
  tresPerJob: z.string().default(''),
  tresPerNode: z.string().default(''),
  tresPerTask: z.string().default(''),
  /** The nodes it runs on or ran on. */
  nodes: z.array(z.string()),
  workDir: z.string(),
  /** Absolute, with Slurm's %-patterns already filled in. */
  stdoutPath: z.string(),
  stderrPath: z.string(),
  timeLimitMs: z.number().nullable(),
  submittedAt: z.number(),
  /** Not before this time. */
  eligibleAt: z.number(),
  startedAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  exitCode: z.number(),
  exitSignal: z.number(),
});

export type StandInJob = z.infer<typeof standInJob>;

/** How a job can end. */
export type EndState = Exclude<StandInJob['state'], 'PENDING' | 'RUNNING'>;

export function isOver(job: StandInJob): boolean {
  return job.state !== 'PENDING' && job.state !== 'RUNNING';
}
