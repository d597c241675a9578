// The result of `execute`: that of the task and its job, whatever cannot be read any more after the task's end.
import { expect } from 'chai';
import { ServerUnreachableError } from '../../src/clearml/errors.ts';
import type { TaskId } from '../../src/clearml/ids.ts';
import type { Task } from '../../src/clearml/task.ts';
import { endOf } from '../../src/execute/execute-task.ts';
import { SlurmUnavailableError } from '../../src/slurm/errors.ts';
import type { JobId } from '../../src/slurm/scheduler.ts';
import { formatJobName } from '../../src/slurm/job-name.ts';
import { attempt } from '../daemon/decide/observations.ts';
import { createStepFixture } from '../daemon/step-fixture.ts';

describe('the result of the subcommand execute', () => {
  const silent = { warn: () => undefined };

  async function taskThatIs(status: Task['status']): Promise<Task> {
    const fixture = createStepFixture();
    const task: TaskId = await fixture.enqueued(1);
    const read = await fixture.read(task);
    if (read === undefined) throw new Error('the fixture has the task');
    return { ...read, status };
  }

  it('has no exit code if Slurm does not respond after the task has failed', async () => {
    const scheduler = { record: () => Promise.reject(new SlurmUnavailableError('slurmctld restarts')) };
    const end = { isOver: true, task: await taskThatIs('failed'), jobId: '7' as JobId };

    const result = await endOf({ scheduler, log: silent }, end, () => Promise.resolve());

    expect(result).to.deep.equal({ isOver: true, isCompleted: false, exitCode: undefined });
  });

  it('omits the exit code of an earlier job if the task failed before its submission', async () => {
    const task = { ...(await taskThatIs('failed')), statusReason: 'template', slurmJob: '7' };
    const record = {
      name: formatJobName(task.id, attempt(1)),
      stateWord: 'FAILED',
      exitCode: 77,
      exitSignal: 0,
      outputPath: undefined,
      nodes: 'n1',
      timeLimit: undefined,
      reason: undefined,
      restarts: 0,
    };
    const scheduler = { record: () => Promise.resolve(record) };
    const end = { isOver: true, task, jobId: undefined };

    const result = await endOf({ scheduler, log: silent }, end, () => Promise.resolve());

    expect(result).to.deep.equal({ isOver: true, isCompleted: false, exitCode: undefined });
  });

  it("is success for a completed task even if the end of the task's console cannot be read", async () => {
    const scheduler = { record: () => Promise.resolve(undefined) };
    const end = { isOver: true, task: await taskThatIs('completed'), jobId: '7' as JobId };
    const warnings: string[] = [];

    const result = await endOf({ scheduler, log: { warn: (message) => void warnings.push(message) } }, end, () =>
      Promise.reject(new ServerUnreachableError('no response', true)),
    );

    expect(result).to.deep.equal({ isOver: true, isCompleted: true, exitCode: undefined });
    expect(warnings).to.deep.equal(['The end of the console could not be read']);
  });
});
