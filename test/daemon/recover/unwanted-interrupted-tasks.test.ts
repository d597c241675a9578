// Tests which tasks get no job after a crash: those that their user or a peer has by now, and those of a queue that is no longer served.
import { expect } from 'chai';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { createStepFixture } from '../step-fixture.ts';
import { finishOnce, FORGOTTEN, HANDED_OVER, leave, LONG_AGO, ORPHAN, TRACKED } from './interrupted-step.ts';

describe('after a crash, the daemon', () => {
  it('returns an orphan to its queue', async () => {
    const fixture = createStepFixture();
    await finishOnce(fixture, await leave(fixture, 'orphaned', { place: 'nowhere' }, LONG_AGO));

    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
  });

  it('forgets a task that a user has aborted', async () => {
    for (const step of ['claiming', 'parking'] as const) {
      const fixture = createStepFixture();
      const task = await leave(fixture, step, { place: 'nowhere' });
      await fixture.server.call('tasks.stop', { task });

      expect(await finishOnce(fixture, task)).to.equal(FORGOTTEN);
    }
  });

  it('returns a claimed task to a queue that is no longer served unless the task has a job', async () => {
    for (const step of ['claiming', 'parking'] as const) {
      const fixture = createStepFixture({ queues: [] });
      const task = await leave(fixture, step, { place: 'nowhere' });

      expect(await finishOnce(fixture, task)).to.equal(FORGOTTEN);
      expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
    }
    const fixture = createStepFixture({ queues: [] });
    const task = await leave(fixture, 'submitting', { place: 'parked', job: 'PENDING' });
    expect(await finishOnce(fixture, task)).to.equal(TRACKED);
  });

  it('returns a parked task to a queue that is no longer served if sbatch created no job', async () => {
    const fixture = createStepFixture({ queues: [] });
    const task = await leave(fixture, 'submitting', { place: 'parked' }, LONG_AGO);

    expect(await finishOnce(fixture, task)).to.equal(FORGOTTEN);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
  });

  it('does not change a task that another daemon claimed', async () => {
    for (const [step, place] of [
      ['claiming', 'own'],
      ['claiming', 'parked'],
      ['orphaned', 'parked'],
    ] as const) {
      const fixture = createStepFixture();
      const task = await leave(fixture, step, { place }, LONG_AGO);
      const before = await fixture.read(task);
      await finishOnce(fixture, task);

      expect(await fixture.read(task), `${step}, ${place}`).to.deep.equal(before);
    }
  });

  it('submits no job for a deleted task that still has an entry in the scheduler queue', async () => {
    const fixture = createStepFixture();
    const task = await leave(fixture, 'submitting', { place: 'parked' }, LONG_AGO);
    fixture.server.store.tasks.delete(task);

    expect(await finishOnce(fixture, task)).to.equal(HANDED_OVER);
  });

  it('does not change a task that a user has enqueued again in a queue that is no longer served', async () => {
    const fixture = createStepFixture({ queues: [] });
    const task = await leave(fixture, 'parking', { place: 'nowhere' }, { queuedAt: 1 });

    expect(await finishOnce(fixture, task)).to.equal(ORPHAN);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);
    expect(fixture.consoleOf(task)).to.deep.equal([]);
  });

  it('returns a claimed task to its own queue even if the daemon now serves only another queue', async () => {
    const { deps } = createStepFixture();
    const fixture = createStepFixture({
      queues: deps.queues.map((queue) => ({ ...queue, id: OTHER_QUEUE, name: 'other' })),
    });
    const task = await leave(fixture, 'parking', { place: 'nowhere' });

    expect(await finishOnce(fixture, task)).to.equal(FORGOTTEN);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
    expect(fixture.consoleOf(task)).to.deep.equal([
      'Returned to the front of queue "own": the daemon that claimed the task no longer serves the queue.',
    ]);
  });

  it('submits no job for an aborted task that is still in the scheduler queue', async () => {
    const fixture = createStepFixture();
    const task = await leave(fixture, 'submitting', { place: 'parked' }, LONG_AGO);
    await fixture.server.call('tasks.stop', { task });

    expect(await finishOnce(fixture, task)).to.equal(HANDED_OVER);
  });

  it('returns a task to its queue, and reports why, if the scheduler queue was deleted', async () => {
    const fixture = createStepFixture();
    const task = await leave(fixture, 'parking', { place: 'nowhere' });
    await fixture.server.call('queues.delete', { queue: SCHEDULER_QUEUE });

    expect(await finishOnce(fixture, task)).to.equal(FORGOTTEN);
    expect(fixture.consoleOf(task)).to.deep.equal([
      'Returned to the front of queue "own": the scheduler queue was deleted.',
    ]);
  });
});
