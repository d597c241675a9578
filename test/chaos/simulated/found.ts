// Rounds that once ended badly: the trouble in them, or all of their plan.
import type { RoundPlan } from './plan.ts';
import type { Hunt } from './run.ts';

const EASY = {
  daemons: 1,
  tasks: 12,
  calmness: 20,
  jobLimit: Infinity,
  hasSlowCalls: false,
  isLazy: true,
  diesForGood: false,
} as const;

/** Two daemons, disks that are full, and calls that take their time. */
const FULL_DISKS: RoundPlan = {
  seed: 22,
  round: 3,
  daemons: 2,
  tasks: 20,
  kinds: [
    'user aborts',
    'user resets',
    'user enqueues',
    'user enqueues elsewhere',
    'user deletes',
    'user archives',
    'call is lost',
    'answer is lost',
    'server call is lost',
    'server answer is lost',
    'disk is full',
    'shared folder is full',
    'sbatch answer is lost',
    'sbatch is doubled',
    'cluster is full',
    'node dies, job requeued',
    'job is preempted',
    'job runs out of time',
    'gate answer is lost',
    'job completes without a word',
    'a neighbour takes from our queue',
    'ten minutes pass',
    'server is away',
    'disk is full for long',
    'gate is cut off',
    'squeue complains',
    'daemon dies, journal is an old one',
    'user requeues the job',
    'job is held',
    'jobs are released',
  ],
  calmness: 99,
  isLazy: false,
  hasAccounting: true,
  jobLimit: Infinity,
  diesForGood: false,
  hasSlowCalls: true,
};

export const FOUND: readonly { readonly title: string; readonly hunt: Hunt }[] = [
  {
    title: 'of two jobs of one submission both were cancelled when the extra one had started meanwhile',
    hunt: { seed: 5, rounds: 5, same: { ...EASY, kinds: ['sbatch is doubled', 'sbatch is in flight'] } },
  },
  {
    title: 'a task was stopped for the end of an extra job, which accounting knew while the other was forgotten',
    hunt: {
      seed: 5,
      rounds: 5,
      same: { ...EASY, kinds: ['sbatch is doubled', 'controller crashes'], hasAccounting: true },
    },
  },
  {
    title: 'a task ran twice: two daemons took a pop for their own, of which neither could write down whose it was',
    hunt: { seed: 22, rounds: 1, same: FULL_DISKS },
  },
];
