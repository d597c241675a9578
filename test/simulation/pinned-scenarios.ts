// The shortest scenarios that used to fail. Each bug they found also has a separate test.
import type { ScheduledFault, Scenario } from './schedule.ts';

interface Found {
  readonly title: string;
  readonly scenario: Scenario;
}

function oneTask(seed: number, ...faults: readonly ScheduledFault[]): Scenario {
  return { natures: ['ends well'], daemons: 1, seed, faults };
}

function twoTasks(seed: number, ...faults: readonly ScheduledFault[]): Scenario {
  return { ...oneTask(seed, ...faults), natures: ['ends well', 'ends well'] };
}

export const PINNED_SCENARIOS: readonly Found[] = [
  {
    title: 'a worker registration whose response is lost does not end the daemon',
    scenario: oneTask(931815, [0, 'answer is lost', 0]),
  },
  {
    title: 'a full disk neither ends the daemon nor repeats a console line',
    scenario: oneTask(119783, [7, 'disk is full', 3]),
  },
  {
    title: 'a refused console line of a deleted task does not end the daemon',
    scenario: oneTask(957091, [0, 'sbatch answer is lost', 0], [0, 'gate answer is lost', 0], [0, 'user deletes', 0]),
  },
  {
    title: 'an archived task that is enqueued again runs like any other',
    scenario: oneTask(16, [0, 'user archives', 1], [0, 'user enqueues', 0]),
  },
  { title: 'a task that has started since the poll gets no status message', scenario: twoTasks(6349) },
  {
    title: 'a task whose template cannot be rendered stays aborted if a user aborts it meanwhile',
    scenario: { ...twoTasks(9, [16, 'user aborts', 2]), natures: ['misfit', 'ends well'] },
  },
  {
    title: 'a task whose template cannot be rendered does not fail if a user enqueues it elsewhere meanwhile',
    scenario: { ...oneTask(125717, [9, 'user enqueues elsewhere', 0]), natures: ['misfit'] },
  },
  {
    title: "a task that another agent runs does not fail when the task's Slurm job ends",
    scenario: twoTasks(999983, [0, 'gate answer is lost', 2], [36, 'user enqueues elsewhere', 1]),
  },
  {
    title: "a task that another agent runs is not dequeued while the task's Slurm job waits",
    scenario: twoTasks(
      158509,
      [30, 'squeue fails', 1],
      [31, 'server answer is lost', 0],
      [0, 'user enqueues elsewhere', 2],
    ),
  },
  {
    title: "a task that another agent runs is not stopped when the task's Slurm job is preempted",
    scenario: twoTasks(385843, [0, 'job is preempted', 0], [0, 'user enqueues elsewhere', 2]),
  },
  {
    title: 'a task does not run twice if it is enqueued again and popped by another agent during the claim',
    scenario: twoTasks(620463, [10, 'user enqueues', 0], [10, 'another agent pops from our queue', 1]),
  },
  {
    title: 'a task that its user aborted does not fail when its job ends',
    scenario: oneTask(
      317354,
      [0, 'job completes without a word', 3],
      [0, 'daemon dies, journal lost', 3],
      [0, 'user aborts', 1],
    ),
  },
  {
    title: 'a task is forgotten in the end if it is dequeued while the outcome of sbatch is unknown',
    scenario: oneTask(182168, [0, 'sbatch is unknown', 2], [14, 'user dequeues', 0]),
  },
  {
    title: 'an adopted task that a dead daemon parked is not parked again',
    scenario: {
      ...twoTasks(
        14,
        [1, 'shared folder is full', 2],
        [29, 'daemon dies after its call', 3],
        [0, 'ten minutes pass', 1],
        [7, 'daemon is told to stop', 1],
      ),
      daemons: 2,
    },
  },
  {
    title: 'no task stays in progress if its requeued job finds the gate closed',
    scenario: twoTasks(999992, [31, 'daemon dies, journal lost', 2], [0, 'node dies, job requeued', 2]),
  },
  {
    title: 'a daemon does not return an orphan to its queue while a peer claims it',
    scenario: {
      ...twoTasks(289702, [20, 'daemon dies, journal lost', 3], [0, 'node dies, job requeued', 3]),
      natures: ['ends well', 'misfit'],
      daemons: 2,
    },
  },
  {
    title: 'two daemons that find the same orphan return it to its queue only once',
    scenario: {
      ...twoTasks(
        539151,
        [12, 'ten minutes pass', 0],
        [0, 'gate answer is lost', 0],
        [0, 'another agent pops from our queue', 0],
      ),
      daemons: 2,
    },
  },
  {
    title: 'a task may fail if another agent runs the task and sends no report for two minutes',
    scenario: twoTasks(
      831553,
      [0, 'another agent pops from our queue', 0],
      [0, 'node dies', 0],
      [0, 'user enqueues', 3],
    ),
  },
  {
    title: "a task does not fail if its job found the gate closed and only accounting still has the job's exit code",
    scenario: {
      ...oneTask(964277, [0, 'user removes from the scheduler queue', 0], [0, 'squeue complains', 0]),
      checksEnds: true,
    },
  },
];
