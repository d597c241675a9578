// Rounds that failed before, and why.
import type { Search } from './rounds.ts';

const EASY = {
  daemons: 1,
  tasks: 12,
  movesPerFault: 20,
  jobLimit: Infinity,
  hasSlowCalls: false,
  isLazy: true,
  diesForGood: false,
} as const;

export const PINNED_ROUNDS: readonly { readonly title: string; readonly search: Search }[] = [
  {
    title: 'the scancel of an extra job stopped a task that the extra job already ran',
    search: {
      seed: 5,
      rounds: 1,
      same: {
        ...EASY,
        round: 24,
        kinds: ['sbatch is doubled'],
        movesPerFault: 5,
        isLazy: false,
        hasSlowCalls: true,
        hasAccounting: false,
      },
    },
  },
  {
    title: 'a task was stopped when an extra job ended that only accounting listed',
    search: {
      seed: 5,
      rounds: 5,
      same: { ...EASY, kinds: ['sbatch is doubled', 'controller crashes'], hasAccounting: true },
    },
  },
  {
    title:
      'the oracle blamed a daemon for a job without an entry, although the daemon had been suspended before its sbatch',
    search: { seed: 78, rounds: 1, same: {} },
  },
  {
    title: 'the oracle blamed a daemon for a job whose entry was removed just after its poll',
    search: {
      seed: 1,
      rounds: 1,
      same: { ...EASY, round: 7, kinds: ['gate answer is lost', 'a minute passes'], hasAccounting: true },
    },
  },
  {
    title:
      "a task was stopped by the daemon's own scancel of an extra job because that scancel was forgotten with the journal entry",
    search: {
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
        movesPerFault: 57,
        isLazy: true,
        hasAccounting: true,
        jobLimit: Infinity,
        hasSlowCalls: false,
        diesForGood: false,
      },
    },
  },
  {
    title: "a task was stopped by the daemon's own scancel because a full disk kept the reason out of the journal",
    search: {
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
        movesPerFault: 32,
        hasAccounting: false,
        hasSlowCalls: true,
      },
    },
  },
  {
    title: 'a task failed when its job found the gate closed and Slurm had reused the job id',
    search: {
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
  {
    title: "a task became a draft when a call of the killed daemon removed the task's entry after the restart",
    search: {
      seed: 2613,
      rounds: 1,
      same: {
        ...EASY,
        round: 16,
        tasks: 45,
        kinds: [
          'user dequeues',
          'user deletes',
          'user archives',
          'answer is lost',
          'shared folder is full',
          'daemon dies after its call',
          'daemon is told to stop',
          'sbatch answer is lost',
          'sbatch is in flight',
          'sbatch refuses',
          'cluster is full',
          'squeue fails',
          'job runs out of time',
          'another agent pops from our queue',
          'gate is cut off',
          'hours pass',
          'daemon dies, journal torn',
          'jobs are released',
          'user removes from the scheduler queue',
          'user clears the scheduler queue',
        ],
        movesPerFault: 67,
        hasAccounting: true,
      },
    },
  },
  {
    title: 'a task that was enqueued again failed when an earlier job failed and the daemon had lost its journal',
    search: {
      seed: 21,
      rounds: 1,
      same: {
        ...EASY,
        round: 10,
        daemons: 2,
        tasks: 20,
        kinds: [
          'user aborts',
          'user resets',
          'user enqueues',
          'daemon dies, journal lost',
          'daemon is told to stop',
          'sbatch is in flight',
          'controller is away',
          'controller crashes',
          'node dies, job requeued',
          'job is preempted',
          'ten minutes pass',
          'server is away',
          'hours pass',
          'daemon dies, its calls arrive',
          'daemon dies, journal torn',
          'user requeues the job',
        ],
        movesPerFault: 33,
        hasAccounting: true,
        jobLimit: 12,
        hasSlowCalls: true,
      },
    },
  },
  {
    title:
      'a task became a draft when its job lost the response of the gate and a job of an earlier sbatch arrived late',
    search: {
      seed: 8102,
      rounds: 1,
      same: {
        ...EASY,
        round: 99,
        tasks: 69,
        kinds: ['shared folder is full', 'sbatch is in flight', 'gate answer is lost', 'tokens expire'],
        movesPerFault: 170,
        hasAccounting: false,
      },
    },
  },
];
