// One round: a world of its own with a stream of tasks, trouble while they come, then calm, and the verdict.
import { createCliScheduler } from '../../src/slurm/cli-scheduler.ts';
import type { SimJob } from './cluster.ts';
import { settle } from './moves.ts';
import { silentLog } from '../support/silent-log.ts';
import { createWorld, type TaskNature } from './world.ts';
import { createNetwork } from './carrier.ts';
import { createMalformer } from './malformed-output.ts';
import { isLimboWrong, losesJournals, mayBeSilent, plainToSeeMs } from './oracle/permitted.ts';
import { createExpectedEnds, type Verdict } from './oracle/expected-ends.ts';
import { createLimbo } from './oracle/limbo.ts';
import { createMover } from './mover.ts';
import { diceOf, type RoundPlan } from './plan.ts';
import { describeLeft, isAtRest } from './rest.ts';
import { createSlurmCommands } from './slurm-commands.ts';
import { createRestarts } from './starter.ts';
import { inject, type TestBed, type FaultKind } from './faults.ts';
import { createOutages } from './outages.ts';
import { createObserver } from './oracle/witness.ts';

export interface RoundResult {
  readonly verdict: Verdict | undefined;
  readonly moves: number;
  readonly calls: number;
  readonly kills: number;
  readonly tasks: number;
  /** How many of Slurm's answers were malformed. */
  readonly malformed: number;
  readonly trace: readonly string[];
}

/** Trouble goes on for so many moves for each task, on average. */
const MOVES_PER_TASK = 70;
/** Whatever is not at rest after so many quiet moves, and so many more for each task, never will be. */
const MOST_QUIET_MOVES = 6_000;
const MOST_QUIET_MOVES_PER_TASK = 400;
/** All must be at rest for so long: longer than any grace of the product. */
const REST_MS = 10 * 60_000;

const COMMANDS = { sbatch: 'sbatch', squeue: 'squeue', sacct: 'sacct', scancel: 'scancel', scontrol: 'scontrol' };

/** These kill nothing and cut nothing. */
const HARMLESS: readonly FaultKind[] = ['a minute passes', 'ten minutes pass', 'hours pass', 'jobs are released'];

export async function playRound(plan: RoundPlan): Promise<RoundResult> {
  const dice = diceOf(plan.seed, plan.round, 1);
  let tokens = 0;
  let isCalm = false;
  const { malformedShare } = plan;
  const malformer =
    malformedShare === undefined ? undefined : createMalformer(diceOf(plan.seed, plan.round, 3), malformedShare);

  const world = await createWorld({ natures: [], daemons: plan.daemons }, ({ cluster, calls: calls }, life) =>
    createCliScheduler({
      host: createSlurmCommands({ cluster, calls }, life, {
        hasAccounting: plan.hasAccounting,
        jobLimit: plan.jobLimit,
        asked(task) {
          history.submitting(task);
          witness.checkEntry(task);
        },
        rejected: (task) => history.permit(task, ['failed']),
        trouble: (program) => carrier.troubleOf(program),
        ...(malformer === undefined ? {} : { spoil: (command, result) => malformer.spoil(command, result, isCalm) }),
      }),
      commands: COMMANDS,
      sbatchTimeoutMs: 150_000,
      commandTimeoutMs: 60_000,
      log: silentLog,
      randomToken: () => `mark${(tokens += 1)}`,
    }),
  );
  const { cluster } = world;
  const weather = createOutages(() => world.now());
  const limbo = createLimbo(world);
  const starter = createRestarts(world, limbo, dice, plan);
  const carrier = createNetwork(world, weather, plan);
  const history = createExpectedEnds({
    jobsOf,
    couldLookSince,
    awakeMsSince: (from) => weather.awakeMsSince(from),
    plainToSeeMs: plainToSeeMs(plan),
    mayBeSilent: mayBeSilent(plan),
    isAbortErased: (task) => world.invariants.isAbortErased(task),
    losesJournals: losesJournals(plan),
  });
  const witness = createObserver(world, weather, history, plan);
  const stage: TestBed = { world, weather, history, dice, held: new Set() };
  const move = createMover({ stage, carrier, starter, witness, isLazy: plan.isLazy });
  let kills = 0;

  function jobsOf(task: string): readonly SimJob[] {
    return cluster.jobs.filter((job) => job.task === task);
  }

  function couldLookSince(): number | undefined {
    if (plan.daemons > 1 || weather.isOn('controller away')) return undefined;
    return Math.max(starter.lastStartAt(), weather.lastEndAt('controller away') ?? 0);
  }

  async function admit(): Promise<void> {
    const character = dice.weighted<TaskNature>({ 'ends well': 7, fails: 2, misfit: 1 });
    history.admitted(await world.enqueueTask(character), character);
  }

  async function trouble(): Promise<void> {
    const kind = plan.kinds[dice.whole(0, plan.kinds.length - 1)];
    if (kind === undefined) return;
    carrier.chooseTrouble();
    witness.seeEntries();
    const from = world.now();
    if (!(await inject(stage, kind))) return;
    if (world.now() > from) weather.suspended(from);
    if (!HARMLESS.includes(kind)) kills += 1;
    limbo.disturb();
    await settle();
    witness.seeJobs(cluster.jobs);
  }

  function verdictOf(): Verdict | undefined {
    const { verdict: says } = world.invariants;
    if (says === undefined) return history.verdict;
    const number = /task (\d+)/.exec(says)?.[1];
    const task = world.tasks[Number(number) - 1];
    return { kind: /twice at once|begun again/.test(says) ? 'twice' : 'wrong', task, says };
  }

  let moves = 0;
  const stormMoves = plan.tasks * MOVES_PER_TASK;
  for (; moves < stormMoves && verdictOf() === undefined; moves += 1) {
    if (world.tasks.length < plan.tasks && dice.next() < 1 / (MOVES_PER_TASK * 0.7)) await admit();
    if (dice.next() < 1 / plan.calmness) await trouble();
    await move(false);
    await settle();
    if (moves % 10 === 0 && isLimboWrong(plan)) limbo.look(history);
  }
  while (world.tasks.length < plan.tasks && verdictOf() === undefined) await admit();
  isCalm = true;
  weather.clear();
  stage.held.clear();
  world.callFaults.length = 0;
  cluster.nextFate = 'accepted';
  world.note('***', 'from now on all is well');

  let restsSince = Infinity;
  const until = moves + MOST_QUIET_MOVES + MOST_QUIET_MOVES_PER_TASK * plan.tasks;
  for (; moves < until && !(world.now() - restsSince > REST_MS) && verdictOf() === undefined; moves += 1) {
    await move(true);
    await settle();
    if (moves % 10 !== 0) continue;
    if (!isAtRest(world)) restsSince = Infinity;
    else if (restsSince === Infinity) restsSince = world.now();
  }
  if (verdictOf() === undefined && moves === until) {
    for (const says of describeLeft(world)) history.report({ kind: 'lost', ...says });
  }
  for (const task of world.tasks) history.ended(task, world.server.store.tasks.get(task));
  return {
    verdict: verdictOf(),
    moves,
    calls: carrier.calls(),
    kills,
    tasks: plan.tasks,
    malformed: malformer?.count() ?? 0,
    trace: world.trace,
  };
}
