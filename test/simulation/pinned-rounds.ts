// Rounds that failed before, and why. The next change of a daemon's calls changes them too: what they show needs a separate test as well.
import type { Search } from './rounds.ts';

interface PinnedRound {
  /** What happens in the round, and was once a violation. */
  readonly title: string;
  readonly search: Search;
}

export const PINNED_ROUNDS: readonly PinnedRound[] = [
  {
    title: 'an agent restarts a task that the watchdog has stopped',
    search: {
      seed: 909271,
      rounds: 1,
      same: {
        round: 154,
        daemons: 1,
        tasks: 193,
        kinds: [
          'user enqueues elsewhere',
          'server call is lost',
          'server answer is lost',
          'daemon dies before its call',
          'sbatch answer is lost',
          'node dies, job requeued',
          'ten minutes pass',
          'disk is full for long',
          'gate is cut off',
          'hours pass',
          'jobs are released',
        ],
        movesPerFault: 26,
        jobLimit: Infinity,
        hasSlowCalls: false,
        isLazy: false,
        hasAccounting: true,
        readsChanges: true,
        diesForGood: false,
      },
    },
  },
];
