// Tests that a task returns to the front of its queue only if this daemon owns it, and that this is reported once.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import { returnToQueue } from '../../../src/daemon/end/return-to-queue.ts';
import { createStepFixture, popDuringAbort, type StepFixture } from '../step-fixture.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { entryOf } from '../decide/observations.ts';

async function popped(fixture: StepFixture): Promise<{ task: TaskId; entry: Entry }> {
  const task = await fixture.claimed(1);
  const entry = entryOf({ task, queue: OWN_QUEUE, queueName: 'own' });
  await fixture.deps.journal.write(entry);
  return { task, entry };
}

describe('when it returns a task to its queue, the daemon', () => {
  it('puts the task at the front of the queue, and writes the reason to the console', async () => {
    const fixture = createStepFixture();
    const { task, entry } = await popped(fixture);
    await fixture.enqueued(2);

    await returnToQueue(fixture.deps, entry, { isParked: false, why: 'Slurm is away' });

    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1, 2]);
    expect(fixture.consoleOf(task)).to.deep.equal(['Returned to the front of queue "own": Slurm is away.']);
    expect(fixture.deps.journal.entries.size).to.equal(0);
  });

  it('does nothing if another daemon has removed the task from the scheduler queue', async () => {
    const fixture = createStepFixture();
    const { entry } = await popped(fixture);

    await returnToQueue(fixture.deps, entry, { isParked: true, why: 'Slurm is away' });

    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);
    expect(fixture.deps.journal.entries.size).to.equal(1);
  });

  it("aborts the task again if the claim undid the user's abort", async () => {
    const fixture = createStepFixture();
    const task = await fixture.enqueued(1);
    await popDuringAbort(fixture, task);
    const entry = entryOf({ task, queue: OWN_QUEUE, queueName: 'own' });
    await fixture.deps.journal.write(entry);

    await returnToQueue(fixture.deps, entry, { isParked: false, why: 'Slurm is away' });

    expect(await fixture.read(task)).to.include({ status: 'stopped' });
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);
    expect(fixture.deps.journal.entries.size).to.equal(0);
  });

  it('leaves the task in another queue if a user enqueued the task there', async () => {
    const fixture = createStepFixture();
    const { task, entry } = await popped(fixture);
    await fixture.server.call('tasks.enqueue', { task, queue: OTHER_QUEUE });

    await returnToQueue(fixture.deps, entry, { isParked: false, why: 'Slurm is away' });

    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);
    expect(fixture.waiting(OTHER_QUEUE)).to.deep.equal([1]);
  });

  for (const [what, endpoint, more, stays] of [
    ['aborted', 'tasks.stop', {}, { status: 'stopped' }],
    [
      'enqueued in another queue',
      'tasks.enqueue',
      { queue: OTHER_QUEUE },
      { status: 'queued', executionQueue: OTHER_QUEUE },
    ],
  ] as const) {
    it(`removes the task from the queue again if the task was ${what} at the same time`, async () => {
      const fixture = createStepFixture();
      const { task, entry } = await popped(fixture);
      const { queues } = fixture.deps.clearml;
      const giving: typeof queues.returnToQueue = async (...where) => {
        await fixture.server.call(endpoint, { task, ...more });
        return queues.returnToQueue(...where);
      };
      const deps = {
        ...fixture.deps,
        clearml: { ...fixture.deps.clearml, queues: { ...queues, returnToQueue: giving } },
      };

      await returnToQueue(deps, entry, { isParked: false, why: 'Slurm is away' });

      expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);
      expect(await fixture.read(task)).to.include(stays);
      expect(fixture.consoleOf(task)).to.deep.equal([]);
      expect(fixture.deps.journal.entries.size).to.equal(0);
    });
  }

  it('writes no status message if another daemon claims the returned task immediately', async () => {
    const fixture = createStepFixture();
    const { task, entry } = await popped(fixture);
    const { queues } = fixture.deps.clearml;
    const giving: typeof queues.returnToQueue = async (...where) => {
      const isAdded = await queues.returnToQueue(...where);
      await fixture.server.call('queues.get_next_task', { queue: OWN_QUEUE });
      await fixture.server.call('tasks.started', { task, force: true });
      return isAdded;
    };
    const deps = {
      ...fixture.deps,
      clearml: { ...fixture.deps.clearml, queues: { ...queues, returnToQueue: giving } },
    };

    await returnToQueue(deps, entry, { isParked: false, why: 'Slurm is away' });

    expect(await fixture.read(task)).to.include({ status: 'in_progress', statusMessage: '' });
    expect(fixture.deps.journal.entries.size).to.equal(0);
  });

  it('sets the status to "stopped", with advice, if the task\'s queue was deleted', async () => {
    const fixture = createStepFixture();
    const { task, entry } = await popped(fixture);
    await fixture.server.call('queues.delete', { queue: OWN_QUEUE });

    await returnToQueue(fixture.deps, entry, { isParked: false, why: 'Slurm is away' });

    expect((await fixture.read(task))?.status).to.equal('stopped');
    expect(fixture.consoleOf(task)).to.deep.equal([
      'Queue "own" no longer exists, so the task cannot return to it. Enqueue the task in another queue.',
    ]);
    expect(fixture.deps.journal.entries.size).to.equal(0);
  });

  it('keeps the journal entry if the response to queues.remove_task is lost', async () => {
    const fixture = createStepFixture();
    const { task, entry } = await popped(fixture);
    await fixture.server.call('queues.add_task', { queue: SCHEDULER_QUEUE, task, update_execution_queue: false });
    fixture.fate = ({ endpoint }) => (endpoint === 'queues.remove_task' ? 'answer lost' : undefined);

    await returnToQueue(fixture.deps, entry, { isParked: true, why: 'Slurm is away' }).catch(() => undefined);

    expect(fixture.deps.journal.entries.size).to.equal(1);
  });
});
