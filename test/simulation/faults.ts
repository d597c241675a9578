// Every kind of trouble that a round may bring: those of the stories, and what only a long stream of tasks can show.
import { ApiError } from '../../src/sandbox/api-error.ts';
import { isLive } from '../../src/slurm/job-state.ts';
import type { SimJob } from './cluster.ts';
import { SCHEDULER_QUEUE } from './queues.ts';
import { HAPPENINGS, type Happened, type HappeningName } from './happenings.ts';
import type { SimDaemon, World } from './world.ts';
import type { Random } from '../support/random.ts';
import { named, type ExpectedEnds } from './oracle/expected-ends.ts';
import type { Outage, Outages } from './outages.ts';

export interface TestBed {
  readonly world: World;
  readonly weather: Outages;
  readonly history: ExpectedEnds;
  readonly dice: Random;
  /** Jobs that do not start before they are released. */
  readonly held: Set<SimJob>;
}

type Trouble = (stage: TestBed) => Happened | undefined | Promise<Happened | undefined>;

const A_SECOND = 1_000;
const A_MINUTE = 60 * A_SECOND;

/** What a trouble with the job of a task may make of the task. A job that is only put back changes nothing. */
const ENDS: Partial<Record<HappeningName, readonly string[]>> = {
  'job dies': ['failed'],
  'node dies': ['failed'],
  'job runs out of time': ['failed', 'stopped'],
  'scancel by hand': ['stopped', 'failed'],
  'job completes without a word': ['completed', 'failed'],
  'gate answer is lost': ['failed'],
};

const BY_THE_STORIES = Object.keys(HAPPENINGS) as HappeningName[];

const OF_THEIR_OWN = {
  'server is away': spell('server away'),
  'controller is away for long': spell('controller away'),
  'tokens expire': spell('tokens expired'),
  'disk is full for long': spell('disk full'),
  'gate is cut off': spell('gate cut off'),
  'squeue complains': spell('squeue complains'),
  'hours pass': ({ world, dice }) => {
    const hours = dice.whole(1, 5);
    world.clock.pass(hours * 60 * A_MINUTE);
    return { words: `${hours} h pass` };
  },
  'daemon dies, its calls arrive': withDaemon(({ world, dice }, daemon) => {
    const life = daemon.running?.life;
    for (const call of [...world.calls.pending]) {
      if (call.owner === life && call.kind !== 'journal' && dice.next() < 0.5) call.finish('answered');
    }
    world.kill(daemon);
    return 'dies, some of its calls arrive';
  }),
  'daemon dies, journal torn': withDaemon(({ world, dice }, daemon) => {
    world.kill(daemon);
    const { text } = daemon.disk;
    const lastLine = text.slice(text.lastIndexOf('\n', text.length - 2) + 1);
    daemon.disk.text = text.slice(0, text.length - dice.whole(1, Math.max(1, lastLine.length - 1)));
    world.invariants.permitRepeats();
    return 'dies, and its journal is torn';
  }),
  'daemon dies, journal is an old one': withDaemon(({ world, dice }, daemon) => {
    world.kill(daemon);
    const lines = daemon.disk.text.split('\n').slice(0, -1);
    daemon.disk.text = lines
      .slice(0, dice.whole(0, lines.length))
      .map((line) => `${line}\n`)
      .join('');
    world.invariants.permitRepeats();
    return 'dies, and its journal is one of an earlier time';
  }),
  'user requeues the job': onJob(
    (job) => isLive(job.state) && job.state !== 'PENDING',
    (_stage, job) => {
      job.leaving ??= { state: 'PREEMPTED', isRequeued: true };
      return 'is requeued by its user';
    },
  ),
  'job is held': onJob(
    (job) => job.state === 'PENDING',
    ({ held }, job) => {
      held.add(job);
      return 'is held';
    },
  ),
  'jobs are released': ({ held }) => {
    if (held.size === 0) return undefined;
    held.clear();
    return { words: 'held jobs are released' };
  },
  'user removes from the scheduler queue': removeParked(({ length }, dice) => [dice.whole(0, length - 1)]),
  'user clears the scheduler queue': removeParked((parked) => parked.map((_, index) => index)),
} as const satisfies Record<string, Trouble>;

/** These came later than rounds that are played again: a plan draws them last, so that it stays what it was. */
export const LATER_KINDS = ['user removes from the scheduler queue', 'user clears the scheduler queue'] as const;

export type FaultKind = HappeningName | keyof typeof OF_THEIR_OWN;
const ALL_KINDS = [...BY_THE_STORIES, ...Object.keys(OF_THEIR_OWN)] as readonly FaultKind[];
export const FAULT_KINDS = ALL_KINDS.filter((kind) => !(LATER_KINDS as readonly string[]).includes(kind));

