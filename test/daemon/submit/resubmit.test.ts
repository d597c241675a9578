// Tests that only a task that is still ours and queued is resubmitted, and that nothing of the last attempt remains.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import type { DaemonDeps } from '../../../src/daemon/deps.ts';
import { resubmit } from '../../../src/daemon/submit/submit-parked-task.ts';
import { TemplateError } from '../../../src/sbatch-template/errors.ts';
import { createStepFixture, type StepFixture } from '../step-fixture.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { finishInterruptedSteps } from '../../../src/daemon/recover/finish-interrupted-steps.ts';
import { rejection } from '../../support/rejection.ts';
import { actNow } from '../reconcile/acting.ts';
import { attempt, entryOf } from '../decide/observations.ts';

const WHY = 'Slurm job 7 is no longer known to Slurm';

/** A parked task whose first job was lost. */
async function parked(fixture: StepFixture): Promise<{ task: TaskId; entry: Entry }> {
  const task = await fixture.parked(1);
  const entry = entryOf({ task, queue: OWN_QUEUE, queueName: 'own', parkedAt: fixture.clock.now() });
  await fixture.deps.journal.write(entry);
  return { task, entry };
}

describe('after the decision to resubmit a task, the daemon', () => {
  it('submits a job with a new name, counts the attempt, and reports the cause', async () => {
    const fixture = createStepFixture();
    const { task, entry } = await parked(fixture);

    expect(await resubmit(fixture.deps, entry, WHY)).to.equal('accepted');
    await fixture.deps.clearml.events.flush();

    const [job] = fixture.cluster.jobs;
    expect(job?.name)
      .to.match(new RegExp(`^clearml_task_${task}-`))
      .and.not.include(attempt(1));
    expect(fixture.deps.journal.entries.get(task)).to.include({ step: 'following', attempts: 2, jobId: job?.id });
    expect(fixture.consoleOf(task)).to.deep.equal([`Submitted as Slurm job 1 to cluster "c1" (attempt 2): ${WHY}.`]);
    expect(fixture.facts.get('info: Resubmitting')).to.deep.equal({ task, queue: 'own', why: WHY });
  });

  it('submits a parked task that was enqueued again after the journal entry was written', async () => {
    const fixture = createStepFixture();
    const { entry } = await parked(fixture);

    expect(await resubmit(fixture.deps, { ...entry, queuedAt: 1 }, WHY)).to.equal('accepted');
  });

  /** The commands that run on the host. */
  function recordCommands(fixture: StepFixture): { readonly deps: DaemonDeps; readonly ran: string[] } {
    const ran: string[] = [];
    const { transport } = fixture.deps;
    const recording: DaemonDeps['transport'] = {
      ...transport,
      run(command) {
        ran.push([command.program, ...command.args].join(' '));
        return transport.run(command);
      },
    };
    return { deps: { ...fixture.deps, transport: recording }, ran };
  }

  it('removes the clearml.conf of the last attempt, but not the clearml.conf of the new attempt', async () => {
    const fixture = createStepFixture();
    const { entry } = await parked(fixture);
    const { deps, ran } = recordCommands(fixture);

    await resubmit(deps, entry, WHY);

    const removals = ran.filter((command) => command.startsWith('rm '));
    expect(ran).to.have.length(2);
    expect(removals).to.have.length(1);
    expect(removals[0]).to.match(/attempt1\.conf$/);
  });

  it('removes the new clearml.conf again if the journal cannot be written', async () => {
    const fixture = createStepFixture();
    const { entry } = await parked(fixture);
    const { deps, ran } = recordCommands(fixture);
    const journal = { ...deps.journal, write: () => Promise.reject(new Error('ENOSPC')) };

    expect(await resubmit({ ...deps, journal }, entry, WHY).catch(String)).to.equal('Error: ENOSPC');

    const [written, removed] = ran.map((command) => /\/shared\/jobs\/\S+\.conf/.exec(command)?.[0]);
    expect(ran.map((command) => command.startsWith('rm '))).to.deep.equal([false, true]);
    expect(removed).to.equal(written).and.not.include('attempt1.conf');
    expect(fixture.logged).to.deep.equal([]);
    expect(fixture.cluster.jobs).to.deep.equal([]);
  });

  for (const [what, endpoint, more] of [
    ['aborted', 'tasks.stop', {}],
    ['deleted', 'tasks.delete', { force: true }],
    ['enqueued in another queue', 'tasks.enqueue', { queue: OTHER_QUEUE }],
  ] as const) {
    it(`submits no job if the task was ${what} in the meantime`, async () => {
      const fixture = createStepFixture();
      const { task, entry } = await parked(fixture);
      await fixture.server.call(endpoint, { task, ...more });

      expect(await resubmit(fixture.deps, entry, WHY)).to.equal('none');

      expect(fixture.cluster.jobs).to.deep.equal([]);
      expect(fixture.deps.journal.entries.get(task)).to.deep.equal(entry);
      expect(fixture.logged).to.deep.equal([]);
    });
  }

  it('returns the task to its queue if the queue is no longer served', async () => {
    const { deps: usual } = createStepFixture();
    const fixture = createStepFixture({
      queues: usual.queues.map((queue) => ({ ...queue, id: OTHER_QUEUE, name: 'other' })),
    });
    const { task, entry } = await parked(fixture);

    expect(await resubmit(fixture.deps, entry, WHY)).to.equal('none');

    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
    expect(fixture.consoleOf(task)).to.deep.equal([
      `Returned to the front of queue "own": ${WHY}, and this daemon no longer\n  serves the queue.`,
    ]);
  });

  it("submits no job if the task's queue entry is gone and its queue is no longer served", async () => {
    const fixture = createStepFixture({ queues: [] });
    const { task, entry } = await parked(fixture);
    await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });

    expect(await resubmit(fixture.deps, entry, WHY)).to.equal('none');

    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);
    expect(fixture.deps.journal.entries.has(task)).to.equal(true);
  });

  it('sets the status to "failed" and removes the queue entry if the script can no longer be rendered', async () => {
    const { deps } = createStepFixture();
    const render = (): never => {
      throw new TemplateError('a.template', 2, 1, 'no value');
    };
    const fixture = createStepFixture({
      queues: deps.queues.map((queue) => ({ ...queue, template: { ...queue.template, render } })),
    });
    const { task, entry } = await parked(fixture);

    expect(await resubmit(fixture.deps, entry, WHY)).to.equal('none');

    expect(await fixture.read(task)).to.include({ status: 'failed', statusReason: 'template' });
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
    expect(fixture.deps.journal.entries.size).to.equal(0);
  });

  describe('beside a peer', () => {
    let fixture: StepFixture;
    let task: TaskId;
    let entry: Entry;

    beforeEach(async () => {
      fixture = createStepFixture();
      ({ task, entry } = await parked(fixture));
      Object.assign(fixture.deps.peers, { hasMet: () => true });
      fixture.clock.pass(fixture.deps.adoptAfterMs + 10_000);
    });

    async function claimedByPeer(): Promise<void> {
      const { queues } = fixture.peer(2).clearml;
      await queues.removeEntry(SCHEDULER_QUEUE, task);
      await queues.returnToQueue(OWN_QUEUE, task);
      await queues.pop(OWN_QUEUE, task);
      await queues.park(SCHEDULER_QUEUE, task);
    }

    it('forgets the task if the peer has claimed and parked the task', async () => {
      await claimedByPeer();

      expect(await resubmit(fixture.deps, entry, WHY)).to.equal('none');
      await finishInterruptedSteps(fixture.deps, fixture.pool, await fixture.poll(), new AbortController().signal);

      expect(fixture.cluster.jobs).to.deep.equal([]);
      expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
      expect([...fixture.deps.journal.entries.keys()]).to.deep.equal([]);
    });

    it('submits no job if the task is no longer parked', async () => {
      await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });

      expect(await resubmit(fixture.deps, entry, WHY)).to.equal('none');

      expect(fixture.cluster.jobs).to.deep.equal([]);
      expect(fixture.deps.journal.entries.get(task)).to.deep.equal(entry);
    });

    it('submits a job if the task stayed parked', async () => {
      expect(await resubmit(fixture.deps, entry, WHY)).to.equal('accepted');
    });

    it('submits a job if this daemon itself parked the task again', async () => {
      await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
      await fixture.server.call('tasks.started', { task });
      const parkAgain = { do: 'park-again', from: 'in_progress', after: 'requeued by Slurm' } as const;
      await actNow(fixture, task, parkAgain);
      const again = fixture.deps.journal.entries.get(task) ?? expect.fail('the task is forgotten');

      expect(await resubmit(fixture.deps, again, WHY)).to.equal('accepted');
    });

    it('submits no job if ClearML does not respond', async () => {
      fixture.fate = ({ endpoint }) => (endpoint === 'queues.get_all' ? 'not made' : undefined);

      await rejection(resubmit(fixture.deps, entry, WHY));

      expect(fixture.cluster.jobs).to.deep.equal([]);
      expect(fixture.deps.journal.entries.get(task)).to.deep.equal(entry);
    });
  });

  it('reads no queue if it has met no peer', async () => {
    const fixture = createStepFixture();
    const { entry } = await parked(fixture);
    fixture.clock.pass(fixture.deps.adoptAfterMs + 10_000);

    await resubmit(fixture.deps, entry, WHY);

    expect(fixture.calls.filter((call) => call.startsWith('queues.get_all'))).to.deep.equal([]);
  });
});
