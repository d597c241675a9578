// Stories that the simulation found to end badly, at their shortest; what each was about is also a test of its own.
import type { Scenario } from './story.ts';

interface Found {
  readonly title: string;
  readonly story: Scenario;
}

export const FOUND: readonly Found[] = [
  {
    title: 'a registration whose answer is lost does not end the daemon',
    story: { natures: ['ends well'], daemons: 1, seed: 931815, events: [[0, 'answer is lost', 0]] },
  },
  {
    title: 'a full disk does not end the daemon, and does not make it tell anything twice',
    story: { natures: ['ends well'], daemons: 1, seed: 119783, events: [[7, 'disk is full', 3]] },
  },
  {
    title: 'an answer that refuses what was to be told about a deleted task does not end the daemon',
    story: {
      natures: ['ends well'],
      daemons: 1,
      seed: 957091,
      events: [
        [0, 'sbatch answer is lost', 0],
        [0, 'gate answer is lost', 0],
        [0, 'user deletes', 0],
      ],
    },
  },
  {
    title: 'an archived task that was enqueued again is run like any other',
    story: {
      natures: ['ends well'],
      daemons: 1,
      seed: 16,
      events: [
        [0, 'user archives', 1],
        [0, 'user enqueues', 0],
      ],
    },
  },
  {
    title: 'a status message is not written on a task that has begun since it was seen waiting',
    story: { natures: ['ends well', 'ends well'], daemons: 1, seed: 6349, events: [] },
  },
  {
    title: 'a task that was aborted while its template turned out not to fit stays aborted',
    story: { natures: ['misfit', 'ends well'], daemons: 1, seed: 9, events: [[16, 'user aborts', 2]] },
  },
  {
    title: 'a task that was enqueued elsewhere while its template turned out not to fit is not failed',
    story: { natures: ['misfit'], daemons: 1, seed: 125717, events: [[9, 'user enqueues elsewhere', 0]] },
  },
  {
    title: 'a task that somebody else runs is not failed for the end of our job',
    story: {
      natures: ['ends well', 'ends well'],
      daemons: 1,
      seed: 999983,
      events: [
        [0, 'gate answer is lost', 2],
        [36, 'user enqueues elsewhere', 1],
      ],
    },
  },
  {
    title: 'a task that somebody else runs is not taken from him because our job waits',
    story: {
      natures: ['ends well', 'ends well'],
      daemons: 1,
      seed: 158509,
      events: [
        [30, 'squeue fails', 1],
        [31, 'server answer is lost', 0],
        [0, 'user enqueues elsewhere', 2],
      ],
    },
  },
  {
    title: 'a task that somebody else runs is not stopped because our job was preempted',
    story: {
      natures: ['ends well', 'ends well'],
      daemons: 1,
      seed: 385843,
      events: [
        [0, 'job is preempted', 0],
        [0, 'user enqueues elsewhere', 2],
      ],
    },
  },
  {
    title: 'a task that was enqueued again while we claimed it, and taken by somebody else, does not run twice',
    story: {
      natures: ['ends well', 'ends well'],
      daemons: 1,
      seed: 620463,
      events: [
        [10, 'user enqueues', 0],
        [10, 'a neighbour takes from our queue', 1],
      ],
    },
  },
  {
    title: 'a task that the user asked to stop is not failed for what became of its job',
    story: {
      natures: ['ends well'],
      daemons: 1,
      seed: 317354,
      events: [
        [0, 'job completes without a word', 3],
        [0, 'daemon dies, journal lost', 3],
        [0, 'user aborts', 1],
      ],
    },
  },
  {
    title: 'a task that was dequeued while nobody knew whether sbatch had submitted it is forgotten in the end',
    story: {
      natures: ['ends well'],
      daemons: 1,
      seed: 182168,
      events: [
        [0, 'sbatch is unknown', 2],
        [14, 'user dequeues', 0],
      ],
    },
  },
  {
    title: 'a task parked by a daemon that died is not parked once more by the one that takes it over',
    story: {
      natures: ['ends well', 'ends well'],
      daemons: 2,
      seed: 14,
      events: [
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
    story: {
      natures: ['ends well', 'ends well'],
      daemons: 1,
      seed: 999992,
      events: [
        [31, 'daemon dies, journal lost', 2],
        [0, 'node dies, job requeued', 2],
      ],
    },
  },
  {
    title: 'a task that two daemons found in no queue is not given back by one while the other takes it anew',
    story: {
      natures: ['ends well', 'misfit'],
      daemons: 2,
      seed: 289702,
      events: [
        [20, 'daemon dies, journal lost', 3],
        [0, 'node dies, job requeued', 3],
      ],
    },
  },
  {
    title: 'two daemons that find the same task in no queue give it back once',
    story: {
      natures: ['ends well', 'ends well'],
      daemons: 2,
      seed: 539151,
      events: [
        [12, 'ten minutes pass', 0],
        [0, 'gate answer is lost', 0],
        [0, 'a neighbour takes from our queue', 0],
      ],
    },
  },
];
