// Chaos with a simulated clock: round after round, each a world of its own that the seed and its number alone decide.
import { addTallies, NOTHING_YET, type Tally } from '../chaos/tally.ts';
import type { Verdict } from './oracle/expected-ends.ts';
import { planRound, type RoundPlan } from './plan.ts';
import { playRound, type RoundResult } from './round.ts';
import { shrink } from './shrink.ts';

export interface SimulatedRun {
  readonly seed: number;
  /** Begin with this one; the first is 1. */
  readonly firstRound?: number;
  /** Begin no round after so many seconds. */
  readonly seconds?: number;
  /** Begin no round after so many tasks. */
  readonly tasks?: number;
  readonly log: (line: string) => void;
}

/** Of a story that ended badly the last lines about the task are told. */
const STORY_LINES = 150;

export interface RoundSearch {
  readonly seed: number;
  readonly rounds: number;
  /** Kept the same in all of them. */
  readonly same: Partial<RoundPlan>;
}

/** The first of some rounds that ends badly, told in one sentence. */
export async function findBadRound({ seed, rounds, same }: RoundSearch): Promise<string | undefined> {
  for (let round = 1; round <= rounds; round += 1) {
    const { verdict } = await playRound({ ...planRound(seed, round), ...same });
    if (verdict !== undefined) return `round ${round}: ${verdict.kind}: ${verdict.says}`;
  }
  return undefined;
}

/** Plays rounds until the time is up or there were enough tasks. Each round that ends badly is logged with its story. */
export async function runSimulated({ seed, firstRound = 1, seconds, tasks, log }: SimulatedRun): Promise<Tally> {
  const endAt = seconds === undefined ? Infinity : performance.now() + seconds * 1000;
  let tally = NOTHING_YET;
  for (let round = firstRound; performance.now() < endAt && tally.tasks < (tasks ?? Infinity); round += 1) {
    const plan = planRound(seed, round);
    const result = await playRound(plan);
    if (result.verdict !== undefined) {
      log(`round ${round} of seed ${seed}: ${result.verdict.says}`);
      const shorter = await shrink(plan, result);
      log(formatStory(shorter.plan, shorter.result));
    }
    tally = addTallies(tally, count(result));
  }
  return tally;
}

function count({ verdict, kills, tasks }: RoundResult): Tally {
  const of = (kind: Verdict['kind']): number => (verdict?.kind === kind ? 1 : 0);
  return { rounds: 1, kills, tasks, lost: of('lost'), twice: of('twice'), wrong: of('wrong') };
}

/** The plan that plays it again, and what happened to the task, and around it from its first moment to its last. */
function formatStory(plan: RoundPlan, { verdict, trace }: RoundResult): string {
  const task = verdict?.task;
  const mention = new RegExp(`task ${Number(task)}\\b`);
  const isAbout = (line: string): boolean => mention.test(line);
  const isAround = (line: string): boolean =>
    /\*\*\*|daemon \d +(starts|is killed|has)/.test(line) && !/task \d/.test(line);
  const during = trace.slice(trace.findIndex(isAbout), trace.findLastIndex(isAbout) + 1);
  const lines = task === undefined ? trace : during.filter((line) => isAbout(line) || isAround(line));
  return [
    JSON.stringify(plan, (_, value: unknown) => (value === Infinity ? null : value)),
    ...lines.slice(-STORY_LINES),
    verdict?.says ?? 'all is well',
  ].join('\n');
}
