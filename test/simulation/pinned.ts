// Scenarios and rounds that once ended badly. What each was about also has a test of its own.
import type { Search } from './rounds.ts';
import type { Scenario } from './schedule.ts';

interface Found {
  readonly title: string;
  readonly scenario: Scenario;
}

export const PINNED_SCENARIOS: readonly Found[] = [
  {
    title: 'a registration whose answer is lost does not end the daemon',
    scenario: { natures: ['ends well'], daemons: 1, seed: 931815, faults: [[0, 'answer is lost', 0]] },
  },
  {
    title: 'a full disk does not end the daemon, and does not make it tell anything twice',
    scenario: { natures: ['ends well'], daemons: 1, seed: 119783, faults: [[7, 'disk is full', 3]] },
  },
  {
    title: 'an answer that refuses what was to be told about a deleted task does not end the daemon',
    scenario: {
      natures: ['ends well'],
      daemons: 1,
      seed: 957091,
      faults: [
        [0, 'sbatch answer is lost', 0],
        [0, 'gate answer is lost', 0],
        [0, 'user deletes', 0],
      ],
    },
  },
  {
    title: 'an archived task that was enqueued again is run like any other',
    scenario: {
      natures: ['ends well'],
      daemons: 1,
      seed: 16,
      faults: [
        [0, 'user archives', 1],
        [0, 'user enqueues', 0],
      ],
    },
  },
  {
    title: 'a status message is not written on a task that has begun since it was seen waiting',
    scenario: { natures: ['ends well', 'ends well'], daemons: 1, seed: 6349, faults: [] },
  },
  {
    title: 'a task that was aborted while its template turned out not to fit stays aborted',
    scenario: { natures: ['misfit', 'ends well'], daemons: 1, seed: 9, faults: [[16, 'user aborts', 2]] },
  },
  {
    title: 'a task that was enqueued elsewhere while its template turned out not to fit is not failed',
    scenario: { natures: ['misfit'], daemons: 1, seed: 125717, faults: [[9, 'user enqueues elsewhere', 0]] },
  },
  {
    title: 'a task that somebody else runs is not failed for the end of our job',
    scenario: {
      natures: ['ends well', 'ends well'],
      daemons: 1,
      seed: 999983,
      faults: [
        [0, 'gate answer is lost', 2],
        [36, 'user enqueues elsewhere', 1],
      ],
    },
  },
  {
    title: 'a task that somebody else runs is not taken from him because our job waits',
    scenario: {
      natures: ['ends well', 'ends well'],
      daemons: 1,
      seed: 158509,
      faults: [
        [30, 'squeue fails', 1],
        [31, 'server answer is lost', 0],
        [0, 'user enqueues elsewhere', 2],
      ],
    },
  },
  {
    title: 'a task that somebody else runs is not stopped because our job was preempted',
    scenario: {
      natures: ['ends well', 'ends well'],
      daemons: 1,
      seed: 385843,
      faults: [
        [0, 'job is preempted', 0],
        [0, 'user enqueues elsewhere', 2],
      ],
    },
  },
  {
    title: 'a task that was enqueued again while we claimed it, and taken by somebody else, does not run twice',
    scenario: {
      natures: ['ends well', 'ends well'],
      daemons: 1,
      seed: 620463,
      faults: [
        [10, 'user enqueues', 0],
        [10, 'a neighbour takes from our queue', 1],
      ],
    },
  },
  {
    title: 'a task that the user asked to stop is not failed for what became of its job',
    scenario: {
      natures: ['ends well'],
      daemons: 1,
      seed: 317354,
      faults: [
        [0, 'job completes without a word', 3],
        [0, 'daemon dies, journal lost', 3],
        [0, 'user aborts', 1],
      ],
    },
  },
  {
    title: 'a task that was dequeued while nobody knew whether sbatch had submitted it is forgotten in the end',
    scenario: {
      natures: ['ends well'],
      daemons: 1,
      seed: 182168,
      faults: [
        [0, 'sbatch is unknown', 2],
        [14, 'user dequeues', 0],
      ],
    },
  },
  {
    title: 'a task parked by a daemon that died is not parked once more by the one that takes it over',
    scenario: {
      natures: ['ends well', 'ends well'],
      daemons: 2,
      seed: 14,
      faults: [
        [1, 'shared folder is full', 2],
        [29, 'daemon dies after its call', 3],
        [0, 'ten minutes pass', 1],
        [7, 'daemon is told to stop', 1],
      ],
    },
  },
  {
    title:
      'a job that died after its first call, and came back to a closed gate, does not leave its task running for ever',
    scenario: {
      natures: ['ends well', 'ends well'],
      daemons: 1,
      seed: 999992,
      faults: [
        [31, 'daemon dies, journal lost', 2],
        [0, 'node dies, job requeued', 2],
      ],
    },
  },
  {
    title: 'a task that two daemons found in no queue is not given back by one while the other takes it anew',
    scenario: {
      natures: ['ends well', 'misfit'],
      daemons: 2,
      seed: 289702,
      faults: [
        [20, 'daemon dies, journal lost', 3],
        [0, 'node dies, job requeued', 3],
      ],
    },
  },
  {
    title: 'two daemons that find the same task in no queue give it back once',
    scenario: {
      natures: ['ends well', 'ends well'],
      daemons: 2,
      seed: 539151,
      faults: [
        [12, 'ten minutes pass', 0],
        [0, 'gate answer is lost', 0],
        [0, 'a neighbour takes from our queue', 0],
      ],
    },
  },
];

const EASY = {
  daemons: 1,
  tasks: 12,
  calmness: 20,
  jobLimit: Infinity,
  hasSlowCalls: false,
  isLazy: true,
  diesForGood: false,
} as const;

export const PINNED_ROUNDS: readonly { readonly title: string; readonly search: Search }[] = [
  {
    title: 'a task was stopped by the scancel of an extra job, which had started and taken it before that came',
    search: {
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
    search: {
      seed: 5,
      rounds: 5,
      same: { ...EASY, kinds: ['sbatch is doubled', 'controller crashes'], hasAccounting: true },
    },
  },
  {
    title: 'a job that the gate would not let run was held against a daemon that slept for hours before its sbatch',
    search: { seed: 78, rounds: 1, same: {} },
  },
  {
    title: 'a job was held against a daemon that had seen the entry of its task, which was taken a moment later',
    search: {
      seed: 1,
      rounds: 1,
      same: { ...EASY, round: 7, kinds: ['gate answer is lost', 'a minute passes'], hasAccounting: true },
    },
  },
  {
    title:
      'a task was stopped for our own scancel of an extra job, which nobody remembered once its job was left to a neighbour',
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
        calmness: 32,
        hasAccounting: false,
        hasSlowCalls: true,
      },
    },
  },
  {
    title:
      'a task failed for a job that found the gate closed, the record of which was not found under an id used again',
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
    title: 'a task became a draft, as a killed daemon had removed its entry by a call that came after the restart',
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
          'a neighbour takes from our queue',
          'gate is cut off',
          'hours pass',
          'daemon dies, journal torn',
          'jobs are released',
          'user removes from the scheduler queue',
          'user clears the scheduler queue',
        ],
        calmness: 67,
        hasAccounting: true,
      },
    },
  },
];
