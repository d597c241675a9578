// Draws who moves next: from one stream of numbers, or from the seed and the move's number alone.
import type { Random } from '../support/random.ts';

export interface Draws {
  /** Called before each move. */
  begin(): void;
  /** The index of the pending call that may be next, of so many. */
  call(count: number): number;
  /** From 0 to 7: below 5 a daemon's call is next, below 7 a job, else another agent. */
  slot(): number;
  /** Whether a job whose turn it is does not move after all. */
  isJobIdle(): boolean;
  job(count: number): number;
  /** Whether the other agent moves, where no job did. */
  isAgentNext(isBeginning: boolean): boolean;
  /** Whether a submission never reaches the controller. */
  isLost(): boolean;
}

/** For a stream of tasks. */
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

/** For a scenario: a fault that is left out of it does not change the draws of later moves. */
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
    // A stock agent starts what it has popped at once; one that took minutes would find that the task was returned to its queue.
    isAgentNext: (isBeginning) => !isIdle() || isBeginning,
    isLost: () => drawn % 5 === 0,
  };
}

/** A number that looks random, and is the same for the same two. */
function scatter(seed: number, index: number): number {
  let mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(index + 1, 0xc2b2ae35);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x2c1b3c6d);
  mixed ^= mixed >>> 12;
  return mixed >>> 1;
}
