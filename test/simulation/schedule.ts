// What happens in a round: drawn from a seed, or written down as a scenario.
import fc from 'fast-check';
import { createRandom, type Random } from '../support/random.ts';
import { FAULT_KINDS, LATER_FAULT_KINDS, SCENARIO_FAULT_KINDS, type FaultKind } from './faults.ts';
import type { TaskNature } from './world.ts';

export interface RoundPlan {
  readonly seed: number;
  readonly round: number;
  readonly daemons: 1 | 2;
  readonly tasks: number;
  readonly kinds: readonly FaultKind[];
  /** Moves between two faults, on average. */
  readonly movesPerFault: number;
  /** Jobs take their time: daemons poll many times before a job moves. */
  readonly isLazy: boolean;
  readonly hasAccounting: boolean;
  readonly jobLimit: number;
  /** Some calls take seconds to minutes. */
  readonly hasSlowCalls: boolean;
  /** The second daemon, once killed, never comes back. */
  readonly diesForGood: boolean;
  /**
   * A daemon that was killed is started again in the next move, and asks the cluster without Slurm's commands: fewer moves, and a
   * counterexample that is easier to read.
   */
  readonly isScenario?: boolean;
  /** The share of Slurm's outputs that are malformed during faults; every list then also holds rows that cannot be read. */
  readonly malformedShare?: number;
}

/** A fault after so many moves; `pick` chooses its target. */
export type ScheduledFault = readonly [afterMoves: number, kind: FaultKind, pick: number];

/** A round at its shortest: one or two tasks, and each fault at its moment. */
export interface Scenario {
  readonly natures: readonly TaskNature[];
  readonly daemons: 1 | 2;
  /** Decides who moves next. */
  readonly seed: number;
  readonly faults: readonly ScheduledFault[];
}

const MOST_TASKS = 200;
const LEAST_TASKS = 20;

/** The dice of a round; each use of them has its own. */
export function diceOf({ seed, round }: Pick<RoundPlan, 'seed' | 'round'>, use: number): Random {
  return createRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(round + 1, 0x85ebca77) ^ Math.imul(use, 0xc2b2ae3d));
}

/** Each round leaves out most kinds of faults, and other ones each time. */
export function planRound(seed: number, round: number): RoundPlan {
  const dice = diceOf({ seed, round }, 0);
  const chance = (part: number): boolean => dice.next() < part;
  const share = dice.next() ** 2;
  const plan: RoundPlan = {
    seed,
    round,
    daemons: chance(0.4) ? 2 : 1,
    // Small rounds are many.
    tasks: LEAST_TASKS + Math.floor(dice.next() ** 6 * (MOST_TASKS - LEAST_TASKS)),
    kinds: FAULT_KINDS.filter(() => chance(0.1 + share * 0.8)),
    movesPerFault: 20 + Math.floor(dice.next() ** 2 * 180),
    isLazy: chance(0.4),
    hasAccounting: chance(0.7),
    jobLimit: chance(0.3) ? dice.whole(2, 12) : Infinity,
    diesForGood: chance(0.2),
    hasSlowCalls: chance(0.6),
  };
  return { ...plan, kinds: [...plan.kinds, ...LATER_FAULT_KINDS.filter(() => chance(0.1 + share * 0.4))] };
}

/** A scenario as a plan: what the oracle permits depends on the faults in it. */
export function planOf({ natures, daemons, seed, faults }: Scenario): RoundPlan {
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
    diesForGood: false,
    isScenario: true,
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
