// What a job does on its node, one step at a time: the gate, then the agent's own calls, as seen of the real ones.
import { ApiError } from '../../src/sandbox/api-error.ts';
import type { Fields } from '../../src/sandbox/call.ts';
import { JOB_EXIT_CODES } from '../../src/template/job-exit-codes.ts';
import { OTHER_QUEUE, SCHEDULER_QUEUE } from './queues.ts';
import type { Cluster, SimJob } from './cluster.ts';
import { jobScript } from './job-script.ts';
import type { Server } from './server.ts';

/** Statuses at which the agent ends the task's process and leaves the status as it is. */
const GIVE_UP = ['stopped', 'failed', 'closed', 'published', 'queued', 'created', undefined];

/** What the agent gives as the task's reason after a SIGTERM. */
export const TERM_REASON = 'user abort';

export interface JobWorld {
  readonly server: Server;
  readonly cluster: Cluster;
  now(): number;
  /** Whether the program of this task ends well. */
  endsWell(task: string): boolean;
}

/** What the job did, for people. */
export async function stepJob(world: JobWorld, job: SimJob): Promise<string> {
  if (job.state === 'PENDING') {
    Object.assign(job, { state: 'RUNNING', startAt: world.now() });
    return 'starts';
  }
  if (job.leaving !== undefined) return leave(world, job, job.leaving);
  switch (job.phase) {
    case 'new':
      return passGate(world, job);
    case 'gated':
      return begin(world, job);
    case 'begun':
      await ask(world, 'workers.status_report', { worker: workerOf(job), task: job.task, timestamp: world.now() });
      job.phase = 'run';
      return 'reports as the worker of its task';
    case 'run':
      return work(world, job);
  }
}

async function passGate({ server, cluster }: JobWorld, job: SimJob): Promise<string> {
  if (!jobScript().hasGate) {
    job.phase = 'gated';
    return 'has no gate to pass';
  }
  const answer = await ask({ server }, 'queues.remove_task', { queue: SCHEDULER_QUEUE, task: job.task });
  const isTaken = answer !== undefined && Number(answer['removed']) >= 1;
  const task = server.store.tasks.get(job.task);
  if (isTaken && task?.status === 'queued' && task.execution.queue !== OTHER_QUEUE) {
    job.phase = 'gated';
    return 'passes the gate';
  }
  cluster.end(job, 'FAILED', JOB_EXIT_CODES.gateClosed.code);
  return 'finds the gate closed';
}

async function begin({ server, cluster }: JobWorld, job: SimJob): Promise<string> {
  const answer = await ask({ server }, 'tasks.dequeue', { task: job.task, new_status: 'in_progress' });
  if (jobScript().requiresQueue && (answer === undefined || Number(answer['updated']) < 1)) {
    cluster.end(job, 'FAILED', 1);
    return 'ends: its agent finds the task not queued';
  }
  await ask({ server }, 'tasks.started', { task: job.task, force: true, status_reason: 'starting execution soon' });
  job.phase = 'begun';
  job.runs += 1;
  return 'begins the task';
}

async function work(world: JobWorld, job: SimJob): Promise<string> {
  const { server, cluster } = world;
  const task = server.store.tasks.get(job.task);
  if (task?.status === 'in_progress' && task.status_message?.includes('stopping') === true) {
    await ask(world, 'tasks.stopped', { task: job.task, status_reason: 'task was stopped by tasks.stop' });
    cluster.end(job, 'COMPLETED', 0);
    return 'ends the aborted task';
  }
  if (GIVE_UP.includes(task?.status)) {
    cluster.end(job, 'COMPLETED', 0);
    return `ends: the task is ${task?.status ?? 'deleted'}`;
  }
  await ask(world, 'tasks.ping', { task: job.task });
  job.work -= 1;
  if (job.work > 0) return 'works';
  const endsWell = world.endsWell(job.task);
  await ask(world, endsWell ? 'tasks.completed' : 'tasks.failed', { task: job.task });
  cluster.end(job, endsWell ? 'COMPLETED' : 'FAILED', endsWell ? 0 : 3);
  return endsWell ? 'completes the task' : 'fails the task';
}

/** After a SIGTERM: the agent has a last word only once it has begun. */
async function leave(world: JobWorld, job: SimJob, how: NonNullable<SimJob['leaving']>): Promise<string> {
  const isBegun = job.phase === 'begun' || job.phase === 'run';
  if (isBegun && world.server.store.tasks.get(job.task)?.status === 'in_progress') {
    await ask(world, 'tasks.stopped', { task: job.task, status_reason: TERM_REASON });
    return 'says its last word';
  }
  if (how.isRequeued) {
    world.cluster.requeue(job);
    return 'is put back';
  }
  world.cluster.end(job, how.state, 15);
  return `ends ${how.state}`;
}

function workerOf(job: SimJob): string {
  return `${job.worker}:${job.id}`;
}

/** The agent ignores refusals: undefined. */
async function ask({ server }: Pick<JobWorld, 'server'>, endpoint: string, body: Fields): Promise<Fields | undefined> {
  try {
    return await server.call(endpoint, body);
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}
