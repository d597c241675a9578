// Simulates a job on its node step by step: the gate, and then the calls that a real agent makes.
import { ApiError } from '../../src/sandbox/requests/api-error.ts';
import type { Fields } from '../../src/sandbox/requests/endpoint.ts';
import { isStoppedByWatchdog } from '../../src/sandbox/tasks/watchdog.ts';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import { renderBlocks } from '../../src/sbatch-template/job-script/render-blocks.ts';
import { hasBegun, type Cluster, type SimJob } from './simulated-slurm.ts';
import { named, OTHER_QUEUE, SCHEDULER_QUEUE } from './queues.ts';
import type { Server } from './server.ts';
import type { TestBed } from './test-bed.ts';

/** Statuses at which the agent ends the task's process without changing the status. */
const GIVE_UP = ['stopped', 'failed', 'closed', 'published', 'queued', 'created', undefined];

/** The status reason that the agent sets after a SIGTERM. */
export const TERM_REASON = 'user abort';

interface JobWorld {
  readonly server: Server;
  readonly cluster: Cluster;
  now(): number;
  /** Whether the program of this task succeeds. */
  endsWell(task: string): boolean;
}

/** Executes one step of the job; the server, the controller or the network may be away. Returns false if the job can do nothing now. */
export async function stepJobDuringFaults(bed: TestBed, job: SimJob): Promise<boolean> {
  // Before the agent's first report, nothing shows who has stopped the task.
  if (job.leaving !== undefined && job.phase === 'begun') bed.ends.permit(job.task, ['stopped', 'failed']);
  // The daemon may have seen it, although the agent has not started the task for the last time.
  if (isStoppedByWatchdog(bed.world.server.store.tasks.get(job.task))) bed.ends.permit(job.task, ['stopped']);
  const did = await tryStep(bed, job);
  if (did !== undefined) bed.world.note(`job ${job.id}`, `${did} (${named(job.task)})`);
  return did !== undefined;
}

async function tryStep(bed: TestBed, job: SimJob): Promise<string | undefined> {
  const { world, outages, dice, held } = bed;
  if (job.isInFlight || job.state === 'PENDING') {
    if (outages.isOn('controller away') || held.has(job)) return undefined;
    if (!job.isInFlight) return stepJob(world, job);
    return arrive(bed, job);
  }
  const isNew = job.phase === 'new' && job.leaving === undefined;
  const isCut = outages.isOn('server away') || (isNew && outages.isOn('gate cut off'));
  if (!isCut) return stepJob(world, job);
  if (job.leaving !== undefined) return leaveSilently(bed, job, job.leaving);
  return isNew && dice.next() < 0.2 ? failAtGate(bed, job) : undefined;
}

function arrive({ world, draws }: TestBed, job: SimJob): string {
  world.invariants.arrivedLate(job.task);
  const isLost = draws.isLost();
  if (isLost) world.cluster.vanish(job);
  Object.assign(job, { isInFlight: false, submittedAt: world.clock.now() });
  return isLost ? 'never reaches the controller' : 'reaches the controller';
}

function leaveSilently({ world }: TestBed, job: SimJob, { isRequeued, state }: NonNullable<SimJob['leaving']>): string {
  if (isRequeued) world.cluster.requeue(job);
  else world.cluster.end(job, state, 15);
  return isRequeued ? 'is requeued, unheard' : `ends ${state}, unheard`;
}

/** Either the request or its response is lost. */
async function failAtGate({ world, outages, ends, dice }: TestBed, job: SimJob): Promise<string> {
  const isMade = !outages.isOn('server away') && dice.next() < 0.5;
  if (isMade)
    await world.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task: job.task }).catch(() => undefined);
  ends.permit(job.task, ['failed']);
  world.cluster.end(job, 'FAILED', JOB_EXIT_CODES.serverUnreachable.code);
  return `cannot reach the server at the gate${isMade ? ', which gave it the task' : ''}`;
}

