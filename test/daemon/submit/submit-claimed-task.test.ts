// Tests what a daemon does with a popped task whose queue entries a user or another daemon has changed before it is parked.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import type { DaemonDeps } from '../../../src/daemon/deps.ts';
import { describeOrphan } from '../../../src/daemon/console/console-messages.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import { finishInterruptedSteps } from '../../../src/daemon/recover/finish-interrupted-steps.ts';
import { submitClaimedTask } from '../../../src/daemon/submit/submit-claimed-task.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { park } from '../../../src/daemon/claim/park.ts';
import { rejection } from '../../support/rejection.ts';
import { entryOf } from '../decide/observations.ts';
import { anotherUser } from '../another-user.ts';
import { createStepFixture, type StepFixture } from '../step-fixture.ts';

describe('after it has claimed a task, the daemon', () => {
  let fixture: StepFixture;
  let task: TaskId;

  beforeEach(async () => {
    fixture = createStepFixture();
    task = await fixture.enqueued(1);
  });

  async function popped(deps: DaemonDeps): Promise<Entry> {
    expect(await deps.clearml.queues.pop(OWN_QUEUE, task)).to.equal(true);
    return entryOf({
      task,
      queue: OWN_QUEUE,
      queueName: 'own',
      step: 'claiming',
      stepAt: fixture.clock.now(),
      attempts: 0,
      attempt: undefined,
      jobId: undefined,
      queuedAt: (await fixture.read(task))?.statusChanged,
    });
  }

  async function submitPopped(deps: DaemonDeps, entry: Entry): Promise<void> {
    const [queue = expect.fail('no queue is served')] = deps.queues;
    await submitClaimedTask(deps, entry, { queue, isParked: false });
  }

  /** As after a daemon took the popped task for an orphan. */
  async function returnedByPeer(peer: DaemonDeps): Promise<void> {
    fixture.clock.pass(3_600_000);
    await peer.clearml.tasks.unstart(task, 'in_progress', { reason: 'found in no queue', message: '' });
    await peer.clearml.queues.returnToQueue(OWN_QUEUE, task);
  }

  it('leaves the task in the scheduler queue if a peer has claimed, parked and submitted the task', async () => {
    const entry = await popped(fixture.deps);
    const peer = fixture.peer(2);
    await returnedByPeer(peer);
    await submitPopped(peer, await popped(peer));

    await submitPopped(fixture.deps, entry);

    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
    expect(fixture.cluster.jobs.map((job) => job.task)).to.deep.equal([task]);
    expect(peer.journal.entries.get(task)).to.include({ step: 'following', jobId: '1' });
  });

  it('submits no second job if two daemons have returned the same orphan to its queue', async () => {
    const peer = fixture.peer(2);
    const { tasks, queues } = peer.clearml;
    await queues.pop(OWN_QUEUE, task);
    fixture.clock.pass(3_600_000);
    await tasks.unstart(task, 'in_progress', { reason: 'found in no queue', message: describeOrphan(peer) });
    await queues.returnToQueue(OWN_QUEUE, task);
    await submitPopped(peer, await popped(peer));
    // Why the job waits: the message of the daemon that found the task in no queue is gone.
    await tasks.setStatusMessage(task, 'Slurm job 1 waits: Priority.');
    await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
    const [job = expect.fail('there is no job')] = fixture.cluster.jobs;
    Object.assign(job, { state: 'RUNNING', startAt: fixture.clock.now() });
    // The other daemon had seen the task in no queue, and was suspended before this call.
    await queues.returnToQueue(OWN_QUEUE, task);

    await submitPopped(fixture.deps, await popped(fixture.deps));

    expect(fixture.cluster.jobs).to.have.length(1);
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
    expect(fixture.deps.journal.entries.get(task)).to.include({ step: 'orphaned' });
  });

  it('submits no second job if another Unix user already runs a job of the orphan', async () => {
    const peer = fixture.peer(2);
    await peer.clearml.queues.pop(OWN_QUEUE, task);
    await returnedByPeer(peer);
    await submitPopped(peer, await popped(peer));
    await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
    const [job = expect.fail('there is no job')] = fixture.cluster.jobs;
    Object.assign(job, { state: 'RUNNING', startAt: fixture.clock.now() });
    expect((await fixture.read(task))?.slurmJob).to.equal(job.id);
    await peer.clearml.queues.returnToQueue(OWN_QUEUE, task);
    const deps = { ...fixture.deps, scheduler: anotherUser(fixture.deps.scheduler).scheduler };

    await submitPopped(deps, await popped(deps));

    expect(fixture.cluster.jobs).to.have.length(1);
    expect(deps.journal.entries.get(task)).to.include({ step: 'orphaned' });
  });

  it('does not submit a returned orphan until squeue works', async () => {
    await fixture.deps.clearml.queues.pop(OWN_QUEUE, task);
    fixture.clock.pass(3_600_000);
    const note = { reason: 'found in no queue', message: describeOrphan(fixture.deps) } as const;
    await fixture.deps.clearml.tasks.unstart(task, 'in_progress', note);
    await fixture.deps.clearml.queues.returnToQueue(OWN_QUEUE, task);
    fixture.fate = (call) => (call.endpoint.endsWith('squeue') ? 'not made' : undefined);

    await submitPopped(fixture.deps, await popped(fixture.deps));
    expect(fixture.cluster.jobs).to.deep.equal([]);
    expect(fixture.deps.journal.entries.get(task)).to.include({ step: 'parking' });

    fixture.fate = () => undefined;
    await finishInterruptedSteps(fixture.deps, fixture.pool, await fixture.poll(), new AbortController().signal);
    await fixture.pool.finish();
    expect(fixture.cluster.jobs).to.have.length(1);
  });

  it('records that a job may have removed the queue entry if a peer had already parked the task', async () => {
    const entry = await popped(fixture.deps);
    const peer = fixture.peer(2);
    await peer.clearml.queues.park(SCHEDULER_QUEUE, task);

    await submitPopped(fixture.deps, entry);

    expect(fixture.deps.journal.entries.get(task)).to.include({ step: 'following', mayBeUnparked: true });
  });

  it('removes the task from the scheduler queue if the task is in its own queue again', async () => {
    const entry = await popped(fixture.deps);
    await returnedByPeer(fixture.peer(2));

    await submitPopped(fixture.deps, entry);

    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
    expect(fixture.cluster.jobs).to.deep.equal([]);
  });

  it('records no removal of the queue entry if only the response to the parking was lost', async () => {
    const entry = await popped(fixture.deps);
    let isFirst = true;
    fixture.fate = ({ endpoint }) => {
      if (endpoint !== 'queues.add_task' || !isFirst) return undefined;
      isFirst = false;
      return 'answer lost';
    };

    await submitPopped(fixture.deps, entry);

    expect(fixture.deps.journal.entries.get(task))
      .to.include({ step: 'following' })
      .and.not.have.property('mayBeUnparked');
  });

  /** As after a daemon took the parked task for untracked. */
  async function returnedFromParking(peer: DaemonDeps): Promise<void> {
    await peer.clearml.queues.removeEntry(SCHEDULER_QUEUE, task);
    await peer.clearml.queues.returnToQueue(OWN_QUEUE, task);
  }

  async function claimedAndParked(peer: DaemonDeps): Promise<void> {
    await peer.clearml.queues.pop(OWN_QUEUE, task);
    await peer.clearml.queues.park(SCHEDULER_QUEUE, task);
  }

  /** A daemon that stands still while it reads the task after parking it, or while it writes the journal before sbatch. */
  function delayed(when: 'reading the task' | 'writing the journal', meanwhile: () => Promise<void>): DaemonDeps {
    const { deps, clock } = fixture;
    const standStill = async (): Promise<void> => {
      clock.pass(deps.adoptAfterMs + 10_000);
      await meanwhile();
    };
    if (when === 'reading the task') {
      const get: typeof deps.clearml.tasks.get = async (id) => {
        await standStill();
        return deps.clearml.tasks.get(id);
      };
      return { ...deps, clearml: { ...deps.clearml, tasks: { ...deps.clearml.tasks, get } } };
    }
    const write: typeof deps.journal.write = async (entry) => {
      await deps.journal.write(entry);
      if (entry.step === 'submitting') await standStill();
    };
    return { ...deps, journal: { ...deps.journal, entries: deps.journal.entries, write } };
  }

  for (const when of ['reading the task', 'writing the journal'] as const) {
    it(`submits no job if a peer claims the task while the daemon hangs ${when}`, async () => {
      const peer = fixture.peer(2);
      const deps = delayed(when, async () => {
        await returnedFromParking(peer);
        await claimedAndParked(peer);
      });

      await submitPopped(deps, await popped(deps));
      await finishInterruptedSteps(fixture.deps, fixture.pool, await fixture.poll(), new AbortController().signal);

      expect(fixture.cluster.jobs).to.deep.equal([]);
      expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
      expect([...fixture.deps.journal.entries.keys()]).to.deep.equal([]);
    });

    it(`submits no job if a peer returns the task to its queue while the daemon hangs ${when}`, async () => {
      const deps = delayed(when, () => returnedFromParking(fixture.peer(2)));

      await submitPopped(deps, await popped(deps));
      await finishInterruptedSteps(fixture.deps, fixture.pool, await fixture.poll(), new AbortController().signal);

      expect(fixture.cluster.jobs).to.deep.equal([]);
      expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
      expect([...fixture.deps.journal.entries.keys()]).to.deep.equal([]);
    });

    it(`submits a job if the task stays parked while the daemon hangs ${when}`, async () => {
      const deps = delayed(when, () => Promise.resolve());

      await submitPopped(deps, await popped(deps));

      expect(fixture.cluster.jobs.map((job) => job.task)).to.deep.equal([task]);
      expect(fixture.deps.journal.entries.get(task)).to.include({ step: 'following', jobId: '1' });
    });
  }

  it('submits the task in a later pass if ClearML fails just after a suspension of the daemon', async () => {
    const deps = delayed('writing the journal', () => {
      fixture.fate = ({ endpoint }) => (endpoint === 'queues.get_all' ? 'not made' : undefined);
      return Promise.resolve();
    });
    await rejection(submitPopped(deps, await popped(deps)));
    expect(fixture.cluster.jobs).to.deep.equal([]);

    fixture.fate = () => undefined;
    await finishInterruptedSteps(fixture.deps, fixture.pool, await fixture.poll(), new AbortController().signal);
    await fixture.pool.finish();

    expect(fixture.deps.journal.entries.get(task)).to.include({ step: 'following', jobId: '1', attempts: 1 });
  });

  it('submits no job after a restart if a peer has claimed the parked task again', async () => {
    const { deps, clock } = fixture;
    await park(deps, await popped(deps));
    clock.pass(deps.adoptAfterMs + 10_000);
    const peer = fixture.peer(2);
    await returnedFromParking(peer);
    await claimedAndParked(peer);

    await finishInterruptedSteps(deps, fixture.pool, await fixture.poll(), new AbortController().signal);
    await fixture.pool.finish();

    expect(fixture.cluster.jobs).to.deep.equal([]);
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
  });

  for (const [what, hasMet, waiting, jobs] of [
    ['returns the task to its queue if the entry is gone after a restart and the daemon has met a peer', true, [1], 0],
    ['submits the task if the entry is gone after a restart and the daemon has never met a peer', false, [], 1],
  ] as const)
    it(what, async () => {
      const { deps, clock } = fixture;
      await park(deps, await popped(deps));
      clock.pass(deps.adoptAfterMs + 10_000);
      await deps.clearml.queues.removeEntry(SCHEDULER_QUEUE, task);
      Object.assign(deps.peers, { hasMet: () => hasMet });

      await finishInterruptedSteps(deps, fixture.pool, await fixture.poll(), new AbortController().signal);
      await fixture.pool.finish();

      expect(fixture.waiting(OWN_QUEUE)).to.deep.equal(waiting);
      expect(fixture.cluster.jobs).to.have.length(jobs);
    });

  it('reads no queue between the parking and sbatch if the daemon was not suspended', async () => {
    const { deps, calls } = fixture;
    await submitPopped(deps, await popped(deps));

    expect(calls.filter((call) => call.startsWith('queues.get_all'))).to.deep.equal([]);
  });
});
