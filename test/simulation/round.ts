// Plays one round: faults while tasks arrive, then a fault-free period until everything is at rest; the oracle checks all of it.
import { isLive } from '../../src/slurm/job-state.ts';
import { drawByMove, drawInOrder } from './draws.ts';
import { inject, type FaultKind } from './fault-injectors.ts';
import { readDisk } from './memory-journal.ts';
import { move, settle } from './mover.ts';
import type { Violation } from './oracle/expected-ends.ts';
import { named } from './queues.ts';
import { diceOf, planOf, type RoundPlan, type Scenario } from './schedule.ts';
import { createTestBed, type TestBed } from './test-bed.ts';
import type { SimDaemon, TaskNature, World } from './world.ts';

export interface RoundResult {
  readonly violation: Violation | undefined;
  readonly moves: number;
  readonly calls: number;
  readonly kills: number;
  readonly tasks: number;
  /** The number of Slurm's outputs that were malformed. */
  readonly malformed: number;
  readonly trace: readonly string[];
}

/** Faults are injected for this many moves per task. */
const MOVES_PER_TASK = 70;
/** A round that is not at rest after this many fault-free moves, plus this many for each task, never will be. */
const MOST_FAULT_FREE_MOVES = 6_000;
const MOST_FAULT_FREE_MOVES_PER_TASK = 400;
/** Everything must be at rest for this long, which is more than any grace period of the program. */
const REST_MS = 10 * 60_000;

/** A scenario skips a fault that cannot be injected for this many moves. */
const MOST_MOVES_TO_INJECT = 400;
/** A scenario ends when it has been at rest for this many moves. */
const REST_MOVES = 60;
const MOST_SCENARIO_MOVES = 20_000;

/** Faults that end no process and no connection; they do not count as kills. */
const HARMLESS: readonly FaultKind[] = ['a minute passes', 'ten minutes pass', 'hours pass', 'jobs are released'];

/** Plays a round: tasks arrive over time, and faults occur at random. */
export async function playRound(plan: RoundPlan): Promise<RoundResult> {
  const dice = diceOf(plan, 1);
  const pauseDice = diceOf(plan, 6);
  const bed = createTestBed(plan, dice, drawInOrder(dice, plan.isLazy));
  const { world } = bed;
  let kills = 0;

  const enqueueTask = (): Promise<void> =>
    bed.enqueueTask(dice.weighted<TaskNature>({ 'ends well': 7, fails: 2, misfit: 1 }));

  async function injectFault(): Promise<void> {
    const kind = plan.kinds[dice.whole(0, plan.kinds.length - 1)];
    if (kind === undefined) return;
    if ((await injectNow(bed, kind)) && !HARMLESS.includes(kind)) kills += 1;
  }

  let moves = 0;
  const faultyMoves = plan.tasks * MOVES_PER_TASK;
  for (; moves < faultyMoves && bed.violation() === undefined; moves += 1) {
    if (world.tasks.length < plan.tasks && dice.next() < 1 / (MOVES_PER_TASK * 0.7)) await enqueueTask();
    if (dice.next() < 1 / plan.movesPerFault) await injectFault();
    if (pauseDice.next() < 1 / (plan.limited?.movesPerPause ?? Infinity)) togglePause(world);
    await move(bed);
    await settle();
    if (moves % 10 === 0) bed.observer.checkOrphans();
  }
  while (world.tasks.length < plan.tasks && bed.violation() === undefined) await enqueueTask();
  endFaults(bed);

  let restsSince = Infinity;
  const until = moves + MOST_FAULT_FREE_MOVES + MOST_FAULT_FREE_MOVES_PER_TASK * plan.tasks;
  for (; moves < until && !(world.now() - restsSince > REST_MS) && bed.violation() === undefined; moves += 1) {
    await move(bed);
    await settle();
    if (moves % 10 !== 0) continue;
    if (!isAtRest(world)) restsSince = Infinity;
    else if (restsSince === Infinity) restsSince = world.now();
  }
  return resultOf(bed, { moves, kills, isOver: moves < until });
}

