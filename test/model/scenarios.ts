// What is searched: how many daemons, and how much may go wrong in any order.
import type { Scenario } from './search.ts';
import { USER_ACTS } from './user-rules.ts';
import { NO_BUDGET, type Budgets } from './world.ts';

const PLAIN: Scenario = {
  title: 'nothing goes wrong',
  budgets: NO_BUDGET,
  hasGate: true,
  hasAccounting: true,
  looksAtOnce: false,
  acts: USER_ACTS,
  purges: false,
  wakes: 0,
  hasShortRounds: false,
};

export function when(title: string, budgets: Partial<Budgets>, more: Partial<Scenario> = {}): Scenario {
  return { ...PLAIN, title, budgets: { ...NO_BUDGET, ...budgets }, ...more };
}

/** Each kind of fault alone: `npm test` searches these. */
export const ONE_TROUBLE: readonly Scenario[] = [
  PLAIN,
  when('a crash', { crashes: 1 }),
  when('a crash that takes the journal along', { journals: 1 }),
  when('a call or an answer is lost', { lost: 1 }),
  when('sbatch refuses, or the cluster is full', { refusals: 1 }),
  when('the controller forgets a job and hands its id out again', { forgets: 1 }),
  when('a job dies, is requeued, preempted, cancelled or out of time', { requeues: 1 }),
  when('an act of the user', { users: 1 }),
];

/** Two faults at once, and other worlds: `npm run model` searches these too. */
export const MORE_TROUBLE: readonly Scenario[] = [
  when('a lost call, and sbatch refuses', { lost: 1, refusals: 1 }),
  when('a crash, and an act of the user', { crashes: 1, users: 1 }),
  when(
    'a requeued job, and Slurm soon forgets ended jobs, without accounting',
    { requeues: 1 },
    { purges: true, hasAccounting: false },
  ),
  when('an act of the user, and rounds so close that no grace has passed', { users: 1 }, { hasShortRounds: true }),
  when('no journal, and a requeued job', { journals: 1, requeues: 1 }),
  when('a second daemon for a round', { rounds: 1 }, { looksAtOnce: true }),
];

/** For `npm run model -- --deep`: minutes each. */
export const DEEP_TROUBLE: readonly Scenario[] = [
  when('an act of the user, and the loop goes on beside a submission', { users: 1 }, { wakes: 1 }),
  when('a requeued job, and an act of the user', { requeues: 1, users: 1 }),
  when('a crash, and a requeued job', { crashes: 1, requeues: 1 }),
  when('two crashes, and a lost call', { crashes: 2, lost: 1 }),
  when('a lost call, and an act of the user', { lost: 1, users: 1 }),
  when('two acts of the user', { users: 2 }),
  when('a second daemon for two rounds', { rounds: 2 }, { looksAtOnce: true }),
];
