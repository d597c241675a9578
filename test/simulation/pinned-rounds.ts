// Rounds that once ended badly, by the trouble in them.
import type { RoundSearch } from './run.ts';

const EASY = {
  daemons: 1,
  tasks: 12,
  calmness: 20,
  jobLimit: Infinity,
  hasSlowCalls: false,
  isLazy: true,
  diesForGood: false,
} as const;

export const FOUND: readonly { readonly title: string; readonly hunt: RoundSearch }[] = [
  {
    title: 'a task was stopped by the scancel of an extra job, which had started and taken it before that came',
    hunt: {
      seed: 5,
      rounds: 1,
      same: {
        ...EASY,
        round: 24,
        kinds: ['sbatch is doubled'],
        calmness: 5,
        isLazy: false,
        hasSlowCalls: true,
        hasAccounting: false,
      },
    },
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
    title: 'a job that the gate would not let run was held against a daemon that slept for hours before its sbatch',
    hunt: { seed: 78, rounds: 1, same: {} },
  },
  {
    title: 'a job was held against a daemon that had seen the entry of its task, which was taken a moment later',
    hunt: {
      seed: 1,
      rounds: 1,
      same: { ...EASY, round: 7, kinds: ['gate answer is lost', 'a minute passes'], hasAccounting: true },
    },
  },
  {
    title:
      'a task was stopped for our own scancel of an extra job, which nobody remembered once its job was left to a neighbour',
    hunt: {
      seed: 78,
      rounds: 1,
      same: {
        round: 209,
        daemons: 2,
        tasks: 13,
        kinds: [
          'user aborts',
          'user enqueues',
          'server call is lost',
          'daemon dies before its call',
          'sbatch is doubled',
          'controller crashes',
          'job dies',
          'user requeues the job',
        ],
        calmness: 57,
        isLazy: true,
        hasAccounting: true,
        jobLimit: Infinity,
        hasSlowCalls: false,
        diesForGood: false,
      },
    },
  },
  {
    title: 'a task was stopped for our own scancel, the reason of which a full disk had kept out of the journal',
    hunt: {
      seed: 2611,
      rounds: 1,
      same: {
        ...EASY,
        round: 16,
        tasks: 10,
        kinds: [
          'server answer is lost',
          'sbatch is unknown',
          'cluster is full',
          'disk is full for long',
          'user clears the scheduler queue',
        ],
        calmness: 32,
        hasAccounting: false,
        hasSlowCalls: true,
      },
    },
  },
  {
    title:
      'a task failed for a job that found the gate closed, the record of which was not found under an id used again',
    hunt: {
      seed: 2611,
      rounds: 1,
      same: {
        ...EASY,
        round: 123,
        tasks: 64,
        kinds: [
          'shared folder is full',
          'daemon dies after its call',
          'controller crashes',
          'job runs out of time',
          'daemon dies, its calls arrive',
          'user requeues the job',
        ],
        hasAccounting: true,
        hasSlowCalls: true,
      },
    },
  },
];
