// Tests that untracked tasks which could not be adopted are found again in the next pass.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import { formatJobName, newAttempt } from '../../../src/slurm/job-name.ts';
import { JOB_EXIT_CODES } from '../../../src/sbatch-template/job-script/job-exit-codes.ts';
import { advance, startDaemon } from '../run-daemon.ts';
import { adopterOf, createStepFixture, type StepFixture } from '../step-fixture.ts';
import { fullJournal } from '../journal-at-task-limit.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';

const signal = new AbortController().signal;

/** Moves the task from the head of its queue to the scheduler queue, as a daemon that lost its journal. */
async function park(fixture: StepFixture, task: TaskId): Promise<void> {
  await fixture.server.call('queues.remove_task', { queue: OWN_QUEUE, task });
  await addParked(fixture, task);
}

async function addParked({ server }: StepFixture, task: TaskId): Promise<void> {
  await server.call('queues.add_task', { queue: SCHEDULER_QUEUE, task, update_execution_queue: false });
}

/** A queued task without a journal entry. */
async function leave(fixture: StepFixture, { isParked }: { readonly isParked: boolean }): Promise<TaskId> {
  const task = await fixture.claimed(1);
  if (isParked) await addParked(fixture, task);
  fixture.clock.pass(fixture.deps.adoptAfterMs + 1_000);
  return task;
}

/** The task waits with a second job, after the first one ended in this state. */
async function expectResubmitted(fixture: StepFixture, task: TaskId, firstState: string): Promise<void> {
  expect((await fixture.read(task))?.status).to.equal('queued');
  expect(fixture.cluster.jobs.map(({ state }) => state)).to.deep.equal([firstState, 'PENDING']);
}

