// The counts of a chaos run, and its last line of output.

/** The sums of one run, which is clean if the last three are 0. */
export interface Tally {
  /** Rounds that were played to their end. */
  readonly rounds: number;
  /** Killed processes, broken links and lost responses. */
  readonly kills: number;
  readonly tasks: number;
  /** Tasks that did not end, or left jobs or queue entries behind. */
  readonly lost: number;
  /** Tasks with two live jobs past the gate at once, or with a second start without a requeue or a new enqueue. */
  readonly twice: number;
  /** Tasks whose final status does not follow from their history. */
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

/** For example `chaos: 12 rounds, 40 kills, 300 tasks, lost 0, twice 0, wrong 0`. */
export function formatTally({ rounds, kills, tasks, lost, twice, wrong }: Tally): string {
  return `chaos: ${rounds} rounds, ${kills} kills, ${tasks} tasks, lost ${lost}, twice ${twice}, wrong ${wrong}`;
}
