// Tests which cause the history gives the end of an attempt.
import { expect } from 'chai';
import { explainEnd, historyCauseOf, type EndOfAttempt } from '../../../src/daemon/end/history-cause.ts';
import { jobOf, taskOf } from '../decide/observations.ts';
import type { TaskStatus } from '../../../src/clearml/task.ts';
import { CAUSES, type CauseOfEnd } from '../../../src/history/ended-attempt.ts';

interface Case extends Pick<EndOfAttempt, 'action' | 'reason'> {
  readonly status?: TaskStatus;
  readonly state?: string;
}

const CASES: readonly (readonly [CauseOfEnd, Case])[] = [
  ['completed', { action: 'forget', status: 'completed', state: 'COMPLETED' }],
  ['completed', { action: 'forget', status: 'published', state: 'FAILED' }],
  ['failed', { action: 'forget', status: 'failed', state: 'COMPLETED' }],
  ['failed', { action: 'forget', status: 'failed' }],
  ['timeout', { action: 'forget', status: 'failed', state: 'TIMEOUT' }],
  ['out of memory', { action: 'forget', status: 'failed', state: 'OUT_OF_MEMORY' }],
  ['aborted', { action: 'forget', status: 'stopped', state: 'CANCELLED' }],
  ['withdrawn', { action: 'forget', state: 'CANCELLED' }],
  ['withdrawn', { action: 'forget', status: 'created', state: 'CANCELLED' }],
  ['withdrawn', { action: 'forget', status: 'queued', state: 'CANCELLED' }],
  ['withdrawn', { action: 'dequeue', status: 'queued', state: 'CANCELLED' }],
  ['retried', { action: 'resubmit', status: 'queued' }],
  ['retried', { action: 'return-to-queue', status: 'queued', state: 'CANCELLED' }],
  ['failed', { action: 'end', reason: 'Slurm FAILED', status: 'in_progress', state: 'FAILED' }],
  ['never started', { action: 'end', reason: 'Slurm FAILED', status: 'queued', state: 'FAILED' }],
  ['timeout', { action: 'end', reason: 'Slurm TIMEOUT', status: 'in_progress', state: 'TIMEOUT' }],
  ['timeout', { action: 'end', reason: 'Slurm DEADLINE', status: 'queued', state: 'DEADLINE' }],
  ['node failure', { action: 'end', reason: 'Slurm NODE_FAIL', status: 'in_progress', state: 'NODE_FAIL' }],
  ['preempted', { action: 'end', reason: 'Slurm PREEMPTED', status: 'stopped', state: 'PREEMPTED' }],
  ['cancelled', { action: 'end', reason: 'cancelled in Slurm', status: 'in_progress', state: 'CANCELLED' }],
  ['aborted', { action: 'end', reason: 'aborted', status: 'in_progress', state: 'CANCELLED' }],
  ['aborted', { action: 'end', reason: 'cancelled', status: 'in_progress', state: 'CANCELLED' }],
  ['never started', { action: 'end', reason: 'never starts', status: 'queued', state: 'PENDING' }],
  ['never started', { action: 'end', reason: 'too many attempts', status: 'queued' }],
  ['lost', { action: 'end', reason: 'job lost', status: 'in_progress' }],
  ['rejected', { action: 'end', reason: 'template', status: 'queued' }],
  ['rejected', { action: 'end', reason: 'no Unix user', status: 'queued' }],
  ['rejected', { action: 'end', reason: 'rejected by Slurm', status: 'queued' }],
];

const DOES: Readonly<Record<string, string>> = {
  forget: 'forgets',
  dequeue: 'dequeues',
  resubmit: 'resubmits',
  'return-to-queue': 'returns',
  end: 'ends',
};

const withArticle = (word: string): string => `${/^(in|OUT)_/.test(word) ? 'an' : 'a'} ${word}`;

describe('the cause in the history', () => {
  for (const [cause, { action, reason, status, state }] of CASES) {
    const jobText = state === undefined ? ' without a job' : ` with ${withArticle(state)} job`;
    const reasonText = reason === undefined ? '' : ` for the reason "${reason}"`;
    const toText = action === 'return-to-queue' ? ' to its queue' : '';
    const taskText = `${withArticle(status ?? 'deleted')} task${reason === `Slurm ${state}` ? '' : jobText}`;
    it(`is "${cause}" if the daemon ${DOES[action]} ${taskText}${toText}${reasonText}`, () => {
      const task = status === undefined ? undefined : taskOf(status);
      const job = state === undefined ? undefined : jobOf(state);
      expect(historyCauseOf({ action, reason, task, job })).to.equal(cause);
    });
  }

  it('is tested in this file for each possible cause', () => {
    expect(CASES.map(([cause]) => cause)).to.include.members(Object.keys(CAUSES));
  });
});

describe("the explanation of a task's end", () => {
  const BY_AGENT = 'Changed by clearml-agent node1:0';
  const exited = (code: string): string => `worker execution exit code ${code}`;

  for (const [cause, statusReason, statusMessage, expected] of [
    ['failed', exited('3'), BY_AGENT, "The task's process exited with code 3."],
    [undefined, exited('-11'), BY_AGENT, "The task's process was killed by signal 11."],
    ['out of memory', exited('-9'), BY_AGENT, 'The job used more memory than it requested.'],
    ['aborted', 'task was stopped by tasks.stop', BY_AGENT, 'A user aborted the task.'],
    ['failed', 'a reason of a newer agent', BY_AGENT, 'a reason of a newer agent'],
    ['timeout', 'Slurm TIMEOUT', 'Slurm job 7 ended TIMEOUT.', 'Slurm job 7 ended TIMEOUT.'],
  ] as const) {
    it(`is "${expected}" if the cause is "${cause ?? 'unknown'}" and the status reason is "${statusReason}"`, () => {
      expect(explainEnd(cause, { statusReason, statusMessage })).to.equal(expected);
    });
  }
});
