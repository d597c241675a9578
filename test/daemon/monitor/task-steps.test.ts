// How a task's steps show its end, and that texts of users do not fill the memory of the daemon.
import { expect } from 'chai';
import type { Task } from '../../../src/clearml/task.ts';
import { recordTaskSteps, type TaskSteps } from '../../../src/daemon/monitor/task-steps.ts';
import type { CauseOfEnd } from '../../../src/history/ended-attempt.ts';
import { entryOf, taskOf } from '../decide/observations.ts';

function endWith(cause: CauseOfEnd, task: Partial<Task>): TaskSteps {
  const steps = recordTaskSteps(() => undefined, 0);
  const entry = entryOf();
  steps.written(entry, undefined, 0);
  steps.recorded({ task: entry.task, recordedAt: 0, cluster: 'lab', queue: 'gpu', cause });
  steps.forgotten(entry, taskOf('failed', { id: entry.task, ...task }), 0);
  return steps.ended()[0] ?? expect.fail('no task ended');
}

describe('the steps of an ended task', () => {
  it('contain at most 200 characters of the task name and of the status message', () => {
    const long = 'a'.repeat(16_000_000);
    const ended = endWith('failed', { name: long, statusMessage: long });
    expect(ended.name).to.have.length(200);
    expect(ended.end?.why).to.have.length(200);
    expect(Math.max(...ended.steps.map(({ text }) => text.length))).to.be.below(300);
  });

  it('show the cause "out of memory" from the history even if the agent set the status', () => {
    const ended = endWith('out of memory', {
      statusReason: 'worker execution exit code -9',
      statusMessage: 'Changed by clearml-agent node1:0',
    });

    expect(ended.end?.why).to.equal('The job used more memory than it requested.');
    expect(ended.steps.at(-1)?.text).to.equal('Ended: out of memory. The job used more memory than it requested.');
  });
});
