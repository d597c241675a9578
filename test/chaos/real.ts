// The driver on real Slurm and in real time: rounds, one after the other, until the time is up.
import type { SlurmVersion } from '../set-up/slurm-roots.mjs';
import { openArena, type Arena } from './arena.ts';
import { planRound, type Happening } from './plan.ts';
import { describeRecoveries } from './recovery.ts';
import { playRound, type Judged } from './round.ts';
import { tellStory } from './story.ts';
import { addTallies, NOTHING_YET, type Tally } from './tally.ts';
import { watchJobs } from './watch.ts';

export interface RealRun {
  readonly seed: number;
  readonly seconds: number | undefined;
  readonly firstRound: number;
  /** undefined: the machine's own. */
  readonly version: SlurmVersion | undefined;
  readonly agent: 'real' | 'stand-in';
  readonly daemons: number;
  /** Leaves the folders where they are, for whoever wants to read the logs. */
  readonly keep: boolean;
  readonly log: (text: string) => void;
}

/** Where nobody says how long. */
export const ORDINARY_SECONDS = 60;

/** The real agent takes seconds of a CPU for each task. */
const SIZES = {
  real: { spanMs: 25_000, tasks: 8, happenings: 10 },
  'stand-in': { spanMs: 25_000, tasks: 16, happenings: 14 },
} as const;

export async function runReal(wishes: RealRun): Promise<Tally> {
  const { seed, seconds = ORDINARY_SECONDS, firstRound, version, agent, daemons, keep, log } = wishes;
  const arena = await openArena({ agent, daemons, version });
  if (!arena.hasSmallDisks) log('chaos: no small disks here (that needs root): the disk is never full');
  const watch = watchJobs(arena.cluster, () => Date.now());
  const leftOut: Happening[] = arena.hasSmallDisks ? [] : ['disk is full'];
  const kills = new Map<Happening, number>();
  let tally = NOTHING_YET;
  const recoveries: number[] = [];
  let isBad = false;
  try {
    await Promise.all(arena.daemons.map((daemon) => daemon.start()));
    const until = Date.now() + seconds * 1000;
    for (let round = firstRound; round === firstRound || Date.now() < until; round += 1) {
      const end = await playRound(arena, watch, planRound(seed, round, { ...SIZES[agent], leftOut }));
      for (const [what, count] of end.kills) kills.set(what, (kills.get(what) ?? 0) + count);
      recoveries.push(...end.recoveriesMs);
      const counted = countRound(
        end.judged,
        [...end.kills.values()].reduce((sum, count) => sum + count, 0),
      );
      tally = addTallies(tally, counted);
      log(
        `round ${round}: ${counted.tasks} tasks, ${counted.kills} kills, at rest after ${end.calmMs === undefined ? 'never' : `${(end.calmMs / 1000).toFixed(0)} s`}`,
      );
      for (const { history, verdict } of end.judged) {
        if (!isBadly(verdict)) continue;
        isBad = true;
        log(tellStory(history, verdict));
      }
      // What never came to rest would be counted again in each round to come.
      if (end.calmMs === undefined) break;
      await tidy(arena, end.judged);
    }
    log(
      [...kills]
        .sort(([, a], [, b]) => b - a)
        .map(([what, count]) => `${count} ${what}`)
        .join(', '),
    );
    log(`from a daemon's death to its next claim: ${describeRecoveries(recoveries)}`);
    return tally;
  } finally {
    await watch.stop();
    await arena.stop(keep || isBad);
    if (keep || isBad) log(`the logs are in ${arena.folder}`);
  }
}

function isBadly({ lost, twice, wrong }: Judged['verdict']): boolean {
  return lost.length + twice.length + wrong.length > 0;
}

function countRound(judged: readonly Judged[], kills: number): Tally {
  const having = (what: keyof Judged['verdict']): number =>
    judged.filter(({ verdict }) => verdict[what].length > 0).length;
  return {
    rounds: 1,
    kills,
    tasks: judged.length,
    lost: having('lost'),
    twice: having('twice'),
    wrong: having('wrong'),
  };
}

/** What is over and judged is deleted, as users do, so that the server stays quick however long it goes on. */
async function tidy({ user }: Arena, judged: readonly Judged[]): Promise<void> {
  for (const { history } of judged) {
    if (history.found !== undefined) await user.api('tasks.delete', { task: history.task, force: true });
  }
}
