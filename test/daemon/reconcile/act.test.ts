// Tests that actions are never carried out on a task that changed, never repeated, and not lost by a failure.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import { act } from '../../../src/daemon/reconcile/act.ts';
import type { Action } from '../../../src/daemon/decide/action.ts';
import type { JobId, JobKey } from '../../../src/slurm/scheduler.ts';
import { createStepFixture, type StepFixture } from '../step-fixture.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { entryOf } from '../decide/observations.ts';
import { rejection } from '../../support/rejection.ts';
import { actNow, actOn, entryIn, JOBS, LINE, parked, newPass } from './acting.ts';

const CANCEL: Action = { do: 'cancel', jobIds: ['7' as JobId], why: 'the task was deleted' };

/** A task that its job took and started. */
async function begun(fixture: StepFixture): Promise<TaskId> {
  const task = await parked(fixture);
  await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
  await fixture.server.call('tasks.started', { task, force: true });
  fixture.clock.pass(1_000);
  return task;
}

/** The same, with the given fate of parking. */
function withParking(
  { deps }: StepFixture,
  parking: (park: () => Promise<unknown>) => Promise<void>,
): StepFixture['deps'] {
  const { queues } = deps.clearml;
  const park: typeof queues.park = async (queue, task) => {
    await parking(() => queues.park(queue, task));
    return true;
  };
  return { ...deps, clearml: { ...deps.clearml, queues: { ...queues, park } } };
}

