// Draws who moves next, from a stream of random numbers or from the seed and the number of the move.
import type { Random } from '../support/random.ts';

export interface Draws {
  /** Must be called before each move. */
  begin(): void;
  /** The index of the pending call that may finish next. */
  call(count: number): number;
  /** A number from 0 to 7: below 5 a daemon's call is next, below 7 a job, otherwise the other agent. */
  slot(): number;
  /** Whether the job that is next does nothing in this move. */
  isJobIdle(): boolean;
  job(count: number): number;
  /** Whether the other agent moves if no job did. */
  isAgentNext(isDue: boolean): boolean;
  /** Whether a submission in flight never reaches the controller. */
  isLost(): boolean;
}

/** Draws for a round with many tasks. */
export function drawInOrder(dice: Random, isLazy: boolean): Draws {
  let slot = 0;
  return {
    begin: () => undefined,
    call: (count) => dice.whole(0, Math.max(0, count - 1)),
    slot: () => (slot = dice.whole(0, 7)),
    isJobIdle: () => isLazy && dice.whole(0, 11) !== 0,
    job: (count) => dice.whole(0, Math.max(0, count - 1)),
    isAgentNext: () => slot === 7,
    isLost: () => dice.next() < 0.2,
  };
}

/** Draws for a scenario: removing a fault does not change the draws of later moves. */
export function drawByMove(seed: number, isLazy: boolean): Draws {
  let move = -1;
  let drawn = 0;
  const isIdle = (): boolean => isLazy && (drawn >> 8) % 12 !== 0;
  return {
    begin: () => (drawn = scatter(seed, (move += 1))),
    call: (count) => drawn % Math.max(1, count),
    slot: () => drawn % 8,
    isJobIdle: isIdle,
    job: (count) => (drawn >> 3) % Math.max(1, count),
    // A stock agent starts a popped task at once. After minutes it would find the task back in its queue.
    isAgentNext: (isDue) => !isIdle() || isDue,
    isLost: () => drawn % 5 === 0,
  };
}

/** A hash of the two numbers. */
function scatter(seed: number, index: number): number {
  let mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(index + 1, 0xc2b2ae35);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x2c1b3c6d);
  mixed ^= mixed >>> 12;
  return mixed >>> 1;
}
