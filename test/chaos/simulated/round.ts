// One round: a world of its own with a stream of tasks, trouble while they come, then calm, and the verdict.
import { isLive } from '../../../src/slurm/job-state.ts';
import { createCliScheduler } from '../../../src/slurm/cli-scheduler.ts';
import type { SimJob } from '../../glue/simulation/cluster.ts';
import { passTime, settle, takeTurn } from '../../glue/simulation/moves.ts';
import { SCHEDULER_QUEUE } from '../../glue/simulation/places.ts';
import { silentLog } from '../../glue/simulation/silent-log.ts';
import type { Turn } from '../../glue/simulation/turns.ts';
import { createWorld, type Character, type SimDaemon } from '../../glue/simulation/world.ts';
import { createHistory, named, type Verdict } from './history.ts';
import { createLimbo } from './limbo.ts';
import { stepJobInWeather } from './job-step.ts';
import { diceOf, type RoundPlan } from './plan.ts';
import { createSlurmHost, TROUBLES, type Trouble } from './slurm-host.ts';
import { bring, type Stage, type TroubleKind } from './troubles.ts';
import { describeLeft, isAtRest } from './rest.ts';
import { createWeather } from './weather.ts';

export interface RoundResult {
  readonly verdict: Verdict | undefined;
  readonly moves: number;
  readonly calls: number;
  readonly kills: number;
  readonly tasks: number;
  readonly trace: readonly string[];
}

/** Trouble goes on for so many moves for each task, on average. */
const MOVES_PER_TASK = 70;
/** Whatever is not at rest after so many quiet moves, and so many more for each task, never will be. */
const MOST_QUIET_MOVES = 6_000;
const MOST_QUIET_MOVES_PER_TASK = 400;
/** All must be at rest for so long: longer than any grace of the product. */
const REST_MS = 10 * 60_000;

/** These can keep an agent from being heard, or a daemon from hearing of its end, for two hours. */
const SILENCING: readonly TroubleKind[] = [
  'server is away',
  'hours pass',
  'tokens expire',
  'disk is full for long',
  'controller is away for long',
  'squeue complains',
  'daemon is told to stop',
  'daemon dies before its call',
  'daemon dies after its call',
  'daemon dies, journal lost',
  'daemon dies, its calls arrive',
  'daemon dies, journal torn',
  'daemon dies, journal is an old one',
];
/** With these a task may be in no queue for a while, and be found. */
const FORGETTING = /journal|user|neighbour|disk|lost|in flight|gate|requeue|away|expire|crash/;

const COMMANDS = { sbatch: 'sbatch', squeue: 'squeue', sacct: 'sacct', scancel: 'scancel', scontrol: 'scontrol' };

/** These kill nothing and cut nothing. */
const HARMLESS: readonly TroubleKind[] = ['a minute passes', 'ten minutes pass', 'hours pass', 'jobs are released'];

