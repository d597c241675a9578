// The command line of `npm run model`.
import { parseArgs } from 'node:util';
import type { Bounds, Scenario } from './search.ts';
import { DEEP_SCENARIOS, COMBINED_FAULTS, SINGLE_FAULTS, when } from './scenarios.ts';
import { NO_BUDGET, type Budgets } from './world.ts';

export const USAGE = `npm run model [-- options]

Searches the shipped code for a counterexample. Without budgets: the scenarios of
test/model/scenarios.ts; with --deep, those that take minutes each.

  --crashes N      a daemon is killed and restarts       --requeues N  a job dies, is requeued, preempted, cancelled
  --journals N     the same, and it loses its journal    --refusals N  sbatch rejects the script, or backpressure
  --lost N         a call or its response is lost        --forgets N   the controller forgets a pending job
  --late N         a call of a dead daemon arrives       --users N     actions of the user
  --daemons 2      a second daemon on the same queues    --rounds N    its passes until it dies (2)
  --wakes N        polls during a submission             --purges      Slurm forgets ended jobs at any moment
  --short-rounds   no grace period expires in between    --no-accounting
  --looks-at-once  nothing moves during a poll
  --states N       maximum per scenario (3000000)        --seconds N   maximum for all scenarios (900)
`;

const DEFAULTS = { wakes: 0, purges: false, hasAccounting: true, hasShortRounds: false, hasAtomicPolls: false };

export interface Options {
  readonly scenarios: readonly Scenario[];
  readonly bounds: Bounds;
}

/** @throws TypeError for an unknown option or an invalid number */
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
      seconds: { ...text, default: '900' },
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
    hasAtomicPolls: values['looks-at-once'],
  };
  const title = given.map((name) => `${name} ${values[name]}`).join(', ');
  const isOwn = given.length > 0 || JSON.stringify(more) !== JSON.stringify(DEFAULTS);
  return {
    scenarios: isOwn
      ? [when(title === '' ? 'as given' : title, budgets, more)]
      : values.deep
        ? DEEP_SCENARIOS
        : [...SINGLE_FAULTS, ...COMBINED_FAULTS],
    bounds: { states: readCount('states', values.states), seconds: readCount('seconds', values.seconds) },
  };
}

function readCount(name: string, text: string | undefined): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0) throw new TypeError(`--${name} must be a whole number, not "${text}"`);
  return count;
}
