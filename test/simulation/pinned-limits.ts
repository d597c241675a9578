// Rounds with limits that failed before, and why.
import { EASY, type PinnedRound } from './pinned-rounds.ts';

export const PINNED_LIMITS: readonly PinnedRound[] = [
  {
    title: 'the oracle knew no cause for the second run of a task whose extra job the daemon had cancelled',
    search: {
      seed: 274317,
      rounds: 1,
      same: {
        ...EASY,
        round: 25,
        daemons: 2,
        tasks: 91,
        kinds: [
          'user dequeues',
          'sbatch is doubled',
          'job completes without a word',
          'daemon dies, its calls arrive',
          'daemon dies, journal is an old one',
          'user clears the scheduler queue',
        ],
        isLazy: false,
        hasAccounting: false,
        jobLimit: 5,
        limited: {
          limits: { maxJobs: 7, maxWaitingJobs: 2, maxNodes: 11 },
          isOfCluster: false,
          userFairness: false,
          unixUsers: 'hidden',
          movesPerPause: 300,
        },
      },
    },
  },
  {
    title: 'a daemon that was suspended after parking a task submitted it after a peer had claimed it',
    search: {
      seed: 424036,
      rounds: 1,
      same: {
        ...EASY,
        round: 111,
        daemons: 2,
        tasks: 36,
        kinds: [
          'user enqueues elsewhere',
          'shared folder is full',
          'sbatch is doubled',
          'sbatch is in flight',
          'ten minutes pass',
          'squeue complains',
          'hours pass',
          'daemon dies, journal is an old one',
          'user requeues the job',
          'user clears the scheduler queue',
        ],
        movesPerFault: 91,
        hasAccounting: true,
        hasSlowCalls: true,
        readsChanges: true,
        limited: {
          limits: { maxJobs: 3 },
          isOfCluster: false,
          userFairness: false,
          unixUsers: 'shown',
          movesPerPause: Infinity,
        },
      },
    },
  },
];
