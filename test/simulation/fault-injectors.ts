// The fault injectors of the simulation, in one table.
import { isLive, type JobState } from '../../src/slurm/job-state.ts';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import type { Fate, SimJob } from './simulated-slurm.ts';
import { named } from './queues.ts';
import type { Outage } from './outages.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from './queues.ts';
import type { TestBed } from './test-bed.ts';
import { removeParked, userAct } from './user-acts.ts';
import type { CallFault, SimDaemon } from './world.ts';

/** The target of a fault or of a user act. */
export interface Target {
  /** A number that chooses one of the possible targets. */
  readonly pick: number;
  /** The tasks that a user may act on. */
  readonly tasks: readonly string[];
}

/** Returns a description of the injected fault; undefined if it cannot be injected now. */
export type Injector = (bed: TestBed, target: Target) => string | undefined | Promise<string | undefined>;

const A_SECOND = 1_000;
const A_MINUTE = 60 * A_SECOND;

/** Faults whose target a number chooses. Do not reorder them: the order determines what a seed draws. */
const PICKED = {
  'user aborts': userAct('abort', 'tasks.stop'),
  'user dequeues': userAct('dequeue', 'tasks.dequeue'),
  'user resets': userAct('reset', 'tasks.reset', { force: true }),
  'user enqueues': userAct('enqueue', 'tasks.enqueue', { queue: OWN_QUEUE }),
  'user enqueues elsewhere': userAct('enqueue elsewhere', 'tasks.enqueue', { queue: OTHER_QUEUE }),
  'user deletes': userAct('delete', 'tasks.delete', { force: true }),
  'user archives': userAct('archive', 'tasks.archive'),

  'call is lost': callFault({ kind: 'any', way: 'not made' }),
  'answer is lost': callFault({ kind: 'any', way: 'answer lost' }),
  'server call is lost': callFault({ kind: 'clearml', way: 'not made' }),
  'server answer is lost': callFault({ kind: 'clearml', way: 'answer lost' }),
  'disk is full': callFault({ kind: 'journal', way: 'not made' }),
  'shared folder is full': callFault({ kind: 'host', way: 'answer lost' }),
  'daemon dies before its call': callFault({ kind: 'any', way: 'killed before' }),
  'daemon dies after its call': callFault({ kind: 'any', way: 'killed after' }),
  'daemon dies, journal lost': callFault({ kind: 'any', way: 'killed and journal lost' }),
  'daemon is told to stop': stopDaemon,

  'sbatch answer is lost': callFault({ kind: 'sbatch', way: 'answer lost' }),
  'sbatch is doubled': nextSbatch('doubled'),
  'sbatch is in flight': nextSbatch('in flight'),
  'sbatch is unknown': nextSbatch('unknown'),
  'sbatch refuses': nextSbatch('rejected'),
  'cluster is full': nextSbatch('backpressure'),
  'controller is away': nextSbatch('unavailable'),
  'squeue fails': callFault({ kind: 'slurm', way: 'not made' }),
  'controller crashes': crashController,

  'job dies': onPickedJob(isUndisturbed, ['failed'], ({ world }, job) => world.cluster.end(job, 'FAILED', 1)),
  'node dies': onPickedJob(isUndisturbed, ['failed'], ({ world }, job) => world.cluster.end(job, 'NODE_FAIL', 0)),
  'node dies, job requeued': onPickedJob(isRunning, [], ({ world }, job) => world.cluster.requeue(job)),
  'job is preempted': onPickedJob(isRunning, [], terminate('PREEMPTED', true)),
  'job runs out of time': onPickedJob(isRunning, ['failed', 'stopped'], terminate('TIMEOUT', false)),
  'scancel by hand': onPickedJob(
    (job) => isLive(job.state),
    ['stopped', 'failed'],
    ({ world }, job) => world.cluster.cancel(job, 'a user'),
  ),
  'gate answer is lost': loseGateAnswer,
  'job completes without a word': onPickedJob(
    (job) => job.phase === 'run' && isUndisturbed(job),
    ['completed', 'failed'],
    ({ world }, job) => world.cluster.end(job, 'COMPLETED', 0),
  ),

  'another agent pops from our queue': popByOtherAgent,
  'a minute passes': passTime(A_MINUTE),
  'ten minutes pass': passTime(10 * A_MINUTE),
} as const satisfies Record<string, Injector>;

