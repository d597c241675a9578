// A story: who takes part, and what happens when. It is played to its end, which must be a good one.
import fc from 'fast-check';
import { isLive } from '../../src/slurm/job-state.ts';
import type { SimJob } from './cluster.ts';
import { HAPPENINGS, type HappeningName } from './happenings.ts';
import { stepJob } from './job.ts';
import { passTime, settle, takeTurn } from './moves.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from './queues.ts';
import type { PendingCall } from './pending-calls.ts';
import { createWorld, journalOf, type Cast, type World } from './world.ts';

/** Something that happens after so many moves; `pick` chooses to whom. */
export type Event = readonly [afterMoves: number, name: HappeningName, pick: number];

export interface Scenario extends Cast {
  /** Decides who moves next. */
  readonly seed: number;
  readonly events: readonly Event[];
}

export interface ScenarioResult {
  /** What went wrong, or undefined. */
  readonly verdict: string | undefined;
  readonly moves: number;
  readonly trace: readonly string[];
}

const MOST_MOVES = 20_000;
/** An event that can't happen for so many moves is left out. */
const PATIENCE = 400;
/** How long a good end is watched. */
const ENCORE = 60;

const names = Object.keys(HAPPENINGS) as HappeningName[];

export function anyScenario(most: { readonly events: number; readonly daemons: 1 | 2 }): fc.Arbitrary<Scenario> {
  const event = fc.tuple(fc.nat(40), fc.constantFrom(...names), fc.nat(3));
  return fc
    .record({
      natures: fc.array(fc.constantFrom('ends well', 'ends well', 'fails', 'misfit'), {
        minLength: 1,
        maxLength: 2,
      }),
      daemons: fc.constantFrom(...([1, 2] as const).filter((count) => count <= most.daemons)),
      seed: fc.nat(1_000_000),
      events: fc.array(event, { maxLength: most.events }),
    })
    .map((story) => story as Scenario);
}

export async function playScenario(story: Scenario): Promise<ScenarioResult> {
  const world = await createWorld(story);
  const events = [...story.events];
  let waited = 0;
  let encore = 0;
  let moves = 0;

  for (; moves < MOST_MOVES && world.invariants.verdict === undefined; moves += 1) {
    const [next] = events;
    if (next !== undefined && waited >= next[0]) {
      if ((await happen(world, next)) || waited > next[0] + PATIENCE) {
        events.shift();
        waited = 0;
      }
    }
    await move(world, story.seed, moves);
    await settle();
    world.invariants.check(world.server.store);
    waited += 1;
    encore = events.length === 0 && isGoodEnd(world) ? encore + 1 : 0;
    if (encore > ENCORE) break;
  }
  const verdict = world.invariants.verdict ?? (moves < MOST_MOVES ? undefined : `no good end: ${describeEnd(world)}`);
  return { verdict, moves, trace: world.trace };
}

async function happen(world: World, [, name, pick]: Event): Promise<boolean> {
  const happened = await HAPPENINGS[name](world, pick);
  if (happened === undefined) return false;
  world.note('***', `${name}: ${happened.words}`);
  await settle();
  return true;
}

/** One move of somebody: mostly of a daemon, else of a job or the neighbour, else time passes. */
async function move(world: World, seed: number, index: number): Promise<void> {
  const dice = scatter(seed, index);
  world.clock.pass(20);
  const stopped = world.daemons.find(({ running }) => running === undefined);
  if (stopped !== undefined) {
    world.start(stopped);
    return;
  }

  const take = (call: PendingCall): void => world.finish(call);
  const calls = [...world.calls.pending];
  const jobs = world.cluster.jobs.filter((job) => job.isInFlight || (isLive(job.state) && !job.isForgotten));
  const call = calls[dice % Math.max(1, calls.length)];
  if (call !== undefined && dice % 8 < 5) return takeTurn(world.calls, call, take);
  const job = jobs[(dice >> 3) % Math.max(1, jobs.length)];
  // In every other story jobs and neighbours take their time: daemons look many times before something moves.
  const isLazy = seed % 2 === 1 && (dice >> 8) % 12 !== 0;
  if (job !== undefined && dice % 8 < 7 && !isLazy) return stepOf(world, job, dice);
  // A stock agent begins what it has popped at once; one that took minutes would find that it was put back.
  const did = isLazy && !world.otherAgent.isBeginning() ? undefined : await world.otherAgent.step();
  if (did !== undefined) world.note('neighbour', did);
  else if (call !== undefined) await takeTurn(world.calls, call, take);
  else passTime(world.clock);
}

async function stepOf(world: World, job: SimJob, dice: number): Promise<void> {
  if (job.isInFlight) {
    // Most land; some are lost on their way.
    const isLost = dice % 5 === 0;
    if (isLost) world.cluster.vanish(job);
    job.isInFlight = false;
    world.note(`job ${job.id}`, isLost ? 'never reaches the controller' : 'reaches the controller');
    return;
  }
  world.note(`job ${job.id}`, `${await stepJob(world, job)} (task ${Number(job.task)})`);
}

function isGoodEnd({ tasks, server, daemons, cluster, otherAgent: peer }: World): boolean {
  const isAtRest = tasks.every((id) => {
    const status = server.store.tasks.get(id)?.status;
    return status !== 'queued' && status !== 'in_progress';
  });
  if (!isAtRest || !peer.isIdle()) return false;
  if (server.store.queues.all().some(({ entries }) => entries.length > 0)) return false;
  if (cluster.jobs.some((job) => job.isInFlight || (isLive(job.state) && !job.isForgotten))) return false;
  return daemons.every((daemon) => journalOf(daemon).size === 0);
}

function describeEnd({ tasks, server, daemons, cluster }: World): string {
  const placeOf = (queue: string): string =>
    (server.store.queues.get(queue)?.entries ?? []).map(({ task }) => Number(task)).join(',') || '-';
  const seen = tasks.map((id) => `task ${Number(id)} is ${server.store.tasks.get(id)?.status ?? 'deleted'}`);
  const journals = daemons.map(
    (daemon) =>
      `journal ${daemon.number}: ${[...journalOf(daemon).values()].map((entry) => JSON.stringify(entry)).join(' ') || 'empty'}`,
  );
  const jobs = cluster.jobs.map((job) => `job ${job.id} ${job.state}${job.isForgotten ? ' (forgotten)' : ''}`);
  return [
    ...seen,
    `own queue: ${placeOf(OWN_QUEUE)}`,
    `other queue: ${placeOf(OTHER_QUEUE)}`,
    `scheduler queue: ${placeOf(SCHEDULER_QUEUE)}`,
    ...journals,
    ...jobs,
  ].join('; ');
}

/** A number that looks random, and is the same for the same two. */
function scatter(seed: number, index: number): number {
  let mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(index + 1, 0xc2b2ae35);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x2c1b3c6d);
  mixed ^= mixed >>> 12;
  return mixed >>> 1;
}

/** The story as a person reads it: the cast, the events, and what was seen at the end. */
export function formatScenario(story: Scenario, { verdict, trace }: ScenarioResult): string {
  const events = story.events.map(([after, name, pick]) => `  after ${after} moves: ${name} (${pick})`);
  return [
    verdict ?? 'all is well',
    `${story.daemons} daemon(s); tasks: ${story.natures.join(', ')}; seed ${story.seed}`,
    ...events,
    ...trace.slice(-120),
  ].join('\n');
}
