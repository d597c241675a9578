// Draws the schedule of tasks and faults of a round from the seed alone.
import { createRandom, type Random } from '../support/random.ts';

/** The kinds of tasks with their weights. */
const NATURES = {
  'ends well': 70,
  'fails by itself': 8,
  'runs long': 10,
  'does not fit the template': 4,
  'has too little time': 1,
} as const;

export type Nature = keyof typeof NATURES;

export interface PlannedTask {
  readonly atMs: number;
  readonly nature: Nature;
  /** The duration of the task's program. */
  readonly workMs: number;
}

/** The kinds of faults with their weights. */
export const FAULT_WEIGHTS = {
  'daemon is killed': 12,
  'daemon is killed, its journal lost': 4,
  'daemon is killed, its journal torn': 3,
  'sbatch is killed': 8,
  'controller is killed': 7,
  'controller is restarted': 3,
  'node is killed': 7,
  'server is killed': 7,
  'link daemon–server': 8,
  'link node–server': 6,
  'link daemon–controller': 8,
  'link sbatch–controller': 8,
  'disk is full': 5,
  'user aborts': 8,
  'user dequeues': 5,
  'user resets': 5,
  'user resets and enqueues': 5,
  'user deletes': 5,
  'user archives': 3,
  'user enqueues again': 5,
  'user enqueues elsewhere': 4,
  'user enqueues elsewhere and back': 4,
  'user calls scancel': 6,
  'user requeues the job': 6,
  // A large weight, because only few moments of a connection matter.
  'SSH is cut': 50,
  'SSH is silent': 8,
  'SSH is refused': 8,
  'sshd is killed': 8,
  'daemon is paused': 6,
  'sbatch is paused': 8,
  'controller is paused': 5,
  'node is paused': 5,
  'job is paused': 6,
  'server is paused': 5,
  'processors are taken': 6,
  'clock of a daemon jumps': 5,
  'clock of the server jumps': 4,
  'user removes from the scheduler queue': 4,
  'user clears the scheduler queue': 2,
} as const;

export type FaultKind = keyof typeof FAULT_WEIGHTS;

/** Faults that need a cluster over SSH. */
export const OVER_SSH = ['SSH is cut', 'SSH is silent', 'SSH is refused', 'sshd is killed'] as const;

/** Faults of a loaded machine. They are optional, so that the rounds of older seeds stay the same. */
export const UNDER_LOAD = [
  'daemon is paused',
  'sbatch is paused',
  'controller is paused',
  'node is paused',
  'job is paused',
  'server is paused',
  'processors are taken',
  'clock of a daemon jumps',
  'clock of the server jumps',
] as const;
export type UnderLoad = (typeof UNDER_LOAD)[number];

/** Acts on the page of the scheduler queue. Older rounds omit them, so that they stay the same. */
export const ON_SCHEDULER_PAGE = [
  'user removes from the scheduler queue',
  'user clears the scheduler queue',
] as const satisfies readonly FaultKind[];

export interface ScheduledFault {
  readonly atMs: number;
  readonly what: FaultKind;
  /** The duration of a fault that lasts. */
  readonly forMs: number;
  /** A number from 0 to 1 that chooses the target. */
  readonly pick: number;
  /** A number from 0 to 1 that chooses the variant. */
  readonly way: number;
}

export interface RoundPlan {
  readonly tasks: readonly PlannedTask[];
  readonly faults: readonly ScheduledFault[];
}

export interface RoundSize {
  readonly spanMs: number;
  readonly tasks: number;
  readonly faults: number;
  readonly leftOut?: readonly FaultKind[];
}

/** The maximum duration of a fault; daemons wait longer before they give up a task or a job. */
const LONGEST_MS = 5_000;

export function planRound(seed: number, round: number, size: RoundSize): RoundPlan {
  const random = createRandom(seed * 7919 + round);
  const { leftOut = [] } = size;
  const weights = Object.fromEntries(
    Object.entries(FAULT_WEIGHTS).map(([name, weight]) => [name, leftOut.includes(name as FaultKind) ? 0 : weight]),
  ) as Record<FaultKind, number>;
  return {
    tasks: inOrder(size.tasks, () => planTask(random, size.spanMs)),
    faults: inOrder(size.faults, () => ({
      // No faults in the first second: without tasks most faults have no target.
      atMs: random.whole(1_000, size.spanMs),
      what: random.weighted(weights),
      forMs: random.whole(300, LONGEST_MS),
      pick: random.next(),
      way: random.next(),
    })),
  };
}

function planTask(random: Random, spanMs: number): PlannedTask {
  const nature = random.weighted(NATURES);
  // Most tasks arrive early, so that there are many for most of the round.
  const atMs = Math.floor(random.next() ** 2 * spanMs * 0.8);
  return { atMs, nature, workMs: workOf(nature, random) };
}

function workOf(nature: Nature, random: Random): number {
  if (nature === 'runs long') return random.whole(8_000, 15_000);
  // Slurm's time limit is at least a minute, and Slurm checks it twice a minute.
  return nature === 'has too little time' ? 180_000 : random.whole(500, 4_000);
}

function inOrder<Item extends { readonly atMs: number }>(count: number, make: () => Item): Item[] {
  return Array.from({ length: count }, make).sort((a, b) => a.atMs - b.atMs);
}