/** Faults that draw their target and duration from the dice of the round. */
const DRAWN = {
  'server is away': outage('server away'),
  'controller is away for long': outage('controller away'),
  'tokens expire': outage('tokens expired'),
  'disk is full for long': outage('disk full'),
  'gate is cut off': outage('gate cut off'),
  'squeue complains': outage('squeue complains'),
  'hours pass': (bed) => passTime(bed.dice.whole(1, 5) * 60 * A_MINUTE)(bed),
  'daemon dies, its calls arrive': onDrawnDaemon(({ world, dice }, daemon) => {
    const incarnation = daemon.running?.incarnation;
    for (const call of [...world.calls.pending]) {
      if (call.owner === incarnation && call.kind !== 'journal' && dice.next() < 0.5) call.finish('answered');
    }
    world.kill(daemon);
    return 'dies, some of its calls arrive';
  }),
  'daemon dies, journal torn': onDrawnDaemon(({ world, dice }, daemon) => {
    world.kill(daemon);
    const { text } = daemon.disk;
    const lastLine = text.slice(text.lastIndexOf('\n', text.length - 2) + 1);
    daemon.disk.text = text.slice(0, text.length - dice.whole(1, Math.max(1, lastLine.length - 1)));
    world.invariants.permitRepeats();
    return 'dies, and its journal is torn';
  }),
  'daemon dies, journal is an old one': onDrawnDaemon(({ world, dice }, daemon) => {
    world.kill(daemon);
    const lines = daemon.disk.text.split('\n').slice(0, -1);
    daemon.disk.text = lines
      .slice(0, dice.whole(0, lines.length))
      .map((line) => `${line}\n`)
      .join('');
    world.invariants.permitRepeats();
    return 'dies, and its journal is an older one';
  }),
  'user requeues the job': onDrawnJob(isRunning, (_bed, job) => {
    job.leaving ??= { state: 'PREEMPTED', isRequeued: true };
    return 'is requeued by its user';
  }),
  'job is held': onDrawnJob(
    (job) => job.state === 'PENDING',
    ({ held }, job) => {
      held.add(job);
      return 'is held';
    },
  ),
  'jobs are released': ({ held }) => {
    if (held.size === 0) return undefined;
    held.clear();
    return 'held jobs are released';
  },
  'user removes from the scheduler queue': removeParked(({ length }, dice) => [dice.whole(0, length - 1)]),
  // Slurm's record and the log may be gone when a daemon looks, so that it cannot know.
  'start is revoked': onDrawnJob(
    (job) => isRunning(job) && job.phase === 'new' && job.leaving === undefined,
    ({ world, ends }, job) => {
      job.isRevoked = true;
      world.cluster.end(job, 'FAILED', 1);
      ends.permit(job.task, ['failed']);
      return 'ends FAILED: slurmctld forgot its start, and slurmd rejects the next one';
    },
  ),
  'user clears the scheduler queue': removeParked((parked) => parked.map((_, index) => index)),
} as const satisfies Record<string, Injector>;

const INJECTORS: Readonly<Record<FaultKind, Injector>> = { ...PICKED, ...DRAWN };

/** Scenarios use only these: faults that last need the fault-free end of a round. */
export const SCENARIO_FAULT_KINDS = Object.keys(PICKED) as (keyof typeof PICKED)[];

/** Drawn separately, so that it changes nothing else in a round. */
export const REVOKED_START = 'start is revoked' satisfies FaultKind;

/** Added after some pinned rounds: a plan draws these kinds last, so that those rounds stay the same. */
export const LATER_FAULT_KINDS = ['user removes from the scheduler queue', 'user clears the scheduler queue'] as const;

export type FaultKind = keyof typeof PICKED | keyof typeof DRAWN;
export const FAULT_KINDS = (Object.keys(INJECTORS) as FaultKind[]).filter(
  (kind) => kind !== REVOKED_START && !(LATER_FAULT_KINDS as readonly string[]).includes(kind),
);

/**
 * @param pick chooses the target; drawn if undefined
 * @returns whether the fault was injected
 */
export async function inject(bed: TestBed, kind: FaultKind, pick?: number): Promise<boolean> {
  const tasks = pick === undefined ? drawTasks(bed, kind) : bed.world.tasks;
  const number = pick ?? (kind in PICKED ? bed.dice.whole(0, 9_999) : 0);
  const done = await INJECTORS[kind](bed, { pick: number, tasks });
  if (done === undefined) return false;
  bed.world.note('***', `${kind}: ${done}`);
  return true;
}

/** Users act mostly on queued and running tasks. */
function drawTasks({ world, dice }: TestBed, kind: FaultKind): readonly string[] {
  if (!(kind in PICKED) || !kind.startsWith('user')) return world.tasks;
  const { tasks } = world.server.store;
  const active = world.tasks.filter((id) => ['queued', 'in_progress'].includes(tasks.get(id)?.status ?? ''));
  return active.length > 0 && dice.next() < 0.8 ? active : world.tasks;
}

function callFault(one: CallFault): Injector {
  return ({ world }) => {
    world.callFaults.push(one);
    return `the next call (${one.kind}): ${one.way}`;
  };
}

