// What can happen in a story besides everybody doing his work: the table of faults, of the user's acts, and of the cluster's.
import { ApiError } from '../../src/sandbox/api-error.ts';
import { isLive } from '../../src/slurm/job-state.ts';
import type { Fate, SimJob } from './cluster.ts';
import { OTHER_QUEUE, OWN_QUEUE } from './queues.ts';
import type { CallFault, World } from './world.ts';

/** What happened, in words, and to which task where it was to one. */
export interface Happened {
  readonly words: string;
  readonly task?: string;
}

/** Undefined when it can't happen now. `pick` chooses among several it could happen to. */
type Happening = (world: World, pick: number) => Happened | undefined | Promise<Happened | undefined>;

export const HAPPENINGS = {
  'user aborts': user('abort', 'tasks.stop'),
  'user dequeues': user('dequeue', 'tasks.dequeue'),
  'user resets': user('reset', 'tasks.reset', { force: true }),
  'user enqueues': user('enqueue', 'tasks.enqueue', { queue: OWN_QUEUE }),
  'user enqueues elsewhere': user('enqueue elsewhere', 'tasks.enqueue', { queue: OTHER_QUEUE }),
  'user deletes': user('delete', 'tasks.delete', { force: true }),
  'user archives': user('archive', 'tasks.archive'),

  'call is lost': trap({ kind: 'any', way: 'not made' }),
  'answer is lost': trap({ kind: 'any', way: 'answer lost' }),
  'server call is lost': trap({ kind: 'clearml', way: 'not made' }),
  'server answer is lost': trap({ kind: 'clearml', way: 'answer lost' }),
  'disk is full': trap({ kind: 'journal', way: 'not made' }),
  'shared folder is full': trap({ kind: 'host', way: 'answer lost' }),
  'daemon dies before its call': trap({ kind: 'any', way: 'killed before' }),
  'daemon dies after its call': trap({ kind: 'any', way: 'killed after' }),
  'daemon dies, journal lost': trap({ kind: 'any', way: 'killed and journal lost' }),
  'daemon is told to stop': stop,

  'sbatch answer is lost': trap({ kind: 'sbatch', way: 'answer lost' }),
  'sbatch is doubled': sbatch('doubled'),
  'sbatch is in flight': sbatch('in flight'),
  'sbatch is unknown': sbatch('unknown'),
  'sbatch refuses': sbatch('rejected'),
  'cluster is full': sbatch('backpressure'),
  'controller is away': sbatch('unavailable'),
  'squeue fails': trap({ kind: 'slurm', way: 'not made' }),
  'controller crashes': crash,

  'job dies': onJob(isRunning, (world, job) => world.cluster.end(job, 'FAILED', 1)),
  'node dies': onJob(isRunning, (world, job) => world.cluster.end(job, 'NODE_FAIL', 0)),
  'node dies, job requeued': onJob(isRunning, (world, job) => world.cluster.requeue(job)),
  'job is preempted': onJob(isRunning, (_world, job) => (job.leaving ??= { state: 'PREEMPTED', isRequeued: true })),
  'job runs out of time': onJob(isRunning, (_world, job) => (job.leaving ??= { state: 'TIMEOUT', isRequeued: false })),
  'scancel by hand': onJob(
    (job) => isLive(job.state),
    (world, job) => world.cluster.cancel(job),
  ),
  'gate answer is lost': gateAnswerLost,
  'job completes without a word': onJob(
    (job) => job.phase === 'run' && isRunning(job),
    (world, job) => world.cluster.end(job, 'COMPLETED', 0),
  ),

  'a neighbour takes from our queue': neighbourTakes,
  'a minute passes': passes(60_000),
  'ten minutes pass': passes(600_000),
} as const satisfies Record<string, Happening>;

export type HappeningName = keyof typeof HAPPENINGS;

