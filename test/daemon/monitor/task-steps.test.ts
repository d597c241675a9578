// Tests that texts of users do not fill the memory of the daemon.
import { expect } from 'chai';
import { recordTaskSteps } from '../../../src/daemon/monitor/task-steps.ts';
import { entryOf, taskOf } from '../decide/observations.ts';

describe('the steps of an ended task', () => {
  it('contain the beginning of its name and of its status message', () => {
    const steps = recordTaskSteps(() => undefined, 0);
    const entry = entryOf();
    const long = 'a'.repeat(16_000_000);
    const task = taskOf('failed', { id: entry.task, name: long, statusMessage: long });
    steps.written(entry, undefined, 0);
    steps.recorded({ task: entry.task, recordedAt: 0, cluster: 'lab', queue: 'gpu', cause: 'failed' });
    steps.forgotten(entry, task, 0);

    const [ended = expect.fail('no task ended')] = steps.ended();
    expect(ended.name).to.have.length(200);
    expect(ended.end?.why).to.have.length(200);
    expect(Math.max(...ended.steps.map(({ text }) => text.length))).to.be.below(300);
  });
});