describe('when it searches for untracked tasks, the daemon', () => {
  for (const { what, isParked } of [
    { what: 'returns a parked task to its queue', isParked: true },
    { what: 'adopts a task that is in no queue', isParked: false },
  ]) {
    it(`waits until the disk has space, and then ${what} (D-06)`, async () => {
      const fixture = createStepFixture();
      const untrackedTasks = adopterOf(fixture.deps);
      const task = await leave(fixture, { isParked });
      fixture.fate = ({ kind }) => (kind === 'journal' ? 'not made' : undefined);
      expect(await untrackedTasks.adopt(await fixture.poll(), { everywhere: true, signal })).to.equal(false);

      fixture.fate = () => undefined;
      expect(await untrackedTasks.adopt(await fixture.poll(), { everywhere: true, signal })).to.equal(true);
      expect([...fixture.deps.journal.entries.keys()]).to.deep.equal(isParked ? [] : [task]);
      expect(fixture.waiting(OWN_QUEUE)).to.deep.equal(isParked ? [1] : []);
    });
  }

  it('returns 20 parked tasks to the front of their queue, in the order of their parking', async () => {
    const fixture = createStepFixture();
    for (let number = 1; number <= 20; number += 1) await park(fixture, await fixture.enqueued(number));
    await fixture.enqueued(21);
    fixture.clock.pass(fixture.deps.adoptAfterMs + 1_000);

    await adopterOf(fixture.deps).adopt(await fixture.poll(), { everywhere: false, signal });

    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal(Array.from({ length: 21 }, (_, index) => index + 1));
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
  });

  it('submits each of 120 parked tasks exactly once after a loss of the journal', async () => {
    const fixture = createStepFixture();
    for (let number = 1; number <= 120; number += 1) await park(fixture, await fixture.enqueued(number));
    const run = startDaemon(fixture.deps);
    await advance(fixture.clock, 600_000);
    await run.end();

    const submitted = fixture.cluster.jobs.map(({ task }) => Number(task)).toSorted((a, b) => a - b);
    expect(submitted).to.deep.equal(Array.from({ length: 120 }, (_, index) => index + 1));
  });

  for (const endpoint of ['queues.add_task', 'queues.remove_task'])
    for (const fate of ['not made', 'answer lost'] as const)
      it(`submits a parked task exactly once if the ${fate === 'not made' ? 'call of' : 'response to'} ${endpoint} is lost just before a restart`, async () => {
        const fixture = createStepFixture();
        const task = await leave(fixture, { isParked: true });
        fixture.fate = (call) => (call.endpoint === endpoint ? fate : undefined);
        await adopterOf(fixture.deps).adopt(await fixture.poll(), { everywhere: false, signal });
        fixture.fate = () => undefined;

        const restarted = startDaemon(fixture.deps);
        await advance(fixture.clock, 3 * fixture.deps.adoptAfterMs);
        await restarted.end();

        expect(fixture.cluster.jobs.map((job) => job.task)).to.deep.equal([task]);
        expect(fixture.cluster.jobs.map(({ state }) => state)).to.deep.equal(['PENDING']);
      });

  it('returns a parked task to its queue only once if two daemons find the task', async () => {
    const fixture = createStepFixture();
    const peer = fixture.peer(2);
    const task = await leave(fixture, { isParked: true });
    const snapshot = await fixture.poll();

    await Promise.all(
      [fixture.deps, peer].map((deps) => adopterOf(deps).adopt(snapshot, { everywhere: false, signal })),
    );

    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
    expect(fixture.consoleOf(task)).to.have.length(1);
  });

  /** The ids of the tasks that the server returns from now on. */
  function recordRead({ server }: StepFixture): string[] {
    const read: string[] = [];
    server.garble = (endpoint, response) => {
      if (endpoint === 'tasks.get_all') read.push(...(response['tasks'] as { id: string }[]).map(({ id }) => id));
      return response;
    };
    return read;
  }

  it('finds an orphan, and reads none of the 102 tasks that are in their queue', async () => {
    const fixture = createStepFixture();
    for (let number = 2; number <= 103; number += 1) await fixture.enqueued(number);
    const task = await fixture.enqueued(1);
    await fixture.server.call('queues.remove_task', { queue: OWN_QUEUE, task });
    fixture.clock.pass(fixture.deps.adoptAfterMs + 1_000);
    const snapshot = await fixture.poll();
    const read = recordRead(fixture);

    expect(await adopterOf(fixture.deps).adopt(snapshot, { everywhere: true, signal })).to.equal(true);

    expect(read).to.deep.equal([task]);
    expect([...fixture.deps.journal.entries.keys()]).to.deep.equal([task]);
  });

  it('does not read tasks whose jobs a live peer tracks', async () => {
    const fixture = createStepFixture();
    const peer = fixture.peer(2);
    const run = startDaemon(peer);
    for (let number = 1; number <= 5; number += 1) await fixture.enqueued(number);
    await advance(fixture.clock, 60_000);
    await run.end();
    expect(fixture.cluster.jobs).to.have.length(5);
    const { workers } = fixture.deps.clearml;
    await workers.register(peer.peers.row(), 600_000);
    const snapshot = await fixture.poll();
    await fixture.deps.peers.refresh(workers, snapshot.at);
    const read = recordRead(fixture);

    expect(await adopterOf(fixture.deps).adopt(snapshot, { everywhere: false, signal })).to.equal(true);
    expect(read).to.deep.equal([]);
  });

  it('reads 250 parked tasks without a job in three passes, 100 tasks in each pass', async () => {
    const fixture = createStepFixture();
    for (let number = 1; number <= 250; number += 1) await fixture.parked(number);
    const adopter = adopterOf({ ...fixture.deps, adoptAfterMs: Infinity });
    const seen = new Set<string>();
    const read = recordRead(fixture);

    for (const different of [100, 200, 250]) {
      read.length = 0;
      await adopter.adopt(await fixture.poll(), { everywhere: false, signal });
      expect(read).to.have.length(100);
      for (const task of read) seen.add(task);
      expect(seen).to.have.length(different);
    }
  });

  it('adopts no task beyond the maximum number of tracked tasks', async () => {
    const fixture = createStepFixture();
    await leave(fixture, { isParked: true });
    const snapshot = await fixture.poll();
    const untrackedTasks = adopterOf({ ...fixture.deps, journal: fullJournal(fixture.deps.journal) });

    expect(await untrackedTasks.adopt(snapshot, { everywhere: true, signal })).to.equal(false);
    expect(fixture.deps.journal.entries.size).to.equal(0);
  });

  it("leaves a parked task in the scheduler queue while the list of all users' jobs cannot be read", async () => {
    const fixture = createStepFixture();
    await leave(fixture, { isParked: true });
    const { scheduler } = fixture.deps;
    const listAllUsers = (): ReturnType<typeof scheduler.listAllUsers> =>
      Promise.resolve({ kind: 'failed', message: 'Socket timed out' });
    const blind = adopterOf({ ...fixture.deps, scheduler: { ...scheduler, listAllUsers } });

    expect(await blind.adopt(await fixture.poll(), { everywhere: true, signal })).to.equal(false);
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
    expect(await adopterOf(fixture.deps).adopt(await fixture.poll(), { everywhere: true, signal })).to.equal(true);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
  });

  it('resubmits a task whose requeued job found the gate closed, even after a loss of the journal', async () => {
    const fixture = createStepFixture();
    const { cluster, clock, deps, server } = fixture;
    const lost = fixture.peer(2);
    const first = startDaemon({ ...lost, worker: deps.worker, mark: deps.mark, peers: deps.peers });
    const task = await fixture.enqueued(1);
    await advance(clock, 60_000);
    const [job = expect.fail('no job')] = cluster.jobs;
    await server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
    clock.drop(2);
    first.stop();

    // The agent got SIGTERM for the requeue, and the gate stopped the next start of the job.
    const before = server.store.tasks.get(task) ?? expect.fail('no task');
    const lastWorker = `${deps.worker}:${job.id}`;
    server.store.tasks.put({ ...before, status: 'stopped', status_reason: 'user abort', last_worker: lastWorker });
    cluster.requeue(job);
    cluster.end(job, 'FAILED', JOB_EXIT_CODES.gateClosed.code);
    const back = startDaemon(deps);
    await advance(clock, 60_000);
    await back.end();

    await expectResubmitted(fixture, task, 'FAILED');
  });

  it('resubmits an adopted task whose entry disappears from the scheduler queue', async () => {
    const fixture = createStepFixture();
    const { clock, deps, server } = fixture;
    const lost = fixture.peer(2);
    const first = startDaemon({ ...lost, worker: deps.worker, mark: deps.mark, peers: deps.peers });
    const task = await fixture.enqueued(1);
    await advance(clock, 60_000);
    clock.drop(2);
    first.stop();

    const back = startDaemon(deps);
    await advance(clock, 60_000);
    await server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
    await advance(clock, 5 * 60_000);
    await back.end();

    await expectResubmitted(fixture, task, 'CANCELLED');
  });

  it('does not adopt a stopped task whose job was never requeued and found the gate closed', async () => {
    const fixture = createStepFixture();
    const task = await fixture.enqueued(1);
    fixture.cluster.submit(formatJobName(task, newAttempt(fixture.clock.now(), fixture.deps.mark, 'once')), '');
    const [job = expect.fail('no job')] = fixture.cluster.jobs;
    fixture.cluster.end(job, 'FAILED', JOB_EXIT_CODES.gateClosed.code);
    const before = fixture.server.store.tasks.get(task) ?? expect.fail('no task');
    const lastWorker = `${fixture.deps.worker}:${job.id}`;
    fixture.server.store.tasks.put({
      ...before,
      status: 'stopped',
      status_reason: 'user abort',
      last_worker: lastWorker,
    });

    expect(await adopterOf(fixture.deps).adopt(await fixture.poll(), { everywhere: true, signal })).to.equal(true);
    expect([...fixture.deps.journal.entries.keys()]).to.deep.equal([]);
  });
});
