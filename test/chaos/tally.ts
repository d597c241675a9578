// The counts of a chaos run, and its last line.

/** The sums of one run. Only zeros in the last three are a good end. */
export interface Tally {
  /** Worlds, or spans of time, that were begun and seen through to a quiet end. */
  readonly rounds: number;
  /** Processes killed, links cut and answers taken away. */
  readonly kills: number;
  readonly tasks: number;
  /** Tasks that came to no end, or left something of theirs behind. */
  readonly lost: number;
  /** Tasks with two live jobs past the gate at once, or that were started again without a requeue or a new enqueue. */
  readonly twice: number;
  /** Tasks that ended in another status than their history demands. */
  readonly wrong: number;
}

export const NOTHING_YET: Tally = { rounds: 0, kills: 0, tasks: 0, lost: 0, twice: 0, wrong: 0 };

export function addTallies(one: Tally, other: Tally): Tally {
  return {
    rounds: one.rounds + other.rounds,
    kills: one.kills + other.kills,
    tasks: one.tasks + other.tasks,
    lost: one.lost + other.lost,
    twice: one.twice + other.twice,
    wrong: one.wrong + other.wrong,
  };
}

export function isClean({ lost, twice, wrong }: Tally): boolean {
  return lost === 0 && twice === 0 && wrong === 0;
}

/** `chaos: 12 rounds, 40 kills, 300 tasks, lost 0, twice 0, wrong 0`. */
export function formatTally({ rounds, kills, tasks, lost, twice, wrong }: Tally): string {
  return `chaos: ${rounds} rounds, ${kills} kills, ${tasks} tasks, lost ${lost}, twice ${twice}, wrong ${wrong}`;
}
