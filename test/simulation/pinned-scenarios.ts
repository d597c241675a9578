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
    title: 'the daemon survives a lost response to the worker registration',
    scenario: oneTask(931815, [0, 'answer is lost', 0]),
  },
  {
    title: 'the daemon repeats no console line after the disk was full',
    scenario: oneTask(119783, [7, 'disk is full', 3]),
  },
  {
    title: 'the daemon survives the rejection of a console line for a deleted task',
    scenario: oneTask(957091, [0, 'sbatch answer is lost', 0], [0, 'gate answer is lost', 0], [0, 'user deletes', 0]),
  },
  {
    title: 'an archived task runs after a user enqueues the task again',
    scenario: oneTask(16, [0, 'user archives', 1], [0, 'user enqueues', 0]),
  },
  { title: 'a task that started after the poll gets no status message', scenario: twoTasks(6349) },
  {
    title: 'a task that does not fit the template stays aborted after a user aborts the task',
    scenario: { ...twoTasks(9, [16, 'user aborts', 2]), natures: ['misfit', 'ends well'] },
  },
  {
    title: 'a task that does not fit the template does not fail after a user enqueues the task elsewhere',
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
    title: 'a task runs only once although another agent claims the task at the same time',
    scenario: twoTasks(620463, [10, 'user enqueues', 0], [10, 'another agent pops from our queue', 1]),
  },
  {
    title: 'an aborted task does not fail when the Slurm job ends',
    scenario: oneTask(
      317354,
      [0, 'job completes without a word', 3],
      [0, 'daemon dies, journal lost', 3],
      [0, 'user aborts', 1],
    ),
  },
  {
    title: 'the daemon forgets a task that a user dequeues while the outcome of sbatch is unknown',
    scenario: oneTask(182168, [0, 'sbatch is unknown', 2], [14, 'user dequeues', 0]),
  },
  {
    title: 'a daemon does not park a task that a dead daemon has already parked',
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
    title: 'a task does not keep the status "in_progress" if the requeued job finds the gate closed',
    scenario: twoTasks(999992, [31, 'daemon dies, journal lost', 2], [0, 'node dies, job requeued', 2]),
  },
  {
    title: 'a daemon does not return an orphan to the queue while a peer claims the orphan',
    scenario: {
      ...twoTasks(289702, [20, 'daemon dies, journal lost', 3], [0, 'node dies, job requeued', 3]),
      natures: ['ends well', 'misfit'],
      daemons: 2,
    },
  },
  {
    title: 'two daemons return the same orphan to the queue only once',
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
    title: 'a task may fail after another agent sent no report for two minutes',
    scenario: twoTasks(
      831553,
      [0, 'another agent pops from our queue', 0],
      [0, 'node dies', 0],
      [0, 'user enqueues', 3],
    ),
  },
  {
    title: 'a task does not fail if only sacct shows that the job found the gate closed',
    scenario: {
      ...oneTask(964277, [0, 'user removes from the scheduler queue', 0], [0, 'squeue complains', 0]),
      checksEnds: true,
    },
  },
];
