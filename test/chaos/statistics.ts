// Counts the results of the rounds on real Slurm.
import type { FaultKind } from './schedule.ts';
import { describeRecoveries } from './recovery.ts';
import type { SharedResult } from './check-shares.ts';
import type { CheckedTask, RoundEnd } from './round.ts';
import { formatCounterexample } from './counterexample.ts';
import { addTallies, isClean, NOTHING_YET, type Tally } from './tally.ts';

export interface Statistics {
  /** Counts a round, and returns its line and the counterexample of each task with a wrong end. */
  readonly enter: (end: RoundEnd) => string;
  /** The number of faults by kind, and the recovery times of daemons. */
  summary(): string;
  tally(): Tally;
  hasBad(): boolean;
}

export function createStatistics(): Statistics {
  const kills = new Map<FaultKind, number>();
  const recoveries: number[] = [];
  let tally = NOTHING_YET;
  let shares: Pick<SharedResult, 'mostJobs' | 'mostOfOwner'> | undefined;

  return {
    enter(end) {
      for (const [what, count] of end.kills) kills.set(what, (kills.get(what) ?? 0) + count);
      recoveries.push(...end.recoveriesMs);
      if (end.shares !== undefined) {
        const { mostJobs, mostOfOwner } = end.shares;
        shares = {
          mostJobs: Math.max(mostJobs, shares?.mostJobs ?? 0),
          mostOfOwner: Math.max(mostOfOwner, shares?.mostOfOwner ?? 0),
        };
      }
      const counted = count(end);
      tally = addTallies(tally, counted);
      const rest =
        end.restAfterMs === undefined ? 'never at rest' : `at rest after ${(end.restAfterMs / 1000).toFixed(0)} s`;
      const line = `${counted.tasks} tasks, ${counted.kills} kills, ${rest}`;
      return [
        line,
        ...end.checked.filter(isBad).map(({ history, result }) => formatCounterexample(history, result)),
      ].join('\n');
    },
    summary() {
      const most = [...kills].sort(([, a], [, b]) => b - a).map(([what, times]) => `${times} ${what}`);
      return [
        most.join('; '),
        `from a daemon's death to its next claim: ${describeRecoveries(recoveries)}`,
        ...(shares === undefined ? [] : [`most jobs at once: ${shares.mostJobs}; of one user: ${shares.mostOfOwner}`]),
      ].join('\n');
    },
    tally: () => tally,
    hasBad: () => !isClean(tally),
  };
}

function count({ checked, kills, restAfterMs }: RoundEnd): Tally {
  const countWith = (what: keyof CheckedTask['result']): number =>
    checked.filter(({ result }) => result[what].length > 0).length;
  const lost = countWith('lost');
  return {
    rounds: 1,
    kills: [...kills.values()].reduce((sum, times) => sum + times, 0),
    tasks: checked.length,
    // The round never came to rest, although every task ended correctly.
    lost: lost === 0 && restAfterMs === undefined ? 1 : lost,
    twice: countWith('twice'),
    wrong: countWith('wrong'),
  };
}

function isBad({ result }: CheckedTask): boolean {
  return Object.values(result).flat().length > 0;
}