/** @returns a description of the step */
async function stepJob(world: JobWorld, job: SimJob): Promise<string> {
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
      job.phase = 'starting';
      return report(world, job);
    case 'starting':
      return isReportNext(world, job) ? report(world, job) : startAgain(world, job);
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

/** Returns whether the task was queued or in progress. */
async function takeTask(world: Pick<JobWorld, 'server'>, { task }: SimJob): Promise<boolean> {
  const answer = await ask(world, 'tasks.dequeue', { task, new_status: 'in_progress' });
  if (answer === undefined || Number(answer['updated']) < 1) return false;
  await ask(world, 'tasks.started', {
    task,
    force: true,
    status_reason: 'starting execution soon',
    status_message: '',
  });
  return true;
}

async function begin({ server, cluster }: JobWorld, job: SimJob): Promise<string> {
  const isTaken = await takeTask({ server }, job);
  if (jobScript().requiresQueue && !isTaken) {
    cluster.end(job, 'FAILED', 1);
    return 'ends: its agent finds the task not queued';
  }
  job.phase = 'begun';
  job.runs += 1;
  return 'begins the task';
}

async function report(world: JobWorld, job: SimJob): Promise<string> {
  job.hasReported = true;
  await ask(world, 'workers.status_report', { worker: workerOf(job), task: job.task, timestamp: world.now() });
  return 'reports as the worker of its task';
}

/** A real agent reports every 30 seconds, beside all else: between two of its calls, or not. */
function isReportNext(world: JobWorld, { hasReported }: SimJob): boolean {
  return !hasReported && world.now() % 3 !== 0;
}

/** A call to `tasks.started` after the first one, which erases a request to abort the task. */
interface Start {
  readonly did: string;
  readonly force: boolean;
  readonly reason?: string;
  readonly message?: 'launch by agent' | 'names the worker';
  /** The agent inside the agent takes the task once more, as if it was the first. */
  readonly dequeues?: true;
}

/** What the real agent and the SDK call, in this order (clearml_agent/commands/worker.py; `Task.init()`). */
const STARTS: readonly Start[] = [
  { did: 'launches the task', force: true, message: 'launch by agent' },
  {
    did: 'sets up the task',
    force: true,
    reason: 'worker started execution',
    message: 'names the worker',
    dequeues: true,
  },
  { did: 'starts its program', force: true, reason: 'worker starting task execution', message: 'names the worker' },
  { did: 'calls Task.init()', force: false },
];

/** The agent polls for an abort every five seconds: each of these calls may follow the one before sooner. */
async function startAgain(world: JobWorld, job: SimJob): Promise<string> {
  const start = STARTS[job.starts];
  job.starts += 1;
  job.hasReported = false;
  if (job.starts === STARTS.length) job.phase = 'run';
  if (start?.dequeues === true) await takeTask(world, job);
  const message = start?.message === 'names the worker' ? `Changed by clearml-agent ${workerOf(job)}` : start?.message;
  const answer = await ask(world, 'tasks.started', {
    task: job.task,
    force: start?.force,
    status_reason: start?.reason,
    status_message: message,
  });
  if (answer === undefined && start?.force === true) {
    world.cluster.end(job, 'FAILED', 1);
    return 'ends: its agent cannot start the task';
  }
  return start?.did ?? '';
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

/** Ends the job after a SIGTERM: the agent stops the task only if it has started it. */
async function leave(world: JobWorld, job: SimJob, how: NonNullable<SimJob['leaving']>): Promise<string> {
  if (hasBegun(job) && world.server.store.tasks.get(job.task)?.status === 'in_progress') {
    await ask(world, 'tasks.stopped', { task: job.task, status_reason: TERM_REASON });
    return 'says its last word';
  }
  if (how.isRequeued) {
    world.cluster.requeue(job);
    return 'is requeued';
  }
  world.cluster.end(job, how.state, 15);
  return `ends ${how.state}`;
}

function workerOf(job: SimJob): string {
  return `${job.worker}:${job.id}`;
}

/** Returns undefined if the server refuses the call: agents ignore that. */
async function ask({ server }: Pick<JobWorld, 'server'>, endpoint: string, body: Fields): Promise<Fields | undefined> {
  try {
    return await server.call(endpoint, body);
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

/** Properties of a rendered job script on which the simulated job depends. */
interface JobScript {
  /** Whether the script removes the task's queue entry before it runs the task. */
  readonly hasGate: boolean;
  /** Whether the agent runs the task only if it is still queued. */
  readonly requiresQueue: boolean;
}

let read: JobScript | undefined;

function jobScript(): JobScript {
  read ??= readScript();
  return read;
}

function readScript(): JobScript {
  const { preSetup, agentExecute } = renderBlocks({
    taskId: '1'.repeat(32),
    jobName: 'a job',
    schedulerQueueId: 'c'.repeat(32),
    queueId: 'd'.repeat(32),
    agentVersion: '3.0.3',
    workerPrefix: 'login1:slurm',
  });
  return {
    hasGate: agentExecute.includes('"$(clearml_pass_gate)"') && preSetup.includes('"queues", "remove_task"'),
    requiresQueue: /clearml_agent execute .*--require-queue/.test(preSetup),
  };
}