/** Plays a scenario: one or two tasks, and each fault after a given number of moves. */
export async function playScenario(scenario: Scenario): Promise<RoundResult> {
  const plan = planOf(scenario);
  const bed = createTestBed(plan, diceOf(plan, 1), drawByMove(plan.seed, plan.isLazy));
  const { world } = bed;
  for (const nature of scenario.natures) await bed.enqueueTask(nature);
  const faults = [...scenario.faults];
  let waited = 0;
  let restedMoves = 0;
  let moves = 0;

  for (; moves < MOST_SCENARIO_MOVES && restedMoves <= REST_MOVES && bed.violation() === undefined; moves += 1) {
    const [next] = faults;
    if (next !== undefined && waited >= next[0]) {
      if ((await injectNow(bed, next[1], next[2])) || waited > next[0] + MOST_MOVES_TO_INJECT) {
        faults.shift();
        waited = 0;
      }
    }
    await move(bed);
    await settle();
    world.invariants.check(world.server.store);
    waited += 1;
    restedMoves = faults.length === 0 && isAtRest(world) ? restedMoves + 1 : 0;
  }
  return resultOf(bed, { moves, kills: scenario.faults.length, isOver: moves < MOST_SCENARIO_MOVES });
}

/** Returns the violation, the scenario and the last moves as text. */
export function formatScenario(
  { natures, daemons, seed, faults }: Scenario,
  { violation, trace }: RoundResult,
): string {
  return [
    violation?.says ?? 'nothing is wrong',
    `${daemons} daemon(s); tasks: ${natures.join(', ')}; seed ${seed}`,
    ...faults.map(([after, kind, pick]) => `  after ${after} moves: ${kind} (${pick})`),
    ...trace.slice(-120),
  ].join('\n');
}

async function injectNow(bed: TestBed, kind: FaultKind, pick?: number): Promise<boolean> {
  const { world, network, observer, outages } = bed;
  network.chooseFailure();
  observer.seeEntries();
  const from = world.now();
  if (!(await inject(bed, kind, pick))) return false;
  if (world.now() > from) outages.suspended(from);
  observer.disturbed(kind);
  await settle();
  observer.seeJobs(world.cluster.jobs);
  return true;
}

function togglePause(world: World): void {
  const isPaused = world.limitOracle?.togglePause() ?? false;
  world.note('***', isPaused ? 'the queue is paused' : 'the queue is resumed');
}

function endFaults(bed: TestBed): void {
  if (bed.world.limitOracle?.isPaused() === true) togglePause(bed.world);
  bed.isFaultFree = true;
  bed.outages.clear();
  bed.held.clear();
  bed.world.callFaults.length = 0;
  bed.world.cluster.nextFate = 'accepted';
  bed.world.note('***', 'no more faults');
}

function resultOf(
  bed: TestBed,
  { moves, kills, isOver }: { moves: number; kills: number; isOver: boolean },
): RoundResult {
  const { world, ends, network, plan } = bed;
  if (bed.violation() === undefined && !isOver) reportLeft(world);
  for (const task of world.tasks) ends.ended(task, world.server.store.tasks.get(task));
  return {
    violation: bed.violation(),
    moves,
    calls: network.calls(),
    kills,
    tasks: plan.tasks,
    malformed: bed.malformed(),
    trace: world.trace,
  };
}

/** No task is queued or running, and no queue entry, live job or journal entry is left. */
function isAtRest({ tasks, server, cluster, daemons, otherAgent }: World): boolean {
  if (!otherAgent.isIdle()) return false;
  if (server.store.queues.all().some(({ entries }) => entries.length > 0)) return false;
  if (cluster.jobs.some((job) => job.isInFlight || (isLive(job.state) && !job.isForgotten))) return false;
  if (tasks.some((id) => ['queued', 'in_progress'].includes(server.store.tasks.get(id)?.status ?? ''))) return false;
  return daemons.every((daemon) => journalOf(daemon).length === 0);
}

/** The journal entries of a running daemon: the work that it still has to do. */
function journalOf({ running, disk }: SimDaemon): string[] {
  return running === undefined ? [] : [...readDisk(disk).values()].map((entry) => JSON.stringify(entry));
}

function reportLeft({ tasks, server, cluster, daemons, invariants }: World): void {
  for (const task of tasks) {
    const status = server.store.tasks.get(task)?.status ?? 'gone';
    const queues = server.store.queues.all().filter(({ entries }) => entries.some((entry) => entry.task === task));
    const jobs = cluster.jobs.filter((job) => job.task === task && isLive(job.state) && !job.isForgotten);
    if (!['queued', 'in_progress'].includes(status) && queues.length === 0 && jobs.length === 0) continue;
    const where = queues.map(({ name }) => name).join(', ') || 'no queue';
    const has = jobs.map(({ id, state }) => `job ${id} ${state}`).join(', ') || 'no job';
    const says = `${named(task)} comes to no end: it is ${status}, in ${where}, with ${has}`;
    invariants.report('lost', task, says);
  }
  const left = daemons.flatMap((daemon) => journalOf(daemon).map((entry) => `daemon ${daemon.number}: ${entry}`));
  const rest = left.join('; ') || 'no journal entry is left';
  invariants.report('lost', undefined, `the round comes to no rest; ${rest}`);
}