function stopDaemon({ world: { daemons } }: TestBed, { pick }: Target): string | undefined {
  const daemon = daemons[pick % daemons.length];
  if (daemon?.running === undefined || daemon.running.stop.signal.aborted) return undefined;
  daemon.running.stop.abort(new Error('SIGTERM'));
  return `daemon ${daemon.number} gets SIGTERM`;
}

function nextSbatch(fate: Fate): Injector {
  return ({ world }) => {
    world.cluster.nextFate = fate;
    return `the next sbatch will be ${fate}`;
  };
}

/** Pending requests to the controller fail, and the controller returns after a while. */
function crashController({ world, outages }: TestBed): string | undefined {
  const { cluster, invariants, calls } = world;
  if (!cluster.jobs.some((job) => job.state === 'PENDING' && !job.isForgotten)) return undefined;
  cluster.crash();
  // A job that gets the id of a forgotten job may cause the same console lines.
  invariants.permitRepeats();
  for (const call of [...calls.pending]) if (call.kind === 'slurm' || call.kind === 'sbatch') call.finish('not made');
  outages.begin('controller away', 20 * A_SECOND);
  return 'the controller crashes and forgets jobs that wait';
}

function isRunning(job: SimJob): boolean {
  return isLive(job.state) && job.state !== 'PENDING';
}

/** Once Slurm has cancelled or requeued a job, or its time is up, the end of its processes no longer changes its state. */
function isUndisturbed(job: SimJob): boolean {
  return isRunning(job) && job.leaving === undefined;
}

function terminate(state: JobState, isRequeued: boolean): (bed: TestBed, job: SimJob) => void {
  return (_bed, job) => {
    job.leaving ??= { state, isRequeued };
  };
}

/** @param ends the statuses that the task may end with after the fault */
function onPickedJob(
  isTarget: (job: SimJob) => boolean,
  ends: readonly string[],
  act: (bed: TestBed, job: SimJob) => void,
): Injector {
  return (bed, { pick }) => {
    const jobs = knownJobs(bed, isTarget);
    const job = jobs[pick % Math.max(1, jobs.length)];
    if (job === undefined) return undefined;
    act(bed, job);
    bed.ends.permit(job.task, ends);
    return `on job ${job.id} of ${named(job.task)}`;
  };
}

/** The server removes the task's queue entry for the job, but the response does not reach the node. */
async function loseGateAnswer({ world, ends }: TestBed, { pick }: Target): Promise<string | undefined> {
  const { server, cluster } = world;
  const jobs = cluster.jobs.filter((job) => isRunning(job) && job.phase === 'new' && job.leaving === undefined);
  const job = jobs[pick % Math.max(1, jobs.length)];
  if (job === undefined) return undefined;
  await server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task: job.task }).catch(() => undefined);
  const { serverUnreachable, gateClosed } = JOB_EXIT_CODES;
  cluster.end(job, 'FAILED', (pick % 2 === 0 ? gateClosed : serverUnreachable).code);
  ends.permit(job.task, ['failed']);
  return `on job ${job.id} of ${named(job.task)}`;
}

function popByOtherAgent({ world: { otherAgent, server } }: TestBed): string | undefined {
  if (!otherAgent.isIdle() || server.store.queues.get(OWN_QUEUE)?.entries.length === 0) return undefined;
  otherAgent.takesFromOurs = true;
  return 'a stock agent is about to pop the head of our queue';
}

function passTime(ms: number): (bed: TestBed) => string {
  return ({ world }) => {
    world.clock.pass(ms);
    return `${ms / A_MINUTE} min pass`;
  };
}

/** Lasts from seconds to hours, with a log-uniform distribution. */
function outage(name: Outage): Injector {
  return ({ outages, dice }) => {
    const forMs = Math.round(A_SECOND * 10 ** (dice.next() * 4));
    outages.begin(name, forMs);
    return `for ${Math.round(forMs / A_SECOND)} s`;
  };
}

function onDrawnDaemon(act: (bed: TestBed, daemon: SimDaemon) => string): Injector {
  return (bed) => {
    const running = bed.world.daemons.filter((daemon) => daemon.running !== undefined);
    const daemon = running[bed.dice.whole(0, Math.max(0, running.length - 1))];
    return daemon === undefined ? undefined : `daemon ${daemon.number} ${act(bed, daemon)}`;
  };
}

function onDrawnJob(isTarget: (job: SimJob) => boolean, act: (bed: TestBed, job: SimJob) => string): Injector {
  return (bed) => {
    const jobs = knownJobs(bed, isTarget);
    const job = jobs[bed.dice.whole(0, Math.max(0, jobs.length - 1))];
    return job === undefined ? undefined : `job ${job.id} of ${named(job.task)} ${act(bed, job)}`;
  };
}

function knownJobs({ world }: TestBed, isTarget: (job: SimJob) => boolean): SimJob[] {
  return world.cluster.jobs.filter((job) => !job.isInFlight && !job.isForgotten && isTarget(job));
}
