// Tests the recovery of an orphan when a failure follows the daemon's mark on it.
import { expect } from 'chai';
import { recoverOrphans } from '../../../src/daemon/recover/recover-orphan.ts';
import { describeOrphan } from '../../../src/daemon/console/console-messages.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import { createStepFixture, popDuringAbort, type StepFixture } from '../step-fixture.ts';
import { entryOf } from '../decide/observations.ts';
import { OWN_QUEUE } from '../../simulation/queues.ts';

const signal = new AbortController().signal;

describe('when it recovers an orphan, the daemon', () => {
  it("aborts the task again if the claim has undone the user's abort (C-04)", async () => {
    const fixture = createStepFixture();
    const task = await fixture.enqueued(1);
    const queuedAt = (await fixture.read(task))?.statusChanged;
    fixture.clock.pass(1_000);
    await popDuringAbort(fixture, task);
    // The daemon that popped it knows when it was enqueued; one that finds it in no queue knows only its last change.
    for (const at of [queuedAt, (await fixture.read(task))?.statusChanged]) {
      await popDuringAbort(fixture, task);
      const entry = entryOf({ task, queue: OWN_QUEUE, step: 'orphaned', queuedAt: at });
      await fixture.deps.journal.write(entry);
      await recoverOrphans(fixture.deps, [entry], signal);

      expect(await fixture.read(task)).to.include({ status: 'stopped' });
      expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);
      expect(fixture.deps.journal.entries.size).to.equal(0);
    }
  });

  it('leaves the task to a peer that began the recovery later', async () => {
    const fixture = createStepFixture();
    const peer = fixture.peer(2);
    const { clearml, journal } = fixture.deps;
    const entry = await orphanOf(fixture);
    const unstart: typeof clearml.tasks.unstart = async (id, from, note) => {
      await clearml.tasks.unstart(id, from, note);
      fixture.clock.pass(1_000);
      await peer.clearml.tasks.unstart(id, from, { ...note, message: note.message.replace(deps.mark, peer.mark) });
    };
    const deps = { ...fixture.deps, clearml: { ...clearml, tasks: { ...clearml.tasks, unstart } } };

    await recoverOrphans(deps, [entry], signal);

    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);
    expect([...journal.entries.keys()]).to.deep.equal([]);
  });

  it('removes the task from the queue again if a peer has just begun the recovery', async () => {
    const fixture = createStepFixture();
    const peer = fixture.peer(2);
    const { clearml, journal } = fixture.deps;
    const entry = await orphanOf(fixture);
    const returnToQueue: typeof clearml.queues.returnToQueue = async (queue, id) => {
      fixture.clock.pass(1_000);
      await peer.clearml.tasks.unstart(id, 'in_progress', {
        reason: 'found in no queue',
        message: describeOrphan(peer),
      });
      return clearml.queues.returnToQueue(queue, id);
    };
    const deps = { ...fixture.deps, clearml: { ...clearml, queues: { ...clearml.queues, returnToQueue } } };

    await recoverOrphans(deps, [entry], signal);

    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);
    expect([...journal.entries.keys()]).to.deep.equal([]);
  });

  for (const when of ['before', 'after'] as const) {
    it(`leaves the task in the queue if a user enqueues the task just ${when} the daemon`, async () => {
      const fixture = createStepFixture();
      const { clearml, journal } = fixture.deps;
      const entry = await orphanOf(fixture);
      const enqueue = async (): Promise<void> => {
        fixture.clock.pass(1_000);
        await fixture.server.call('tasks.enqueue', { task: entry.task, queue: OWN_QUEUE }).catch(() => undefined);
      };
      const returnToQueue: typeof clearml.queues.returnToQueue = async (queue, id) => {
        if (when === 'before') await enqueue();
        const isAdded = await clearml.queues.returnToQueue(queue, id);
        if (when === 'after') await enqueue();
        return isAdded;
      };
      const deps = { ...fixture.deps, clearml: { ...clearml, queues: { ...clearml.queues, returnToQueue } } };

      await recoverOrphans(deps, [entry], signal);

      expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
      expect([...journal.entries.keys()]).to.deep.equal([]);
    });
  }

  for (const [what, endpoint] of [
    ['Slurm did not respond', "everybody's squeue"],
    ['ClearML did not respond', 'queues.add_task'],
  ] as const) {
    it(`completes the recovery in the next pass if ${what} in the first pass`, async () => {
      const fixture = createStepFixture();
      const task = await fixture.enqueued(1);
      const { journal } = fixture.deps;
      const queuedAt = (await fixture.read(task))?.statusChanged;
      await fixture.server.call('queues.get_next_task', { queue: OWN_QUEUE });
      await journal.write(entryOf({ task, queue: OWN_QUEUE, step: 'orphaned', queuedAt }));
      const again = async (): Promise<void> => {
        const entry = journal.entries.get(task);
        if (entry === undefined) throw new Error('nothing is known of the task any more');
        await recoverOrphans(fixture.deps, [entry], signal);
      };

      fixture.fate = (call) => (call.endpoint === endpoint ? 'not made' : undefined);
      await again().catch(() => undefined);
      expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);

      fixture.fate = () => undefined;
      fixture.clock.pass(1_000);
      await again();
      expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
      expect([...journal.entries.keys()]).to.deep.equal([]);
    });
  }
});

/** A popped task that is journaled as an orphan. */
async function orphanOf(fixture: StepFixture): Promise<Entry> {
  const task = await fixture.enqueued(1);
  await fixture.deps.clearml.queues.pop(OWN_QUEUE, task);
  const queuedAt = (await fixture.read(task))?.statusChanged;
  const entry = entryOf({ task, queue: OWN_QUEUE, step: 'orphaned', queuedAt });
  await fixture.deps.journal.write(entry);
  return entry;
}
