// The effect of an abort in the sandbox, by the task's status and its worker's last report.
import { expect } from 'chai';
import { decideStop, type StoppableTask } from '../../src/sandbox/services/tasks-status.ts';
import { formatInstant } from '../../src/sandbox/store/sandbox-clock.ts';

const NOW = 10_000_000;
const reported = (secondsAgo: number): Partial<StoppableTask> => ({
  last_worker: 'w:1',
  last_update: formatInstant(NOW - secondsAgo * 1000),
});

interface Case {
  readonly title: string;
  readonly task: Partial<StoppableTask>;
  readonly decision: 'end' | 'ask';
}

const CASES: readonly Case[] = [
  { title: 'stops a queued task at once', task: { status: 'queued' }, decision: 'end' },
  {
    title: 'stops a queued task even if a worker reported the task 1 s ago',
    task: { status: 'queued', ...reported(1) },
    decision: 'end',
  },
  {
    title: 'asks the worker to stop a running task if the worker reported 1 s ago',
    task: { status: 'in_progress', ...reported(1) },
    decision: 'ask',
  },
  {
    title: 'asks the worker to stop a running task if the worker reported 599 s ago',
    task: { status: 'in_progress', ...reported(599) },
    decision: 'ask',
  },
  {
    title: 'stops a running task whose worker reported 600 s ago',
    task: { status: 'in_progress', ...reported(600) },
    decision: 'end',
  },
  {
    title: 'stops a running task that no worker reported',
    task: { status: 'in_progress', last_update: formatInstant(NOW) },
    decision: 'end',
  },
  {
    title: 'stops a local run at once even if the worker reported 1 s ago',
    task: { status: 'in_progress', system_tags: ['development'], ...reported(1) },
    decision: 'end',
  },
  {
    title: 'asks the worker to stop a failed task if the worker reported 1 s ago',
    task: { status: 'failed', ...reported(1) },
    decision: 'ask',
  },
];

describe('tasks.stop of the sandbox server', () => {
  for (const { title, task, decision } of CASES) {
    it(title, () => {
      const whole: StoppableTask = {
        status: 'created',
        system_tags: [],
        last_worker: undefined,
        last_update: '',
        ...task,
      };
      expect(decideStop(whole, NOW)).to.equal(decision);
    });
  }
});
