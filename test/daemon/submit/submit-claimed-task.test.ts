// Tests what a daemon does with a popped task whose queue entries a user or another daemon has changed before it is parked.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import type { DaemonDeps } from '../../../src/daemon/deps.ts';
import { describeOrphan } from '../../../src/daemon/console/console-messages.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import { finishInterruptedSteps } from '../../../src/daemon/recover/finish-interrupted-steps.ts';
import { submitClaimedTask } from '../../../src/daemon/submit/submit-claimed-task.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { entryOf } from '../decide/observations.ts';
import { anotherUser } from '../another-user.ts';
import { createStepFixture, type StepFixture } from '../step-fixture.ts';

describe('when it submits a claimed task, the daemon', () => {
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

  it("leaves the entry in the scheduler queue if another daemon has parked the task, so that the other daemon's job can run it", async () => {
    const entry = await popped(fixture.deps);
    const peer = fixture.peer(2);
    await returnedByPeer(peer);
    await submitPopped(peer, await popped(peer));

    await submitPopped(fixture.deps, entry);

    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
    expect(fixture.cluster.jobs.map((job) => job.task)).to.deep.equal([task]);
    expect(peer.journal.entries.get(task)).to.include({ step: 'following', jobId: '1' });
  });

  it('submits no second job if two daemons found the task in no queue and each of them returned it to its queue', async () => {
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

  it('submits no second job if the daemon that returned the task as well runs as another Unix user', async () => {
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

  it('waits until Slurm can list the jobs of the task if the task was found in no queue', async () => {
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

  it('records that a program may have removed the queue entry if another daemon had parked the task before', async () => {
    const entry = await popped(fixture.deps);
    const peer = fixture.peer(2);
    await peer.clearml.queues.park(SCHEDULER_QUEUE, task);

    await submitPopped(fixture.deps, entry);

    expect(fixture.deps.journal.entries.get(task)).to.include({ step: 'following', mayBeUnparked: true });
  });

  it('removes the entry from the scheduler queue if a user has enqueued the task again', async () => {
    const entry = await popped(fixture.deps);
    await returnedByPeer(fixture.peer(2));

    await submitPopped(fixture.deps, entry);

    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
    expect(fixture.cluster.jobs).to.deep.equal([]);
  });

  it('does not record that a program may have removed the queue entry if only the response to the parking was lost', async () => {
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
});
