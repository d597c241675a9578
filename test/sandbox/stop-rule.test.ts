// What an abort does in the sandbox, by the task's status and its worker's last sign of life.
import { expect } from 'chai';
import { decideStop, type StoppableTask } from '../../src/sandbox/tasks-status.ts';

const NOW = 10_000_000;
const reported = (secondsAgo: number): Partial<StoppableTask> => ({
  lastWorker: 'w:1',
  lastUpdateAt: NOW - secondsAgo * 1000,
});

interface Case {
  readonly title: string;
  readonly task: Partial<StoppableTask>;
  readonly decision: 'end' | 'ask';
}

const CASES: readonly Case[] = [
  { title: 'a queued task ends at once', task: { status: 'queued' }, decision: 'end' },
  {
    title: 'a queued task ends even if a worker reported it',
    task: { status: 'queued', ...reported(1) },
    decision: 'end',
  },
  { title: 'a worker heard of 1 s ago is asked', task: { status: 'in_progress', ...reported(1) }, decision: 'ask' },
  { title: 'a worker heard of 599 s ago is asked', task: { status: 'in_progress', ...reported(599) }, decision: 'ask' },
  {
    title: 'a worker silent for 600 s is not waited for',
    task: { status: 'in_progress', ...reported(600) },
    decision: 'end',
  },
  {
    title: 'a running task that no worker ever reported ends at once',
    task: { status: 'in_progress', lastUpdateAt: NOW },
    decision: 'end',
  },
  {
    title: 'a local run ends at once',
    task: { status: 'in_progress', systemTags: ['development'], ...reported(1) },
    decision: 'end',
  },
  {
    title: 'a finished task whose worker was just heard of is only asked',
    task: { status: 'failed', ...reported(1) },
    decision: 'ask',
  },
];

describe('the stop rule', () => {
  for (const { title, task, decision } of CASES) {
    it(title, () => {
      const whole: StoppableTask = {
        status: 'created',
        systemTags: [],
        lastWorker: undefined,
        lastUpdateAt: undefined,
        ...task,
      };
      expect(decideStop(whole, NOW)).to.equal(decision);
    });
  }
});
