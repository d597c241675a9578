// What a round is made of, drawn from the seed and its number alone: each round leaves out most kinds of trouble, another most each time.
import { createRandom, type Random } from '../support/random.ts';
import { LATER_KINDS, FAULT_KINDS, type FaultKind } from './faults.ts';

export interface RoundPlan {
  readonly seed: number;
  readonly round: number;
  readonly daemons: 1 | 2;
  readonly tasks: number;
  readonly kinds: readonly FaultKind[];
  /** Moves between two troubles, on average. */
  readonly calmness: number;
  /** Jobs take their time: daemons look many times before something moves. */
  readonly isLazy: boolean;
  readonly hasAccounting: boolean;
  readonly jobLimit: number;
  /** Now and then one takes seconds to minutes. */
  readonly hasSlowCalls: boolean;
  /** The second daemon, once killed, never comes back. */
  readonly diesForGood: boolean;
  /** So many of Slurm's answers are malformed while there is trouble, and all of them hold rows that nobody can read. */
  readonly malformedShare?: number;
}

const MOST_TASKS = 200;
const LEAST_TASKS = 20;

/** The dice of a round; each use of them has its own. */
export function diceOf(seed: number, round: number, use: number): Random {
  return createRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(round + 1, 0x85ebca77) ^ Math.imul(use, 0xc2b2ae3d));
}

export function planRound(seed: number, round: number): RoundPlan {
  const dice = diceOf(seed, round, 0);
  const chance = (part: number): boolean => dice.next() < part;
  const share = dice.next() ** 2;
  const plan: RoundPlan = {
    seed,
    round,
    daemons: chance(0.4) ? 2 : 1,
    // Small ones are many.
    tasks: LEAST_TASKS + Math.floor(dice.next() ** 6 * (MOST_TASKS - LEAST_TASKS)),
    kinds: FAULT_KINDS.filter(() => chance(0.1 + share * 0.8)),
    calmness: 20 + Math.floor(dice.next() ** 2 * 180),
    isLazy: chance(0.4),
    hasAccounting: chance(0.7),
    jobLimit: chance(0.3) ? dice.whole(2, 12) : Infinity,
    diesForGood: chance(0.2),
    hasSlowCalls: chance(0.6),
  };
  return { ...plan, kinds: [...plan.kinds, ...LATER_KINDS.filter(() => chance(0.1 + share * 0.4))] };
}
