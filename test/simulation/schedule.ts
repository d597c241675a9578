// Plans of rounds: drawn from a seed, or given as a scenario.
import fc from 'fast-check';
import type { Limits } from '../../src/base/job-limits.ts';
import { createRandom, type Random } from '../support/random.ts';
import {
  FAULT_KINDS,
  LATER_FAULT_KINDS,
  REVOKED_START,
  SCENARIO_FAULT_KINDS,
  type FaultKind,
} from './fault-injectors.ts';
import type { TaskNature } from './world.ts';

/** The limits of the served queue or of the cluster. */
export interface RoundLimits {
  readonly limits: Limits;
  readonly isOfCluster: boolean;
  readonly userFairness: boolean;
  /** Whether two owners have a Unix user, and whether Slurm hides the jobs of one user from another. */
  readonly unixUsers?: 'shown' | 'hidden' | undefined;
  /** The mean number of moves between a pause, or its end, and the next. */
  readonly movesPerPause: number;
}

export interface RoundPlan {
  readonly seed: number;
  readonly round: number;
  readonly daemons: 1 | 2;
  readonly tasks: number;
  readonly kinds: readonly FaultKind[];
  /** The mean number of moves between two faults. */
  readonly movesPerFault: number;
  /** Jobs are slow: daemons poll many times before a job moves. */
  readonly isLazy: boolean;
  readonly hasAccounting: boolean;
  readonly jobLimit: number;
  /** Some calls take seconds to minutes. */
  readonly hasSlowCalls: boolean;
  /** The daemons read only what changed on the ClearML server, as they do with many tasks. */
  readonly readsChanges: boolean;
  /** undefined: jobs are not limited, all tasks have one owner, and nothing is paused. */
  readonly limited?: RoundLimits | undefined;
  /** The second daemon never restarts after it was killed. */
  readonly diesForGood: boolean;
  /**
   * A killed daemon restarts in the next move, and daemons do not run Slurm's commands. This needs fewer moves, and counterexamples
   * are easier to read.
   */
  readonly isScenario?: boolean;
  /** Whether the oracle checks the final status of each task of a scenario, as it does in a round. */
  readonly checksEnds?: boolean;
  /** The share of Slurm's outputs that are malformed during faults; all lists then also contain unreadable rows. */
  readonly malformedShare?: number;
}

/** A fault to inject after a number of moves; `pick` chooses its target. */
export type ScheduledFault = readonly [afterMoves: number, kind: FaultKind, pick: number];

/** The shortest kind of round: one or two tasks, and faults after given numbers of moves. */
export interface Scenario {
  readonly natures: readonly TaskNature[];
  readonly daemons: 1 | 2;
  /** Determines who moves next. */
  readonly seed: number;
  readonly faults: readonly ScheduledFault[];
  /** Also checks the final status of each task. */
  readonly checksEnds?: boolean;
}

const MOST_TASKS = 200;
const LEAST_TASKS = 20;

/** Returns random numbers for a round; each `use` has a separate stream. */
export function diceOf({ seed, round }: Pick<RoundPlan, 'seed' | 'round'>, use: number): Random {
  return createRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(round + 1, 0x85ebca77) ^ Math.imul(use, 0xc2b2ae3d));
}

