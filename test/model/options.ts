// The command line of `npm run model`.
import { parseArgs } from 'node:util';
import type { Bounds, Scenario } from './search.ts';
import { DEEP_TROUBLE, MORE_TROUBLE, ONE_TROUBLE, when } from './scenarios.ts';
import { NO_BUDGET, type Budgets } from './world.ts';

export const USAGE = `npm run model [-- options]

Searches the shipped code for a counterexample that ends badly. Without budgets: the scenarios of
test/model/scenarios.ts, with --deep those that take minutes each.

  --crashes N    a daemon is killed and starts again       --requeues N  a job dies, is requeued, preempted, cancelled
  --journals N   the same, and its journal is lost         --refusals N  sbatch refuses, or the cluster is full
  --lost N       a call or its answer is lost              --forgets N   the controller forgets a waiting job
  --late N       a dead daemon's call arrives later        --users N     acts of the user
  --daemons 2    a second one on the same queues           --rounds N    for so many rounds (2); then it is dead
  --wakes N      the loop goes on beside a submission      --purges      Slurm forgets ended jobs at any moment
  --no-accounting   --short-rounds: rounds within a grace  --looks-at-once: nothing moves within a poll
  --states N     most states of one scenario (3000000)     --seconds N   most seconds of all together (120)
`;

const AS_EVER = { wakes: 0, purges: false, hasAccounting: true, hasShortRounds: false, looksAtOnce: false };

export interface Options {
  readonly scenarios: readonly Scenario[];
  readonly bounds: Bounds;
}

/** @throws TypeError for words that are none of these, or no number */
export function readOptions(args: string[]): Options {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const budgetNames = Object.keys(NO_BUDGET) as (keyof Budgets)[];
  const { values } = parseArgs({
    args,
    options: {
      ...(Object.fromEntries(budgetNames.map((name) => [name, text])) as Record<keyof Budgets, typeof text>),
      daemons: { ...text, default: '1' },
      'looks-at-once': flag,
      deep: flag,
      wakes: { ...text, default: '0' },
      purges: flag,
      'no-accounting': flag,
      'short-rounds': flag,
      states: { ...text, default: '3000000' },
      seconds: { ...text, default: '120' },
    },
  });
  const isTwo = readCount('daemons', values.daemons) === 2;
  if (isTwo) values.rounds ??= '2';
  const given = budgetNames.filter((name) => values[name] !== undefined);
  const budgets = Object.fromEntries(given.map((name) => [name, readCount(name, values[name])]));
  const more = {
    wakes: readCount('wakes', values.wakes),
    purges: values.purges,
    hasAccounting: !values['no-accounting'],
    hasShortRounds: values['short-rounds'],
    looksAtOnce: values['looks-at-once'],
  };
  const title = given.map((name) => `${name} ${values[name]}`).join(', ');
  const isOwn = given.length > 0 || JSON.stringify(more) !== JSON.stringify(AS_EVER);
  return {
    scenarios: isOwn
      ? [when(title === '' ? 'as given' : title, budgets, more)]
      : values.deep
        ? DEEP_TROUBLE
        : [...ONE_TROUBLE, ...MORE_TROUBLE],
    bounds: { states: readCount('states', values.states), seconds: readCount('seconds', values.seconds) },
  };
}

function readCount(name: string, text: string | undefined): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0) throw new TypeError(`--${name} wants a whole number, not "${text}"`);
  return count;
}
