// Tests that the reports of many waiting jobs share calls, and that one task does not keep the others from being reported.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import { reconcile } from '../../../src/daemon/reconcile/reconcile.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { attempt, entryOf } from '../decide/observations.ts';
import { createStepFixture, type StepFixture } from '../step-fixture.ts';

const go = new AbortController().signal;

/** Tracked, parked tasks with pending jobs. */
async function trackTasks(fixture: StepFixture, count: number): Promise<TaskId[]> {
  const { deps, server, clock } = fixture;
  const tasks: TaskId[] = [];
  for (let number = 1; number <= count; number += 1) {
    const task = await fixture.enqueued(number);
    await server.call('queues.get_next_task', { queue: OWN_QUEUE });
    await server.call('queues.add_task', { queue: SCHEDULER_QUEUE, task, update_execution_queue: false });
    await deps.scheduler.submit({ jobName: `clearml_task_${task}-${attempt(1)}`, script: 'login1:slurm' });
    await deps.journal.write(entryOf({ task, queue: OWN_QUEUE, jobId: String(number) as JobId, stepAt: clock.now() }));
    tasks.push(task);
  }
  return tasks;
}

/** The endpoints of the calls to ClearML that one pass makes after its poll. */
async function callsOfPass(fixture: StepFixture): Promise<string[]> {
  const snapshot = await fixture.poll();
  fixture.calls.length = 0;
  await reconcile(fixture.deps, fixture.pool, snapshot, go);
  return fixture.calls.flatMap((call) => /^(?:tasks|events|queues)\.\w+/.exec(call)?.[0] ?? []);
}

function messageOf({ server }: StepFixture, task: TaskId): string {
  return server.store.tasks.get(task)?.status_message ?? '';
}

const hasWaitLine = (fixture: StepFixture, task: TaskId): boolean =>
  fixture.consoleOf(task).some((line) => line.includes('waits'));

describe('the reports of why jobs wait', () => {
  it('share one reading, one call for the status messages and one for the console lines', async () => {
    const fixture = createStepFixture();
    const tasks = await trackTasks(fixture, 40);

    const calls = await callsOfPass(fixture);

    for (const task of tasks) {
      expect(messageOf(fixture, task)).to.match(/^Slurm job \d+ waits/);
      expect(fixture.consoleOf(task)).to.have.length(1);
    }
    expect(calls.slice(0, 2)).to.deep.equal(['tasks.get_all', 'tasks.update_batch']);
    expect(new Set(calls.slice(2))).to.deep.equal(new Set(['events.add_batch']));
    expect(calls.length).to.be.at.most(4);
  });

  it('are not repeated while the reason is the same', async () => {
    const fixture = createStepFixture();
    await trackTasks(fixture, 3);
    await callsOfPass(fixture);

    expect(await callsOfPass(fixture)).to.deep.equal([]);
  });

  it('leave the status message of a task whose job has started since the poll', async () => {
    const fixture = createStepFixture();
    const [started, waiting] = (await trackTasks(fixture, 2)) as [TaskId, TaskId];
    const snapshot = await fixture.poll();
    await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task: started });
    await fixture.server.call('tasks.started', { task: started });
    await fixture.server.call('tasks.update', { task: started, status_message: 'stopping' });

    await reconcile(fixture.deps, fixture.pool, snapshot, go);

    expect(messageOf(fixture, started)).to.equal('stopping');
    expect(messageOf(fixture, waiting)).to.match(/waits/);
  });

  it('reach the other tasks if one was deleted between the two calls', async () => {
    const fixture = createStepFixture();
    const [deleted, first, second] = (await trackTasks(fixture, 3)) as [TaskId, TaskId, TaskId];
    const snapshot = await fixture.poll();
    fixture.server.garble = (endpoint, answer) => {
      if (endpoint === 'tasks.get_all') fixture.server.store.tasks.delete(deleted);
      return answer;
    };
    await reconcile(fixture.deps, fixture.pool, snapshot, go);

    for (const task of [first, second]) {
      expect(messageOf(fixture, task)).to.match(/waits/);
      expect(hasWaitLine(fixture, task)).to.equal(true);
    }
  });

  it('reach the other tasks if the server fails on one of them', async () => {
    const fixture = createStepFixture();
    const [bad, good] = (await trackTasks(fixture, 2)) as [TaskId, TaskId];
    fixture.fate = ({ endpoint, task }) =>
      endpoint === 'tasks.update_batch' || (endpoint === 'tasks.update' && task === bad) ? 'not made' : undefined;

    await callsOfPass(fixture);

    expect(messageOf(fixture, bad)).to.equal('');
    expect(hasWaitLine(fixture, bad)).to.equal(false);
    expect(messageOf(fixture, good)).to.match(/waits/);
    expect(hasWaitLine(fixture, good)).to.equal(true);
  });

  it('are repeated by the next pass if no response came, and end this one soon if ClearML is unreachable', async () => {
    const fixture = createStepFixture();
    const tasks = await trackTasks(fixture, 120);
    const snapshot = await fixture.poll();
    fixture.fate = ({ kind }) => (kind === 'clearml' ? 'not made' : undefined);
    fixture.calls.length = 0;
    await reconcile(fixture.deps, fixture.pool, snapshot, go);
    expect(fixture.calls.length).to.be.at.most(5);

    fixture.fate = () => undefined;
    await callsOfPass(fixture);
    for (const task of tasks) expect(messageOf(fixture, task)).to.match(/waits/);
  });
});
