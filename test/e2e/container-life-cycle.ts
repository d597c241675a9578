// The life cycle of tasks in containers: abort, cancellation, exit code and limits.
import { expect } from 'chai';
import type { ContainerTestBed } from './container-test-bed.ts';

const RUNS_FOREVER = 'import time\nprint("at work", flush=True)\ntime.sleep(3600)';
const EXCEEDS_MEMORY = 'import time\ndata = b"x" * 600_000_000\ntime.sleep(3600)';

export async function enqueueLifeCycleTasks({ enqueue }: ContainerTestBed): Promise<void> {
  await enqueue('time limit', RUNS_FOREVER, { queue: 'limited', properties: { walltime: '1' } });
  await enqueue('memory', EXCEEDS_MEMORY, { queue: 'limited' });
  await enqueue('abort', RUNS_FOREVER);
  await enqueue('cancel', RUNS_FOREVER);
  await enqueue('exit 3', 'import sys; sys.exit(3)');
}

export function defineLifeCycleTests(testBed: () => ContainerTestBed): void {
  it('keeps the status "stopped" after an abort, and its job ends', async () => {
    const { world, taskOf } = testBed();
    const task = taskOf('abort');
    await world.untilConsole(task, '\nat work\n');
    await world.user.api('tasks.stop', { task });
    await world.untilNoJob(task);
    await world.untilStatus(task, 'stopped');
    await world.untilConsole(task, 'Process aborted by user');
  });

  it('gets the status "stopped" if its job is cancelled with scancel', async () => {
    const { world, taskOf, cluster } = testBed();
    const task = taskOf('cancel');
    await world.untilConsole(task, '\nat work\n');
    await cluster.run('scancel', ...(await world.jobsOf(task, 'R')));
    await world.untilStatus(task, 'stopped');
    await world.untilConsole(task, 'Process terminated by user');
  });

  it('fails with "exit code 3" if its script exits with 3', async () => {
    const { world, taskOf } = testBed();
    expect((await world.untilStatus(taskOf('exit 3'), 'failed')).status_reason).to.include('exit code 3');
  });

  it('fails at its memory limit, and the console recommends a higher --mem', async () => {
    // slurmstepd fails the job with exit code 137, or slurmd, which checks once in a while, cancels it first.
    await testBed().untilFailed('memory', 'memory limit', 'because it used more memory than', '--mem.');
  });

  it('fails at its time limit, and the console recommends a higher --time', async () => {
    await testBed().untilFailed('time limit', 'TIMEOUT', 'raise --time');
  });
}
