// What every clearml-agent must do with one task on the sandbox, the real agent and the stand-in alike.
import { expect } from 'chai';
import { openAgentTestBed } from './agent-test-bed.ts';

export const EXECUTE = ['-m', 'clearml_agent', 'execute', '--full-monitoring', '--require-queue', '--id'];

/** Defines the tests. @param python asked when a test begins */
export function defineAgentContract(python: () => string): void {
  it('runs a task and sets the status "completed"', async () => {
    await using testBed = await openAgentTestBed(python());
    const task = await testBed.enqueue(await testBed.makeTask('print("hello from the task")'));
    expect(await testBed.start('python', ...EXECUTE, task).ended).to.include({ code: 0 });
    expect(await testBed.sandbox.task(task)).to.include({
      status: 'completed',
      status_reason: 'worker execution done',
      last_worker: 'desk:1',
    });
    expect(await testBed.console(task)).to.contain('hello from the task');
    expect(await testBed.sandbox.ok('workers.get_all')).to.deep.equal({ workers: [] });
  });

  it('calls tasks.started five times while a task starts', async () => {
    await using testBed = await openAgentTestBed(python());
    const task = await testBed.enqueue(await testBed.makeTask('print("hello from the task")'));
    await testBed.start('python', ...EXECUTE, task).ended;
    const { calls } = await testBed.sandbox.ok('sandbox.get_calls');
    const counts = calls as readonly { readonly endpoint: string; readonly calls: number }[];
    const countOf = (name: string): number | undefined => counts.find(({ endpoint }) => endpoint === name)?.calls;
    expect([countOf('tasks.dequeue'), countOf('tasks.started')]).to.deep.equal([2, 5]);
  });

  it('sets the status "failed" if the script of the task exits with code 3', async () => {
    await using testBed = await openAgentTestBed(python());
    const task = await testBed.enqueue(await testBed.makeTask('raise SystemExit(3)'));
    expect(await testBed.start('python', ...EXECUTE, task).ended).to.include({ code: 3 });
    expect(await testBed.sandbox.task(task)).to.include({
      status: 'failed',
      status_reason: 'worker execution exit code 3',
    });
  });

  it('does not run a task that was aborted before the start', async () => {
    await using testBed = await openAgentTestBed(python());
    const task = await testBed.enqueue(await testBed.makeTask('print("must not run")'));
    await testBed.sandbox.ok('tasks.stop', { task });
    const { code, output } = await testBed.start('python', ...EXECUTE, task).ended;
    expect(code).to.equal(1);
    expect(output).to.contain('is not queued');
    expect(await testBed.sandbox.statusOf(task)).to.equal('stopped');
  });

  it('ends the script of a running task after a user aborts the task', async () => {
    await using testBed = await openAgentTestBed(python());
    const task = await testBed.enqueue(
      await testBed.makeTask('import time\nprint("at work", flush=True)\ntime.sleep(3600)'),
    );
    const agent = testBed.start('python', ...EXECUTE, task);
    await testBed.untilConsole(task, 'at work');
    await testBed.sandbox.ok('tasks.stop', { task });
    expect(await testBed.sandbox.task(task)).to.include({ status: 'in_progress', status_message: 'stopping' });
    expect(await agent.ended).to.include({ code: 0 });
    expect(await testBed.sandbox.task(task)).to.include({
      status: 'stopped',
      status_reason: 'task was stopped by tasks.stop',
    });
  });

  it('sets the status "stopped" if SIGTERM ends the agent', async () => {
    await using testBed = await openAgentTestBed(python());
    const task = await testBed.enqueue(
      await testBed.makeTask('import time\nprint("at work", flush=True)\ntime.sleep(3600)'),
    );
    const agent = testBed.start('python', ...EXECUTE, task);
    await testBed.untilConsole(task, 'at work');
    agent.interrupt();
    await agent.ended;
    expect(await testBed.sandbox.task(task)).to.include({ status: 'stopped', status_reason: 'user abort' });
  });
}