export async function playRound(plan: RoundPlan): Promise<RoundResult> {
  const dice = diceOf(plan.seed, plan.round, 1);
  const fates = diceOf(plan.seed, plan.round, 2);
  let spellTrouble: Trouble = 'refused';
  let tokens = 0;

  const world = await createWorld({ characters: [], daemons: plan.daemons }, ({ cluster, turns }, life) =>
    createCliScheduler({
      host: createSlurmHost({ cluster, turns }, life, {
        hasAccounting: plan.hasAccounting,
        jobLimit: plan.jobLimit,
        asked(task) {
          history.askedFor(task);
          judgeEntry(task);
        },
        rejected: (task) => history.befell(task, ['failed']),
        trouble: troubleOf,
      }),
      commands: COMMANDS,
      sbatchTimeoutMs: 150_000,
      commandTimeoutMs: 60_000,
      log: silentLog,
      randomToken: () => `mark${(tokens += 1)}`,
    }),
  );
  const { clock, cluster, turns, daemons } = world;
  const weather = createWeather(() => world.now());
  const plainToSeeMs = plan.hasSlowCalls ? 300_000 : 20_000;
  const history = createHistory({
    jobsOf,
    couldLookSince,
    plainToSeeMs,
    mayBeSilent: plan.isLazy || plan.diesForGood || SILENCING.some((kind) => plan.kinds.includes(kind)),
  });
  const losesJournals = plan.kinds.some((kind) => kind.includes('journal'));
  const limbo = createLimbo(world);
  const stage: Stage = { world, weather, history, dice, held: new Set() };
  /** When each task was last seen to have an entry in the scheduler queue. */
  const parkedAt = new Map<string, number>();
  const backAt = new Map<SimDaemon, number>();
  const stalled = new WeakMap<Turn, number>();
  const known = new Map<SimJob, Pick<SimJob, 'runs' | 'restarts'>>();
  let isCalm = false;
  let kills = 0;
  let calls = 0;
  let lastStartAt = 0;

  function troubleOf(program: string): Trouble {
    if (weather.isOn('controller away')) return spellTrouble;
    return program === 'squeue' && weather.isOn('squeue complains') ? 'says so with exit code 0' : anyTrouble();
  }

  function anyTrouble(): Trouble {
    return TROUBLES[fates.whole(0, TROUBLES.length - 1)] ?? 'hangs';
  }

  function jobsOf(task: string): readonly SimJob[] {
    return cluster.jobs.filter((job) => job.task === task);
  }

  function couldLookSince(): number | undefined {
    if (plan.daemons > 1 || weather.isOn('controller away')) return undefined;
    return Math.max(lastStartAt, weather.lastEndAt('controller away') ?? 0);
  }

  async function admit(): Promise<void> {
    const character = dice.weighted<Character>({ 'ends well': 7, fails: 2, misfit: 1 });
    history.admitted(await world.admit(character), character);
  }

  function noteEntries(): void {
    for (const { task } of world.server.store.queues.get(SCHEDULER_QUEUE)?.entries ?? [])
      parkedAt.set(task, world.now());
  }

  /** A job for a task that has long had no entry for it would find the gate closed. */
  function judgeEntry(task: string): void {
    noteEntries();
    if (world.now() - (parkedAt.get(task) ?? world.now()) < plainToSeeMs) return;
    history.judge({ kind: 'wrong', task, says: `${named(task)} got a job, though its entry was taken long ago` });
  }

  /** What is new about the jobs. */
  function observe(jobs: readonly SimJob[]): void {
    for (const job of jobs) {
      const before = known.get(job);
      if (before === undefined) history.submitted(job, world.now());
      // Nobody remembers any more that it was he who cancelled the extra one.
      if (job.isDouble && losesJournals) history.befell(job.task, ['stopped']);
      if (job.restarts > (before?.restarts ?? 0)) {
        history.mayBegin(job.task);
        // Once the controller has forgotten the job, only accounting tells that it was put back; and a task that the SIGTERM
        // has stopped is looked for by nobody who has no journal.
        if (!plan.hasAccounting || losesJournals) history.befell(job.task, ['stopped', 'failed']);
      }
      if (job.runs > (before?.runs ?? 0)) history.begun(job.task);
      known.set(job, { runs: job.runs, restarts: job.restarts });
    }
  }

  function take(turn: Turn): void {
    calls += 1;
    const { label } = turn;
    const way = weatherFor(turn);
    if (way === undefined) {
      world.take(turn);
      return;
    }
    const daemon = daemons.find(({ running }) => running?.life === turn.owner);
    world.tell(`daemon ${daemon?.number ?? '?'}`, `${label} (${way})`);
    turn.take(way);
  }

  function weatherFor({ kind, endpoint }: Turn): 'not made' | 'answer lost' | undefined {
    if (kind === 'clearml' && weather.isOn('server away')) return fates.next() < 0.9 ? 'not made' : 'answer lost';
    if ((kind === 'slurm' || kind === 'sbatch') && weather.isOn('controller away')) return 'not made';
    if (endpoint === 'squeue' && weather.isOn('squeue complains')) return 'not made';
    return kind === 'journal' && weather.isOn('disk full') ? 'not made' : undefined;
  }

  async function trouble(): Promise<void> {
    const kind = plan.kinds[dice.whole(0, plan.kinds.length - 1)];
    if (kind === undefined) return;
    if (!weather.isOn('controller away')) spellTrouble = anyTrouble();
    if (!(await bring(stage, kind))) return;
    if (!HARMLESS.includes(kind)) kills += 1;
    limbo.disturb();
    await settle();
    observe(cluster.jobs);
  }

  /** A killed daemon comes back at once, after a while, or never. */
  function startDaemons(): boolean {
    for (const daemon of daemons) {
      if (daemon.running !== undefined) continue;
      const isGone = plan.diesForGood && daemon.number === 2 && backAt.size > 0;
      if (isGone) continue;
      const at = backAt.get(daemon);
      if (at === undefined) {
        const isAtOnce = world.now() === clock.now() && (lastStartAt === 0 || dice.next() < 0.6);
        backAt.set(daemon, isAtOnce ? 0 : world.now() + Math.round(1_000 * 10 ** (dice.next() * 4)));
        return true;
      }
      if (at > world.now() && !isCalm) continue;
      backAt.delete(daemon);
      lastStartAt = Math.max(lastStartAt, world.now());
      world.start(daemon);
      limbo.disturb();
      return true;
    }
    return false;
  }

  async function move(): Promise<void> {
    clock.pass(20);
    world.server.refusesTokens = weather.isOn('tokens expired');
    if (startDaemons()) return;

    const ready = [...turns.pending].filter((turn) => isReady(turn));
    const turn = ready[dice.whole(0, Math.max(0, ready.length - 1))];
    const fall = dice.whole(0, 7);
    if (turn !== undefined && fall < 5) return takeOne(turn);
    if (fall < 7 && (!plan.isLazy || dice.whole(0, 11) === 0)) {
      const jobs = cluster.jobs.filter((job) => job.isInFlight || (isLive(job.state) && !job.isForgotten));
      const job = jobs[dice.whole(0, Math.max(0, jobs.length - 1))];
      if (job !== undefined && (await stepJobInWeather(stage, job))) {
        observe([job]);
        world.judge.look(world.server.store, [job.task]);
        return;
      }
    }
    if (!weather.isOn('server away') && fall === 7 && (await stepNeighbour())) return;
    if (turn !== undefined) return takeOne(turn);
    passUntilSomething();
  }

  /** Now and then a call takes its time, while everybody else goes on. */
  function isReady(turn: Turn): boolean {
    const until = stalled.get(turn);
    if (until !== undefined) return until <= world.now() || isCalm;
    const isSlow = plan.hasSlowCalls && !isCalm && fates.next() < 0.01;
    stalled.set(turn, isSlow ? world.now() + Math.round(1_000 * 10 ** (fates.next() * 2)) : 0);
    return !isSlow;
  }

  async function takeOne(turn: Turn): Promise<void> {
    const count = cluster.jobs.length;
    await takeTurn(turns, turn, take);
    // The server writes its queues some moments after it was asked to.
    if (turn.kind === 'server') noteEntries();
    if (cluster.jobs.length > count) observe(cluster.jobs.slice(count));
    if (turn.task !== undefined) world.judge.look(world.server.store, [turn.task]);
  }

  async function stepNeighbour(): Promise<boolean> {
    const before = world.neighbour.running();
    const did = await world.neighbour.step();
    const running = world.neighbour.running();
    if (running !== undefined && running !== before) {
      history.begun(running);
      // Whatever its program does for us, for the neighbour every task ends well.
      history.befell(running, ['completed']);
    }
    if (did !== undefined) world.tell('neighbour', did);
    return did !== undefined;
  }

  function passUntilSomething(): void {
    const ends = [clock.nextWakeAt(), weather.nextEndAt(), ...backAt.values()].filter(
      (at): at is number => at !== undefined && at > world.now(),
    );
    const next = Math.min(...ends, world.now() + 60_000);
    if (next === clock.nextWakeAt()) passTime(clock);
    else clock.pass(next - world.now());
  }

  function verdictOf(): Verdict | undefined {
    const { verdict: says } = world.judge;
    if (says === undefined) return history.verdict;
    const number = /task (\d+)/.exec(says)?.[1];
    const task = world.tasks[Number(number) - 1];
    return { kind: /twice at once|begun again/.test(says) ? 'twice' : 'wrong', task, says };
  }

  let moves = 0;
  // What nobody has written down, or what a call in the midst of its way holds, may take longer to be found.
  const mayJudgeLimbo = plan.daemons === 1 && !plan.hasSlowCalls && !plan.kinds.some((kind) => FORGETTING.test(kind));
  const stormMoves = plan.tasks * MOVES_PER_TASK;
  for (; moves < stormMoves && verdictOf() === undefined; moves += 1) {
    if (world.tasks.length < plan.tasks && dice.next() < 1 / (MOVES_PER_TASK * 0.7)) await admit();
    if (dice.next() < 1 / plan.calmness) await trouble();
    await move();
    await settle();
    if (moves % 10 !== 0) continue;
    noteEntries();
    if (mayJudgeLimbo) limbo.look(history);
  }
  while (world.tasks.length < plan.tasks && verdictOf() === undefined) await admit();
  isCalm = true;
  weather.clear();
  stage.held.clear();
  world.traps.length = 0;
  cluster.nextFate = 'accepted';
  world.tell('***', 'from now on all is well');

  let restsSince = Infinity;
  const until = moves + MOST_QUIET_MOVES + MOST_QUIET_MOVES_PER_TASK * plan.tasks;
  for (; moves < until && !(world.now() - restsSince > REST_MS) && verdictOf() === undefined; moves += 1) {
    await move();
    await settle();
    if (moves % 10 !== 0) continue;
    if (!isAtRest(world)) restsSince = Infinity;
    else if (restsSince === Infinity) restsSince = world.now();
  }
  if (verdictOf() === undefined && moves === until) {
    for (const says of describeLeft(world)) history.judge({ kind: 'lost', ...says });
  }
  for (const task of world.tasks) history.ended(task, world.server.store.tasks.get(task));
  return { verdict: verdictOf(), moves, calls, kills, tasks: plan.tasks, trace: world.trace };
}
