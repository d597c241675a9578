// The fault schedule of a round, drawn from the seed alone: which tasks come, and which faults.
import { createRandom, type Random } from '../support/random.ts';

/** What a task is like, and how often one is. */
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
  /** How long its program works. */
  readonly workMs: number;
}

/** What may happen, and how often it does. */
export const FAULTS = {
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
  // As much as half of all the rest: a connection must break often for a break to meet the moment that matters.
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

export type FaultKind = keyof typeof FAULTS;

/** Those that can happen only where the cluster is reached by SSH. */
export const OVER_SSH = ['SSH is cut', 'SSH is silent', 'SSH is refused', 'sshd is killed'] as const;

/** What a machine under load does: only where it is asked for, so that the rounds of older seeds stay what they were. */
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

/** On the page of the scheduler queue. Left out of rounds that are older, so that they stay what they were. */
export const ON_SCHEDULER_PAGE = [
  'user removes from the scheduler queue',
  'user clears the scheduler queue',
] as const satisfies readonly FaultKind[];

export interface ScheduledFault {
  readonly atMs: number;
  readonly what: FaultKind;
  /** How long it lasts, where it lasts. */
  readonly forMs: number;
  /** 0 to 1: to which of those it could happen to. */
  readonly pick: number;
  /** 0 to 1: in which of several ways. */
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

/** Longer than this nothing lasts; what the product waits for before it gives something up is longer. */
const LONGEST_MS = 5_000;

export function planRound(seed: number, round: number, size: RoundSize): RoundPlan {
  const random = createRandom(seed * 7919 + round);
  const { leftOut = [] } = size;
  const weights = Object.fromEntries(
    Object.entries(FAULTS).map(([name, weight]) => [name, leftOut.includes(name as FaultKind) ? 0 : weight]),
  ) as Record<FaultKind, number>;
  return {
    tasks: inOrder(size.tasks, () => planTask(random, size.spanMs)),
    faults: inOrder(size.faults, () => ({
      // The first second belongs to the tasks: before there is one, most faults have no target.
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
  // Most come early, so that much of the round sees many.
  const atMs = Math.floor(random.next() ** 2 * spanMs * 0.8);
  return { atMs, nature, workMs: workOf(nature, random) };
}

function workOf(nature: Nature, random: Random): number {
  if (nature === 'runs long') return random.whole(8_000, 15_000);
  // Slurm knows no limit below a minute, and looks at it twice a minute.
  return nature === 'has too little time' ? 180_000 : random.whole(500, 4_000);
}

function inOrder<Item extends { readonly atMs: number }>(count: number, make: () => Item): Item[] {
  return Array.from({ length: count }, make).sort((a, b) => a.atMs - b.atMs);
}