/** Draws the plan of a round, with a random selection of the kinds of faults. */
export function planRound(seed: number, round: number): RoundPlan {
  const dice = diceOf({ seed, round }, 0);
  const chance = (part: number): boolean => dice.next() < part;
  const share = dice.next() ** 2;
  const plan: RoundPlan = {
    seed,
    round,
    daemons: chance(0.4) ? 2 : 1,
    // Most rounds are small.
    tasks: LEAST_TASKS + Math.floor(dice.next() ** 6 * (MOST_TASKS - LEAST_TASKS)),
    kinds: FAULT_KINDS.filter(() => chance(0.1 + share * 0.8)),
    movesPerFault: 20 + Math.floor(dice.next() ** 2 * 180),
    isLazy: chance(0.4),
    hasAccounting: chance(0.7),
    jobLimit: chance(0.3) ? dice.whole(2, 12) : Infinity,
    diesForGood: chance(0.2),
    hasSlowCalls: chance(0.6),
    readsChanges: readsChanges({ seed, round }),
    limited: drawLimits({ seed, round }),
  };
  const later = LATER_FAULT_KINDS.filter(() => chance(0.1 + share * 0.4));
  const revoked: FaultKind[] = diceOf({ seed, round }, 6).next() < 0.3 ? [REVOKED_START] : [];
  return { ...plan, kinds: [...plan.kinds, ...later, ...revoked] };
}

/** Three rounds in four. Drawn separately, so that it changes nothing else in a round. */
function readsChanges(plan: Pick<RoundPlan, 'seed' | 'round'>): boolean {
  return diceOf(plan, 4).next() < 0.75;
}

/** One round in three. Drawn separately, too. */
function drawLimits(plan: Pick<RoundPlan, 'seed' | 'round'>): RoundLimits | undefined {
  const dice = diceOf(plan, 5);
  if (dice.next() > 1 / 3) return undefined;
  const draw = (least: number, most: number): number | undefined =>
    dice.next() < 0.6 ? dice.whole(least, most) : undefined;
  const limits = { maxJobs: draw(3, 10), maxWaitingJobs: draw(2, 6), maxJobsPerUser: draw(1, 4) };
  return {
    limits: { ...limits, ...drawSizeLimits(plan) },
    isOfCluster: dice.next() < 0.5,
    userFairness: dice.next() < 0.5,
    unixUsers: drawUnixUsers(plan),
    movesPerPause: dice.next() < 0.5 ? 300 : Infinity,
  };
}

/** One limited round in three. Drawn separately, too. */
function drawSizeLimits(plan: Pick<RoundPlan, 'seed' | 'round'>): Pick<Limits, 'maxNodes' | 'maxGpus'> {
  const dice = diceOf(plan, 6);
  if (dice.next() > 1 / 3) return {};
  return dice.next() < 0.5 ? { maxNodes: dice.whole(4, 12) } : { maxGpus: dice.whole(4, 16) };
}

/** Two limited rounds in three. Drawn separately, too. */
function drawUnixUsers(plan: Pick<RoundPlan, 'seed' | 'round'>): RoundLimits['unixUsers'] {
  const drawn = diceOf(plan, 7).next();
  return drawn < 1 / 3 ? 'shown' : drawn < 2 / 3 ? 'hidden' : undefined;
}

/** Returns the plan of a scenario; the oracle's permitted deviations depend on its faults. */
export function planOf({ natures, daemons, seed, faults, checksEnds = false }: Scenario): RoundPlan {
  return {
    seed,
    round: 0,
    daemons,
    tasks: natures.length,
    kinds: faults.map(([, kind]) => kind),
    movesPerFault: Infinity,
    isLazy: seed % 2 === 1,
    hasAccounting: true,
    jobLimit: Infinity,
    hasSlowCalls: false,
    readsChanges: readsChanges({ seed, round: 0 }),
    diesForGood: false,
    isScenario: true,
    checksEnds,
  };
}

export function anyScenario(most: { readonly faults: number; readonly daemons: 1 | 2 }): fc.Arbitrary<Scenario> {
  return fc.record({
    natures: fc.array(fc.constantFrom<TaskNature[]>('ends well', 'ends well', 'fails', 'misfit'), {
      minLength: 1,
      maxLength: 2,
    }),
    daemons: fc.constantFrom(...([1, 2] as const).filter((count) => count <= most.daemons)),
    seed: fc.nat(1_000_000),
    faults: fc.array(fc.tuple(fc.nat(40), fc.constantFrom(...SCENARIO_FAULT_KINDS), fc.nat(3)), {
      maxLength: most.faults,
    }),
  });
}
