// Taking strays in: what could not be written down, or not be told from somebody else's, is found again at the next look.
import { expect } from 'chai';
import type { TaskId } from '../../src/clearml/ids.ts';
import { createStrays } from '../../src/glue/strays.ts';
import { createDesk, type Desk } from './desk.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from './simulation/places.ts';

const signal = new AbortController().signal;

/** A task that waits, and of which the journal knows nothing. */
async function left(desk: Desk, { isParked }: { readonly isParked: boolean }): Promise<TaskId> {
  const task = await desk.enqueued(1);
  await desk.server.call('queues.get_next_task', { queue: OWN_QUEUE });
  if (isParked) {
    await desk.server.call('queues.add_task', { queue: SCHEDULER_QUEUE, task, update_execution_queue: false });
  }
  desk.clock.pass(desk.glue.adoptMs + 1_000);
  return task;
}

describe('taking strays in', () => {
  for (const { what, isParked } of [
    { what: 'parked', isParked: true },
    { what: 'in no queue', isParked: false },
  ]) {
    it(`D-06 finds a task that is ${what} again at once when the disk was full before`, async () => {
      const desk = createDesk();
      const strays = createStrays(desk.glue);
      const task = await left(desk, { isParked });
      desk.fate = ({ kind }) => (kind === 'journal' ? 'not made' : undefined);
      expect(await strays.takeIn(await desk.look(), { everywhere: true, signal })).to.equal(false);

      desk.fate = () => undefined;
      expect(await strays.takeIn(await desk.look(), { everywhere: true, signal })).to.equal(true);
      expect([...desk.glue.journal.entries.keys()]).to.deep.equal([task]);
    });
  }

  it("says that it has not found all while everybody's jobs can not be listed", async () => {
    const desk = createDesk();
    const task = await left(desk, { isParked: true });
    const { scheduler } = desk.glue;
    const listEverybodys = (): ReturnType<typeof scheduler.listEverybodys> =>
      Promise.resolve({ kind: 'failed', words: 'Socket timed out' });
    const blind = createStrays({ ...desk.glue, scheduler: { ...scheduler, listEverybodys } });

    expect(await blind.takeIn(await desk.look(), { everywhere: true, signal })).to.equal(false);
    expect(await createStrays(desk.glue).takeIn(await desk.look(), { everywhere: true, signal })).to.equal(true);
    expect([...desk.glue.journal.entries.keys()]).to.deep.equal([task]);
  });
});
