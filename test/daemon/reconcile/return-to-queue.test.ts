// Giving a task back: to the front of its queue, by whoever has the right to it, and told once.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import { giveBack } from '../../../src/daemon/reconcile/return-to-queue.ts';
import { createDesk, type Desk } from '../desk.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { entryOf } from '../sightings.ts';

async function popped(desk: Desk): Promise<{ task: TaskId; entry: Entry }> {
  const task = await desk.enqueued(1);
  await desk.server.call('queues.get_next_task', { queue: OWN_QUEUE });
  const entry = entryOf({ task, queue: OWN_QUEUE, queueName: 'own' });
  await desk.glue.journal.write(entry);
  return { task, entry };
}

describe('a task that is given back', () => {
  it('is at the front of its queue, knows why, and is forgotten', async () => {
    const desk = createDesk();
    const { task, entry } = await popped(desk);
    await desk.enqueued(2);

    await giveBack(desk.glue, entry, { isParked: false, why: 'Slurm is away' });

    expect(desk.waiting(OWN_QUEUE)).to.deep.equal([1, 2]);
    expect(desk.said(task)).to.deep.equal(['Back at the front of queue "own": Slurm is away.']);
    expect(desk.glue.journal.entries.size).to.equal(0);
  });

  it('is left alone when somebody else has taken its entry', async () => {
    const desk = createDesk();
    const { entry } = await popped(desk);

    await giveBack(desk.glue, entry, { isParked: true, why: 'Slurm is away' });

    expect(desk.waiting(OWN_QUEUE)).to.deep.equal([]);
    expect(desk.glue.journal.entries.size).to.equal(1);
  });

  it('stays where the user has put it meanwhile', async () => {
    const desk = createDesk();
    const { task, entry } = await popped(desk);
    await desk.server.call('tasks.enqueue', { task, queue: OTHER_QUEUE });

    await giveBack(desk.glue, entry, { isParked: false, why: 'Slurm is away' });

    expect(desk.waiting(OWN_QUEUE)).to.deep.equal([]);
    expect(desk.waiting(OTHER_QUEUE)).to.deep.equal([1]);
  });

  for (const [what, endpoint, more, stays] of [
    ['aborted', 'tasks.stop', {}, { status: 'stopped' }],
    ['enqueued elsewhere', 'tasks.enqueue', { queue: OTHER_QUEUE }, { status: 'queued', executionQueue: OTHER_QUEUE }],
  ] as const) {
    it(`and ${what} at the same moment is not in its queue: whoever took it from there would run it`, async () => {
      const desk = createDesk();
      const { task, entry } = await popped(desk);
      const { queues } = desk.glue.clearml;
      const giving: typeof queues.giveBack = async (...where) => {
        await desk.server.call(endpoint, { task, ...more });
        await queues.giveBack(...where);
      };
      const glue = { ...desk.glue, clearml: { ...desk.glue.clearml, queues: { ...queues, giveBack: giving } } };

      await giveBack(glue, entry, { isParked: false, why: 'Slurm is away' });

      expect(desk.waiting(OWN_QUEUE)).to.deep.equal([]);
      expect(await desk.read(task)).to.include(stays);
      expect(desk.said(task)).to.deep.equal([]);
      expect(desk.glue.journal.entries.size).to.equal(0);
    });
  }

  it('and was taken from its queue at once is not looked for any more', async () => {
    const desk = createDesk();
    const { task, entry } = await popped(desk);
    const { queues } = desk.glue.clearml;
    const giving: typeof queues.giveBack = async (...where) => {
      await queues.giveBack(...where);
      await desk.server.call('queues.get_next_task', { queue: OWN_QUEUE });
      await desk.server.call('tasks.started', { task, force: true });
    };
    const glue = { ...desk.glue, clearml: { ...desk.glue.clearml, queues: { ...queues, giveBack: giving } } };

    await giveBack(glue, entry, { isParked: false, why: 'Slurm is away' });

    expect(await desk.read(task)).to.include({ status: 'in_progress', statusMessage: '' });
    expect(desk.glue.journal.entries.size).to.equal(0);
  });

  it('whose queue was deleted is stopped, and told what to do', async () => {
    const desk = createDesk();
    const { task, entry } = await popped(desk);
    await desk.server.call('queues.delete', { queue: OWN_QUEUE });

    await giveBack(desk.glue, entry, { isParked: false, why: 'Slurm is away' });

    expect((await desk.read(task))?.status).to.equal('stopped');
    expect(desk.said(task)).to.deep.equal([
      'There is no queue "own" any more to which the task could return. Enqueue it in another one.',
    ]);
    expect(desk.glue.journal.entries.size).to.equal(0);
  });

  it('is followed on when the answer to the taking of its entry was lost', async () => {
    const desk = createDesk();
    const { task, entry } = await popped(desk);
    await desk.server.call('queues.add_task', { queue: SCHEDULER_QUEUE, task, update_execution_queue: false });
    desk.fate = ({ endpoint }) => (endpoint === 'queues.remove_task' ? 'answer lost' : undefined);

    await giveBack(desk.glue, entry, { isParked: true, why: 'Slurm is away' }).catch(() => undefined);

    expect(desk.glue.journal.entries.size).to.equal(1);
  });
});
