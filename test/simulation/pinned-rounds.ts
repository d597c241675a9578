// Rounds that failed before, and why.
import type { Search } from './rounds.ts';

export interface PinnedRound {
  /** What was wrong. */
  readonly title: string;
  readonly search: Search;
}

/** What most of these plans have in common. */
export const EASY = {
  daemons: 1,
  tasks: 12,
  movesPerFault: 20,
  jobLimit: Infinity,
  hasSlowCalls: false,
  isLazy: true,
  diesForGood: false,
  agentsStartOnce: true,
} as const;

export const PINNED_ROUNDS: readonly PinnedRound[] = [
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
    title: 'a task was stopped when an extra job ended and only accounting listed that job',
    search: {
      seed: 5,
      rounds: 5,
      same: { ...EASY, kinds: ['sbatch is doubled', 'controller crashes'], hasAccounting: true },
    },
  },
  {
    title: 'the oracle reported a job without a queue entry, although the daemon was suspended before sbatch',
    search: { seed: 78, rounds: 1, same: { agentsStartOnce: true } },
  },
  {
    title: 'the oracle reported a job, although the queue entry of the task was removed only after the poll',
    search: {
      seed: 1,
      rounds: 1,
      same: { ...EASY, round: 7, kinds: ['gate answer is lost', 'a minute passes'], hasAccounting: true },
    },
  },
  {
    title: 'the daemon stopped a task after it removed the journal entry that recorded the scancel of an extra job',
    search: {
      seed: 78,
      rounds: 1,
      same: {
        ...EASY,
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
        hasAccounting: true,
      },
    },
  },
  {
    title: 'on a full disk, the daemon stopped a task after it failed to record why it cancelled a job',
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
    title: "a task became a draft when a late call of the killed daemon removed the task's entry",
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
    title: 'when the daemon had lost its journal, a failed earlier job made an enqueued task fail',
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
    title: 'a task became a draft when its gate got no response and a job of an earlier sbatch started late',
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
  {
    title: 'the oracle did not permit the repeated console line after a second claim of a task behind another entry',
    search: {
      seed: 424036,
      rounds: 1,
      same: {
        ...EASY,
        round: 14,
        tasks: 26,
        kinds: [
          'user enqueues',
          'user deletes',
          'disk is full',
          'daemon dies before its call',
          'squeue fails',
          'gate answer is lost',
          'job completes without a word',
        ],
        movesPerFault: 53,
        hasAccounting: false,
        jobLimit: 2,
        diesForGood: true,
        hasSlowCalls: true,
        readsChanges: true,
      },
    },
  },
  {
    title:
      'the oracle did not permit a task to end stopped after the watchdog stopped it and its agent started it again',
    search: {
      seed: 909271,
      rounds: 1,
      same: {
        ...EASY,
        round: 154,
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
        isLazy: false,
        hasAccounting: true,
        readsChanges: true,
        agentsStartOnce: false,
      },
    },
  },
];
