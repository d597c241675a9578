// Plays one round after the other, and shrinks one that ends badly.
import { addTallies, NOTHING_YET, type Tally } from '../chaos/tally.ts';
import type { Violation } from './oracle/expected-ends.ts';
import { named } from './queues.ts';
import { playRound, type RoundResult } from './round.ts';
import { planRound, type RoundPlan } from './schedule.ts';

export interface Rounds {
  readonly seed: number;
  /** Begin with this one; the first is 1. */
  readonly firstRound?: number;
  /** Begin no round after so many seconds. */
  readonly seconds?: number;
  /** Begin no round after so many tasks. */
  readonly tasks?: number;
  readonly log: (line: string) => void;
}

/** A trace is cut to the last lines about the task. */
const TRACE_LINES = 150;
/** A trace that is still long is better than none for minutes. */
const LONGEST_SHRINKING_MS = 20_000;

/** Plays rounds until the time is up or there were enough tasks. Each round that ends badly is logged with its counterexample. */
export async function playRounds({ seed, firstRound = 1, seconds, tasks, log }: Rounds): Promise<Tally> {
  const endAt = seconds === undefined ? Infinity : performance.now() + seconds * 1000;
  let tally = NOTHING_YET;
  for (let round = firstRound; performance.now() < endAt && tally.tasks < (tasks ?? Infinity); round += 1) {
    const plan = planRound(seed, round);
    const result = await playRound(plan);
    if (result.violation !== undefined) {
      log(`round ${round} of seed ${seed}: ${result.violation.says}`);
      log(format(await shrink({ plan, result })));
    }
    tally = addTallies(tally, count(result));
  }
  return tally;
}

export interface Search {
  readonly seed: number;
  readonly rounds: number;
  /** Kept the same in all of them. */
  readonly same: Partial<RoundPlan>;
}

/** The first of some rounds that ends badly, in one sentence. */
export async function findBadRound({ seed, rounds, same }: Search): Promise<string | undefined> {
  for (let round = 1; round <= rounds; round += 1) {
    const { violation } = await playRound({ ...planRound(seed, round), ...same });
    if (violation !== undefined) return `round ${round}: ${violation.kind}: ${violation.says}`;
  }
  return undefined;
}

interface Counterexample {
  readonly plan: RoundPlan;
  readonly result: RoundResult;
}

/** Leaves out kinds of faults and tasks as long as the round still ends as badly. */
async function shrink(first: Counterexample): Promise<Counterexample> {
  const endAt = performance.now() + LONGEST_SHRINKING_MS;
  const { plan, result } = first;
  let best = first;

  async function attempt(changes: Partial<RoundPlan>): Promise<void> {
    if (performance.now() > endAt) return;
    const shorter = { ...best.plan, ...changes };
    const played = await playRound(shorter);
    if (played.violation?.kind === result.violation?.kind) best = { plan: shorter, result: played };
  }

  for (let tasks = Math.floor(plan.tasks / 2); tasks >= 1; tasks = Math.floor(tasks / 2)) await attempt({ tasks });
  if (plan.daemons === 2) await attempt({ daemons: 1 });
  for (const kind of plan.kinds) await attempt({ kinds: best.plan.kinds.filter((one) => one !== kind) });
  return best;
}

function count({ violation, kills, tasks }: RoundResult): Tally {
  const of = (kind: Violation['kind']): number => (violation?.kind === kind ? 1 : 0);
  return { rounds: 1, kills, tasks, lost: of('lost'), twice: of('twice'), wrong: of('wrong') };
}

/** The plan that plays it again, and what happened to the task, and around it from its first moment to its last. */
function format({ plan, result: { violation, trace } }: Counterexample): string {
  const task = violation?.task;
  const mention = new RegExp(`${named(task ?? '')}\\b`);
  const isAbout = (line: string): boolean => mention.test(line);
  const isAround = (line: string): boolean =>
    /\*\*\*|daemon \d +(starts|is killed|has)/.test(line) && !/task \d/.test(line);
  const during = trace.slice(trace.findIndex(isAbout), trace.findLastIndex(isAbout) + 1);
  const lines = task === undefined ? trace : during.filter((line) => isAbout(line) || isAround(line));
  return [
    JSON.stringify(plan, (_, value: unknown) => (value === Infinity ? null : value)),
    ...lines.slice(-TRACE_LINES),
    violation?.says ?? 'nothing is wrong',
  ].join('\n');
}
