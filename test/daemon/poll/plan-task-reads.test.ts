// Tests which tasks a poll reads in full, and when a task is at rest.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import type { Task } from '../../../src/clearml/task.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import { hasSameState, isAtRest, planRead } from '../../../src/daemon/poll/plan-task-reads.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { entryOf, jobOf, NOW, taskOf } from '../decide/observations.ts';
import { taskNumber } from '../step-fixture.ts';

const LIMITS = { fullUpTo: 0, perSweep: 2 };

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

function tracked(count: number, given: Readonly<Record<number, Partial<Entry>>> = {}): Map<TaskId, Entry> {
  return new Map(numbers(count).map((n) => [taskNumber(n), entryOf({ task: taskNumber(n), ...given[n] })]));
}

/** @param order the tasks, the one that was read longest ago first */
function known(order: readonly number[]): Map<TaskId, Task> {
  return new Map(order.map((n) => [taskNumber(n), taskOf('queued', { id: taskNumber(n) })]));
}

const NONE = new Set<TaskId>();

describe('a poll of many tasks', () => {
  it('reads in full the two tasks that were read longest ago, and checks the other three for changes', () => {
    const plan = planRead(tracked(5), known([4, 2, 5, 1, 3]), NONE, LIMITS);

    expect(plan.inFull).to.deep.equal([taskNumber(4), taskNumber(2)]);
    expect(plan.ifChanged).to.have.members([1, 3, 5].map(taskNumber));
  });

  it('reads in full each task that it has never read or that is between two steps', () => {
    const entries = tracked(6, { 3: { step: 'submitting' }, 4: { endSeenAt: NOW }, 5: { stoppingSince: NOW } });
    const plan = planRead(entries, known([2, 3, 4, 5, 6]), new Set([taskNumber(2)]), { ...LIMITS, perSweep: 0 });

    expect(plan.inFull).to.include.members([1, 2, 3, 4, 5].map(taskNumber));
    expect(plan.ifChanged).to.deep.equal([]);
  });

  it('reads each task only once, either in full or for changes', () => {
    const { inFull, ifChanged } = planRead(tracked(9, { 2: { absentSince: NOW } }), known(numbers(9)), NONE, LIMITS);

    expect([...inFull, ...ifChanged]).to.have.members(numbers(9).map(taskNumber));
  });

  it('reads 40 of 10,000 tasks in full, so that 250 polls read every task', () => {
    const { inFull } = planRead(tracked(10_000), known(numbers(10_000)), NONE, LIMITS);

    expect(inFull).to.have.length(40);
  });
});

describe('a tracked task', () => {
  const waiting = jobOf('PENDING');
  const running = jobOf('RUNNING');
  const other = jobOf('COMPLETED', { id: '8' as JobId });
  const rows = [
    {
      title: 'is at rest while queued with a pending job',
      task: taskOf('queued'),
      jobs: [waiting],
      isResting: true,
    },
    {
      title: 'is at rest while in progress with a running job',
      task: taskOf('in_progress'),
      jobs: [running],
      isResting: true,
    },
    {
      title: 'is not at rest while queued with a running job',
      task: taskOf('queued'),
      jobs: [running],
      isResting: false,
    },
    {
      title: 'is not at rest while in progress with a pending job',
      task: taskOf('in_progress'),
      jobs: [waiting],
      isResting: false,
    },
    { title: 'is not at rest after its completion', task: taskOf('completed'), jobs: [running], isResting: false },
    { title: 'is not at rest without a job', task: taskOf('queued'), jobs: [], isResting: false },
    {
      title: 'is not at rest while Slurm lists a second, ended job of the task',
      task: taskOf('queued'),
      jobs: [waiting, other],
      isResting: false,
    },
    {
      title: 'is not at rest while Slurm lists a job other than the job in the journal entry',
      task: taskOf('in_progress'),
      jobs: [jobOf('RUNNING', { id: '9' as JobId })],
      isResting: false,
    },
    {
      title: 'is not at rest after an abort request',
      task: taskOf('in_progress', { statusMessage: 'stopping' }),
      jobs: [running],
      isResting: false,
    },
    {
      title: 'is not at rest after the end of its job',
      task: taskOf('in_progress'),
      jobs: [jobOf('FAILED')],
      isResting: false,
    },
  ];
  for (const { title, task, jobs, isResting } of rows) {
    it(title, () => {
      expect(isAtRest(entryOf(), task, jobs)).to.equal(isResting);
    });
  }
});

describe('a task that two polls have read', () => {
  const task = taskOf('queued');

  it('is considered unchanged after a report, a new name or a new status message', () => {
    expect(hasSameState(task, { ...task, lastUpdate: NOW, lastWorker: 'w', name: 'n', statusMessage: 'm' })).to.equal(
      true,
    );
    expect(hasSameState(undefined, undefined)).to.equal(true);
  });

  it('is considered changed after a change of the execution queue, a deletion or a status change', () => {
    for (const later of [
      { ...task, status: 'stopped' as const },
      { ...task, statusChanged: NOW },
      { ...task, executionQueue: undefined },
      undefined,
    ])
      expect([hasSameState(task, later), hasSameState(later, task)]).to.deep.equal([false, false]);
  });
});