function user(act: string, endpoint: string, more: Readonly<Record<string, unknown>> = {}): Happening {
  return async ({ server, cluster, otherAgent: peer, tasks, invariants: judge, ...world }, pick) => {
    // An agent takes a task and begins it within moments, in which nobody on the server can tell that it has. Ours finds
    // out whether the task still waits, but not that it waits elsewhere by now.
    const isTaken = (id: string): boolean =>
      peer.hasPopped(id) ||
      (act.startsWith('enqueue') &&
        cluster.jobs.some((job) => job.task === id && job.phase === 'gated' && isRunning(job)));
    const present = tasks.filter((id) => server.store.tasks.get(id) !== undefined && !isTaken(id));
    const task = present[pick % Math.max(1, present.length)];
    if (task === undefined) return undefined;
    try {
      await server.call(endpoint, { task, ...(act === 'archive' ? { tasks: [task] } : {}), ...more });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      world.note('user', `can't ${act} task ${Number(task)}: ${error.message.slice(0, 60)}`);
      return undefined;
    }
    judge.userActed(task, act, server.store);
    return { words: `user: ${act} task ${Number(task)}`, task };
  };
}

function trap(one: CallFault): Happening {
  return ({ callFaults: traps }) => {
    traps.push(one);
    return { words: `trap for the next call (${one.kind}): ${one.way}` };
  };
}

function stop({ daemons }: World, pick: number): Happened | undefined {
  const daemon = daemons[pick % daemons.length];
  if (daemon?.running === undefined || daemon.running.stop.signal.aborted) return undefined;
  daemon.running.stop.abort(new Error('SIGTERM'));
  return { words: `daemon ${daemon.number} gets SIGTERM` };
}

function sbatch(fate: Fate): Happening {
  return ({ cluster }) => {
    cluster.nextFate = fate;
    return { words: `the next sbatch will be ${fate}` };
  };
}

function crash({ cluster, invariants: judge }: World): Happened | undefined {
  if (!cluster.jobs.some((job) => job.state === 'PENDING' && !job.isForgotten)) return undefined;
  cluster.crash();
  // A job that gets the id of a forgotten one may be told of in the same words.
  judge.permitRepeats();
  return { words: 'the controller crashes and forgets jobs that wait' };
}

function isRunning(job: SimJob): boolean {
  return isLive(job.state) && job.state !== 'PENDING';
}

function onJob(isIt: (job: SimJob) => boolean, act: (world: World, job: SimJob) => unknown): Happening {
  return (world, pick) => {
    const jobs = world.cluster.jobs.filter((job) => !job.isInFlight && !job.isForgotten && isIt(job));
    const job = jobs[pick % Math.max(1, jobs.length)];
    if (job === undefined) return undefined;
    act(world, job);
    return { words: `on job ${job.id} of task ${Number(job.task)}`, task: job.task };
  };
}

/** The server gave the job its task, but the node never heard of it. */
async function gateAnswerLost({ server, cluster }: World, pick: number): Promise<Happened | undefined> {
  const jobs = cluster.jobs.filter((job) => isRunning(job) && job.phase === 'new' && job.leaving === undefined);
  const job = jobs[pick % Math.max(1, jobs.length)];
  if (job === undefined) return undefined;
  await server.call('queues.remove_task', { queue: 'c'.repeat(32), task: job.task }).catch(() => undefined);
  cluster.end(job, 'FAILED', pick % 2 === 0 ? 201 : 202);
  return { words: `on job ${job.id} of task ${Number(job.task)}`, task: job.task };
}

function neighbourTakes({ otherAgent: peer, server }: World): Happened | undefined {
  if (!peer.isIdle() || server.store.queues.get(OWN_QUEUE)?.entries.length === 0) return undefined;
  peer.takesFromOurs = true;
  return { words: 'a stock agent is going to take the head of our queue' };
}

function passes(ms: number): Happening {
  return ({ clock }) => {
    clock.pass(ms);
    return { words: `${ms / 60_000} min pass` };
  };
}