/** Whether it happened. */
export async function inject(stage: TestBed, kind: FaultKind): Promise<boolean> {
  const happened = kind in HAPPENINGS ? await ofStories(stage, kind as HappeningName) : await own(stage, kind);
  if (happened === undefined) return false;
  stage.world.note('***', `${kind}: ${happened.words}`);
  return true;
}

function own(stage: TestBed, kind: FaultKind): ReturnType<Trouble> {
  const trouble: Trouble = OF_THEIR_OWN[kind as keyof typeof OF_THEIR_OWN];
  return trouble(stage);
}

async function ofStories(
  { world, weather, history, dice }: TestBed,
  kind: HappeningName,
): Promise<Happened | undefined> {
  const act = USER_ACTS[kind];
  // Users care most for tasks that wait or run.
  const { tasks: store } = world.server.store;
  const active = world.tasks.filter((id) => ['queued', 'in_progress'].includes(store.get(id)?.status ?? ''));
  const tasks = act !== undefined && active.length > 0 && dice.next() < 0.8 ? active : world.tasks;
  const happened = await HAPPENINGS[kind]({ ...world, tasks }, dice.whole(0, 9_999));
  if (happened !== undefined && kind === 'controller crashes') comeBack(world, weather);
  const task = happened?.task;
  if (task === undefined) return happened;
  if (act !== undefined) history.userActed(task, act, store.get(task));
  history.permit(task, ENDS[kind] ?? []);
  return happened;
}

/** It takes a controller a while to come back, and nobody's question outlives it. */
function comeBack({ calls: calls }: World, weather: Outages): void {
  for (const call of [...calls.pending]) if (call.kind === 'slurm' || call.kind === 'sbatch') call.finish('not made');
  weather.begin('controller away', 20 * A_SECOND);
}

const USER_ACTS: Partial<Record<HappeningName, string>> = {
  'user aborts': 'abort',
  'user dequeues': 'dequeue',
  'user resets': 'reset',
  'user enqueues': 'enqueue',
  'user enqueues elsewhere': 'enqueue elsewhere',
  'user deletes': 'delete',
  'user archives': 'archive',
};

/** On the page of the scheduler queue: entries are taken out, and the tasks stay queued. */
function removeParked(choose: (parked: readonly unknown[], dice: Random) => readonly number[]): Trouble {
  return async ({ world, history, dice }) => {
    const { server, invariants: judge } = world;
    const parked = server.store.queues.get(SCHEDULER_QUEUE)?.entries ?? [];
    if (parked.length === 0) return undefined;
    const removed: string[] = [];
    for (const index of choose(parked, dice)) {
      const task = parked[index]?.task ?? '';
      const before = server.store.tasks.get(task);
      const body = { queue: SCHEDULER_QUEUE, task, update_task_status: true };
      const isRefused = await server.call('queues.remove_task', body).then(() => false, refused);
      if (isRefused || before === undefined) continue;
      judge.userActed(task, 'remove', server.store);
      history.removed(task, before);
      world.note('user', `removes ${named(task)} from the scheduler queue`);
      removed.push(named(task));
    }
    return removed.length === 0 ? undefined : { words: removed.join(', ') };
  };
}

function refused(error: unknown): true {
  if (error instanceof ApiError) return true;
  throw error;
}

/** From seconds to hours, short ones most often. */
function spell(name: Outage): Trouble {
  return ({ weather, dice }) => {
    const forMs = Math.round(A_SECOND * 10 ** (dice.next() * 4));
    weather.begin(name, forMs);
    return { words: `for ${Math.round(forMs / A_SECOND)} s` };
  };
}

function withDaemon(act: (stage: TestBed, daemon: SimDaemon) => string): Trouble {
  return (stage) => {
    const running = stage.world.daemons.filter((daemon) => daemon.running !== undefined);
    const daemon = running[stage.dice.whole(0, Math.max(0, running.length - 1))];
    return daemon === undefined ? undefined : { words: `daemon ${daemon.number} ${act(stage, daemon)}` };
  };
}

function onJob(isIt: (job: SimJob) => boolean, act: (stage: TestBed, job: SimJob) => string): Trouble {
  return (stage) => {
    const jobs = stage.world.cluster.jobs.filter((job) => !job.isInFlight && !job.isForgotten && isIt(job));
    const job = jobs[stage.dice.whole(0, Math.max(0, jobs.length - 1))];
    return job === undefined
      ? undefined
      : { words: `job ${job.id} of ${named(job.task)} ${act(stage, job)}`, task: job.task };
  };
}
