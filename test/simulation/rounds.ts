// Plays rounds, and shrinks each round with a violation.
import { addTallies, NOTHING_YET, type Tally } from '../chaos/tally.ts';
import type { Violation } from './oracle/expected-ends.ts';
import { named } from './queues.ts';
import { playRound, type RoundResult } from './round.ts';
import { planRound, type RoundPlan } from './schedule.ts';

export interface Rounds {
  readonly seed: number;
  /** The first round to play; rounds count from 1. */
  readonly firstRound?: number;
  /** Start no round after this many seconds. */
  readonly seconds?: number;
  /** Start no round after this many tasks. */
  readonly tasks?: number;
  readonly log: (line: string) => void;
}

/** The number of lines of a trace that are printed. */
const TRACE_LINES = 150;
/** A long trace after seconds is better than a short one after minutes. */
const LONGEST_SHRINKING_MS = 20_000;

/** Plays rounds until the limit of time or tasks, and logs a counterexample for each round with a violation. */
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
  /** The part of the plan that is the same in all rounds. */
  readonly same: Partial<RoundPlan>;
}

/** Returns a sentence about the first round with a violation. */
export async function findBadRound({ seed, rounds, same }: Search): Promise<string | undefined> {
  for (let round = 1; round <= rounds; round += 1) {
    const { violation } = await playRound({
      ...planRound(seed, round),
      readsChanges: false,
      limited: undefined,
      ...same,
    });
    if (violation !== undefined) return `round ${round}: ${violation.kind}: ${violation.says}`;
  }
  return undefined;
}

interface Counterexample {
  readonly plan: RoundPlan;
  readonly result: RoundResult;
}

/** Removes tasks, daemons and kinds of faults as long as the round still has a violation of the same kind. */
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
  if (plan.limited !== undefined) await attempt({ limited: undefined });
  for (const kind of plan.kinds) await attempt({ kinds: best.plan.kinds.filter((one) => one !== kind) });
  return best;
}

function count({ violation, kills, tasks }: RoundResult): Tally {
  const of = (kind: Violation['kind']): number => (violation?.kind === kind ? 1 : 0);
  return { rounds: 1, kills, tasks, lost: of('lost'), twice: of('twice'), wrong: of('wrong') };
}

/** Formats the plan, with which the round can be repeated, and the trace lines about the task. */
function format({ plan, result: { violation, trace } }: Counterexample): string {
  const task = violation?.task;
  const mention = new RegExp(`${named(task ?? '')}\\b`);
  const isAbout = (line: string): boolean => mention.test(line);
  const isNearTask = (line: string): boolean =>
    /\*\*\*|daemon \d +(starts|is killed|has)/.test(line) && !/task \d/.test(line);
  const during = trace.slice(trace.findIndex(isAbout), trace.findLastIndex(isAbout) + 1);
  const lines = task === undefined ? trace : during.filter((line) => isAbout(line) || isNearTask(line));
  return [
    JSON.stringify(plan, (_, value: unknown) => (value === Infinity ? null : value)),
    ...lines.slice(-TRACE_LINES),
    violation?.says ?? 'nothing is wrong',
  ].join('\n');
}
