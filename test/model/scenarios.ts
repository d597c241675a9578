// The scenarios to search: how many daemons, and how many faults in any order.
import type { Scenario } from './search.ts';
import { USER_ACTS } from './user-rules.ts';
import { NO_BUDGET, type Budgets } from './world.ts';

const PLAIN: Scenario = {
  title: 'no fault',
  budgets: NO_BUDGET,
  hasGate: true,
  hasAccounting: true,
  hasAtomicPolls: false,
  acts: USER_ACTS,
  purges: false,
  wakes: 0,
  hasShortRounds: false,
};

export function when(title: string, budgets: Partial<Budgets>, more: Partial<Scenario> = {}): Scenario {
  return { ...PLAIN, title, budgets: { ...NO_BUDGET, ...budgets }, ...more };
}

/** Each kind of fault alone: `npm test` searches these. */
export const SINGLE_FAULTS: readonly Scenario[] = [
  PLAIN,
  when('a crash', { crashes: 1 }),
  when('a crash that loses the journal', { journals: 1 }),
  when('a lost call or a lost response', { lost: 1 }),
  when('sbatch rejects the script or reports backpressure', { refusals: 1 }),
  when('slurmctld forgets a job and reuses the job id', { forgets: 1 }),
  when('a job that dies, is requeued, preempted or cancelled, or reaches its time limit', { requeues: 1 }),
  when('an action of the user', { users: 1 }),
];

/** Two faults at once, and other settings: `npm run model` searches these too. */
export const COMBINED_FAULTS: readonly Scenario[] = [
  when('a lost call, and sbatch rejects the script', { lost: 1, refusals: 1 }),
  when('a crash, and an action of the user', { crashes: 1, users: 1 }),
  when(
    'a requeued job, and Slurm soon forgets ended jobs, without accounting',
    { requeues: 1 },
    { purges: true, hasAccounting: false },
  ),
  when(
    'an action of the user, and passes so close that no grace period expires',
    { users: 1 },
    { hasShortRounds: true },
  ),
  when('no journal, and a requeued job', { journals: 1, requeues: 1 }),
  when('a second daemon for one pass', { rounds: 1 }, { hasAtomicPolls: true }),
];

/** For `npm run model -- --deep`: minutes each. */
export const DEEP_SCENARIOS: readonly Scenario[] = [
  when('an action of the user, and the loop continues during a submission', { users: 1 }, { wakes: 1 }),
  when('a requeued job, and an action of the user', { requeues: 1, users: 1 }),
  when('a crash, and a requeued job', { crashes: 1, requeues: 1 }),
  when('two crashes, and a lost call', { crashes: 2, lost: 1 }),
  when('a lost call, and an action of the user', { lost: 1, users: 1 }),
  when('two actions of the user', { users: 2 }),
  when('a second daemon for two passes', { rounds: 2 }, { hasAtomicPolls: true }),
];