describe('when it acts on a decision, the daemon', () => {
  it('does not cancel the same job again within a minute, except for a new reason (S-38)', async () => {
    const fixture = createStepFixture();
    const task = await parked(fixture);

    expect(await actNow(fixture, task, CANCEL)).to.deep.equal(['7']);
    expect(await actNow(fixture, task, CANCEL)).to.deep.equal([]);
    expect(await actNow(fixture, task, { ...CANCEL, why: 'the task was aborted' })).to.deep.equal(['7']);
    fixture.clock.pass(60_000);
    expect(await actNow(fixture, task, { ...CANCEL, why: 'the task was aborted' })).to.deep.equal(['7']);
    expect(fixture.logged.filter((line) => line.includes('Cancelling'))).to.have.length(3);
  });

  it('records the reason for the cancellation of the tracked job, and the id of a cancelled extra job', async () => {
    const fixture = createStepFixture();
    const task = await parked(fixture);

    await actNow(fixture, task, { ...CANCEL, jobIds: ['8' as JobId] });
    expect(entryIn(fixture.deps, task).cancelledFor).to.equal(undefined);
    expect(entryIn(fixture.deps, task).cancelledExtras).to.deep.equal(['8']);
    fixture.clock.pass(60_000);
    await actNow(fixture, task, CANCEL);
    expect(entryIn(fixture.deps, task).cancelledFor).to.equal('the task was deleted');
  });

  it("skips all actions for the task while scancel hangs for the job's Unix user", async () => {
    const fixture = createStepFixture();
    const task = await parked(fixture);
    const { deps, pool } = fixture;
    const cancel = new Map<JobId, JobKey>();
    const pass = {
      deps,
      pool,
      cancel,
      mayCancel: () => false,
      returns: new Map(),
    };
    const seen = { task: await fixture.read(task), place: 'parked', record: undefined, jobs: JOBS } as const;

    await act(pass, entryIn(deps, task), [CANCEL, { do: 'forget' }], seen);

    expect(entryIn(deps, task)).not.to.have.property('cancelledFor');
    expect(cancel.size).to.equal(0);
  });

  it('does not cancel a job if the reason cannot be written to the journal (D-06)', async () => {
    const fixture = createStepFixture();
    const task = await parked(fixture);
    const { deps, pool } = fixture;
    const full = new Error('no space left on device');
    const journal = { ...deps.journal, write: () => Promise.reject(full) };
    const pass = newPass({ deps: { ...deps, journal }, pool });
    const seen = { task: await fixture.read(task), place: 'parked', record: undefined, jobs: JOBS } as const;

    expect(await rejection(act(pass, entryIn(deps, task), [CANCEL], seen))).to.equal(full);
    expect(pass.cancel.size).to.equal(0);
  });

  for (const action of [
    CANCEL,
    { do: 'remove-entry' },
    { do: 'return-to-queue', why: 'because' },
    { do: 'resubmit', why: 'because' },
    { do: 'park-again', from: 'in_progress', after: 'requeued by Slurm' },
    { do: 'end', ending: { status: 'failed', reason: 'template', text: 't', withLog: false } },
  ] as const satisfies readonly Action[]) {
    it(`skips the action "${action.do}" if a user dequeued and enqueued the task after the poll`, async () => {
      const fixture = createStepFixture();
      const task = await parked(fixture);
      const seen = { task: await fixture.read(task), place: 'parked', record: undefined, jobs: JOBS } as const;
      // Queued before and after: only the time of the change differs.
      await fixture.server.call('tasks.dequeue', { task });
      await fixture.server.call('tasks.enqueue', { task, queue: OWN_QUEUE });
      const calls = fixture.calls.length;

      expect(await actOn(fixture, task, seen, [action])).to.deep.equal([]);

      expect(fixture.calls.slice(calls)).to.deep.equal(['tasks.get_by_id of task 1']);
    });
  }

  it('does not return an orphan to its queue if another daemon has parked the orphan (D-09)', async () => {
    const fixture = createStepFixture();
    const task = await parked(fixture);
    const seen = { task: await fixture.read(task), place: 'nowhere', record: undefined, jobs: JOBS } as const;

    await actOn(fixture, task, seen, [{ do: 'return-to-queue', why: 'because' }]);

    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);
    expect(fixture.deps.journal.entries.has(task)).to.equal(false);
  });

  it('never sets the status message of a task in progress (C-08)', async () => {
    const fixture = createStepFixture();
    const task = await parked(fixture);
    const seen = { task: await fixture.read(task), place: 'parked', record: undefined, jobs: JOBS } as const;
    await fixture.server.call('tasks.started', { task, force: true, status_message: 'stopping' });

    await actOn(fixture, task, seen, [{ do: 'show-status', text: 'it waits' }]);

    expect((await fixture.read(task))?.statusMessage).to.equal('stopping');
  });

  it('does not retry a failed status message in the same pass', async () => {
    const fixture = createStepFixture();
    const task = await parked(fixture);
    fixture.fate = ({ endpoint }) => (endpoint === 'tasks.update' ? 'answer lost' : undefined);

    await actNow(
      fixture,
      task,
      { do: 'show-status', text: 'it waits' },
      { do: 'note', patch: { told: { reason: 'template' } } },
    );

    expect(fixture.calls.filter((label) => label.startsWith('tasks.update'))).to.have.length(1);
    expect(entryIn(fixture.deps, task).told).to.deep.equal({});
  });

  it('parks the task of a requeued job, and restores the execution queue of the task', async () => {
    const fixture = createStepFixture();
    const task = await begun(fixture);

    await actNow(fixture, task, { do: 'park-again', from: 'in_progress', after: 'requeued by Slurm' });

    expect(await fixture.read(task)).to.include({ status: 'queued', executionQueue: OWN_QUEUE });
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
  });

  it('keeps the status "in_progress" if the job has started since a peer parked the task', async () => {
    const fixture = createStepFixture();
    const { deps } = fixture;
    const task = await begun(fixture);
    const write: typeof deps.journal.write = async (entry) => {
      await deps.journal.write(entry);
      await deps.clearml.tasks.unstart(task, 'in_progress', { reason: 'requeued by Slurm', message: '' });
      await fixture.server.call('tasks.started', { task, force: true });
    };

    const waiting = { ...fixture, deps: { ...deps, journal: { ...deps.journal, write } } };
    await actNow(
      waiting,
      task,
      { do: 'note', patch: {} },
      { do: 'park-again', from: 'in_progress', after: 'requeued by Slurm' },
    );

    expect(await fixture.read(task)).to.include({ status: 'in_progress' });
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
  });

  for (const [what, calls, stays] of [
    [
      'enqueued the task in another queue',
      [['tasks.enqueue', { queue: OTHER_QUEUE }]],
      { status: 'queued', executionQueue: OTHER_QUEUE },
    ],
    ['aborted the task', [['tasks.stop', {}]], { status: 'stopped' }],
    ['deleted the task', [['tasks.delete', { force: true }]], undefined],
  ] as const) {
    it(`leaves no entry in the scheduler queue if a user ${what} just before the parking`, async () => {
      const fixture = createStepFixture();
      const task = await begun(fixture);
      const deps = withParking(fixture, async (park) => {
        for (const [endpoint, more] of calls) await fixture.server.call(endpoint, { task, ...more });
        await park();
      });

      await actNow(
        { ...fixture, deps },
        task,
        { do: 'park-again', from: 'in_progress', after: 'requeued by Slurm' },
        LINE,
      );

      expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
      expect(fixture.consoleOf(task)).to.deep.equal([]);
      const now = await fixture.read(task);
      if (stays === undefined) expect(now).to.equal(undefined);
      else expect(now).to.include(stays);
    });
  }

  it('keeps the status "in_progress" if the requeued job starts just after the parking', async () => {
    const fixture = createStepFixture();
    const task = await begun(fixture);
    const deps = withParking(fixture, async (park) => {
      await park();
      await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
      await fixture.server.call('tasks.started', { task, force: true });
    });

    await actNow(
      { ...fixture, deps },
      task,
      { do: 'park-again', from: 'in_progress', after: 'requeued by Slurm' },
      LINE,
    );

    expect(await fixture.read(task)).to.include({ status: 'in_progress', executionQueue: OWN_QUEUE });
    expect(fixture.deps.journal.entries.size).to.equal(1);
  });

  it('resubmits the task with a new job name, and reports why', async () => {
    const fixture = createStepFixture();
    const task = await parked(fixture);

    await actNow(fixture, task, { do: 'resubmit', why: 'Slurm job 7 is no longer known to Slurm' });

    const [job] = fixture.cluster.jobs;
    expect(job?.name).to.not.include(entryOf().attempt);
    expect(entryIn(fixture.deps, task)).to.include({ step: 'following', attempts: 2, jobId: job?.id });
    expect(fixture.consoleOf(task)).to.deep.equal([
      'Submitted as Slurm job 1 to cluster "c1" (attempt 2): Slurm job 7 is no longer known to Slurm.',
    ]);
  });
});
