// Tests two daemons on the same queues and cluster: one reports each task, and the other takes over when the first is gone.
import { expect } from 'chai';
import type { TaskId } from '../../src/clearml/ids.ts';
import { createPeers } from '../../src/daemon/poll/peers.ts';
import { reconcile } from '../../src/daemon/reconcile/reconcile.ts';
import { attemptOf, formatJobName, newAttempt } from '../../src/slurm/job-name.ts';
import type { JobId } from '../../src/slurm/scheduler.ts';
import { advance, startDaemon } from './run-daemon.ts';
import { anotherUser } from './another-user.ts';
import { createStepFixture, type StepFixture } from './step-fixture.ts';
import type { Disk } from '../simulation/memory-journal.ts';
import { entryOf, jobOf, NOW } from './decide/observations.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../simulation/queues.ts';

const MINUTE_MS = 60_000;

async function enqueued(fixture: StepFixture, count: number): Promise<TaskId[]> {
  const tasks: TaskId[] = [];
  for (let number = 1; number <= count; number += 1) tasks.push(await fixture.enqueued(number));
  return tasks;
}

function startJobs({ cluster, clock }: StepFixture): void {
  for (const job of cluster.jobs) Object.assign(job, { state: 'RUNNING', startAt: clock.now() });
}

/** Starts another daemon, and expects that it adopts nothing in its first three minutes. */
async function startsAndAdoptsNothing({ deps, clock }: StepFixture): Promise<void> {
  const run = startDaemon(deps);
  for (let second = 0; second < 180; second += 1) {
    await advance(clock, 1_000);
    expect([...deps.journal.entries.keys()], `after ${second} s`).to.deep.equal([]);
  }
  await run.end();
}

/** A daemon has adopted the pending job of another Unix user's daemon, which is dead. */
async function withJobOfDeadUser(): Promise<{
  readonly fixture: StepFixture;
  readonly user: ReturnType<typeof anotherUser>;
  readonly task: TaskId;
  readonly run: ReturnType<typeof startDaemon>;
}> {
  const fixture = createStepFixture();
  const user = anotherUser(fixture.deps.scheduler);
  startDaemon(fixture.peer(2));
  const [task = '' as TaskId] = await enqueued(fixture, 1);
  await advance(fixture.clock, MINUTE_MS);
  fixture.clock.drop(2);
  const run = startDaemon({ ...fixture.deps, scheduler: user.scheduler });
  await advance(fixture.clock, 15 * MINUTE_MS);
  expect(fixture.deps.journal.entries.get(task)).to.include({ isOthersJob: true, jobId: '1' });
  return { fixture, user, task, run };
}

describe('with two daemons,', () => {
  it('each of 20 tasks is claimed and reported once (D-09)', async () => {
    const fixture = createStepFixture();
    const tasks = await enqueued(fixture, 20);
    const runs = [startDaemon(fixture.deps), startDaemon(fixture.peer(2))];
    await advance(fixture.clock, 2 * MINUTE_MS);
    startJobs(fixture);
    await advance(fixture.clock, 2 * MINUTE_MS);
    for (const run of runs) run.stop();
    await Promise.all(runs.map(({ ended }) => ended));

    expect(fixture.cluster.jobs).to.have.length(20);
    for (const task of tasks) {
      expect(fixture.consoleOf(task).map((line) => line.split(' ', 1)[0])).to.deep.equal([
        'Claimed',
        'Submitted',
        'Slurm',
        'Slurm',
      ]);
    }
  });

  it("one daemon adopts the other's job within six minutes after the other dies (D-10)", async () => {
    const fixture = createStepFixture();
    const first = startDaemon(fixture.deps);
    const [task] = await enqueued(fixture, 1);
    await advance(fixture.clock, MINUTE_MS);
    const other = fixture.peer(2);
    const second = startDaemon(other);
    await advance(fixture.clock, MINUTE_MS);
    expect([...other.journal.entries.keys()]).to.deep.equal([]);

    fixture.clock.drop(1);
    await advance(fixture.clock, MINUTE_MS);
    expect([...other.journal.entries.keys()], 'not at once').to.deep.equal([]);
    await advance(fixture.clock, 5 * MINUTE_MS);
    expect([...other.journal.entries.keys()]).to.deep.equal([task]);
    await second.end();
    first.stop();
  });

  for (const [title, isWhole, pollMs] of [
    ['five minutes pass between polls', true, 5 * MINUTE_MS],
    ['the list of workers is incomplete', false, 15_000],
  ] as const)
    it(`the only live daemon cancels the job of an aborted task within seven minutes even if ${title} (D-10)`, async () => {
      const fixture = createStepFixture();
      startDaemon(fixture.peer(2));
      const [task = ''] = await enqueued(fixture, 1);
      await advance(fixture.clock, MINUTE_MS);
      fixture.clock.drop(2);
      fixture.clock.pass(60 * MINUTE_MS);
      const { deps } = fixture;
      const { workers: given } = deps.clearml;
      const workers: typeof deps.clearml.workers = {
        ...given,
        find: async (...args) => ({ ...(await given.find(...args)), ...(isWhole ? {} : { isWhole }) }),
      };
      const run = startDaemon(
        { ...deps, clearml: { ...deps.clearml, workers } },
        { intervals: { pollMs, queueMs: 5_000 } },
      );
      await fixture.server.call('tasks.stop', { task });

      await advance(fixture.clock, 7 * MINUTE_MS);

      expect(fixture.cluster.jobs.map(({ state }) => state)).to.deep.equal(['CANCELLED']);
      await run.end();
    });

  it('one daemon returns an adopted job to the other once the other runs again (D-10)', async () => {
    const fixture = createStepFixture();
    const disk: Disk = { text: '' };
    const early = fixture.peer(2, disk);
    startDaemon(early);
    const [task = ''] = await enqueued(fixture, 1);
    await advance(fixture.clock, MINUTE_MS);
    fixture.clock.drop(2);
    const run = startDaemon(fixture.deps);
    await advance(fixture.clock, 10 * MINUTE_MS);
    expect([...fixture.deps.journal.entries.keys()]).to.deep.equal([task]);

    const late = {
      ...fixture.peer(3),
      worker: early.worker,
      mark: early.mark,
      peers: fixture.peer(2).peers,
    };
    const back = startDaemon(late);
    await advance(fixture.clock, 3 * MINUTE_MS);
    expect([...fixture.deps.journal.entries.keys()]).to.deep.equal([]);
    expect([...late.journal.entries.keys()]).to.deep.equal([task]);
    for (const one of [run, back]) one.stop();
    await Promise.all([run.ended, back.ended]);
  });

  it('a restarted daemon forgets its task if the other daemon submitted a newer job (D-10)', async () => {
    const fixture = createStepFixture();
    startDaemon(fixture.deps);
    const [task = '' as TaskId] = await enqueued(fixture, 1);
    await advance(fixture.clock, MINUTE_MS);
    fixture.clock.drop(1);
    for (const job of fixture.cluster.jobs) fixture.cluster.end(job, 'CANCELLED', 0);
    const back = fixture.peer(2);
    const attempt = newAttempt(fixture.clock.now() - 60 * MINUTE_MS, back.mark, 'once');
    await back.journal.write(entryOf({ task, queue: OWN_QUEUE, attempt, jobId: '99' as JobId }));

    const run = startDaemon(back);
    await advance(fixture.clock, MINUTE_MS);

    expect((await fixture.read(task))?.status).to.equal('queued');
    expect([...back.journal.entries.keys()]).to.deep.equal([]);
    await run.end();
  });

  it("neither daemon adopts the other's tasks if both have the same name", async () => {
    const fixture = createStepFixture();
    const { worker } = fixture.deps;
    const made = fixture.peer(2);
    const other = {
      ...made,
      worker,
      peers: createPeers({ worker, mark: made.mark, queues: [OWN_QUEUE], schedulerQueue: SCHEDULER_QUEUE }),
    };
    const run = startDaemon(other);
    const [task] = await enqueued(fixture, 1);
    await advance(fixture.clock, MINUTE_MS);
    await startsAndAdoptsNothing(fixture);

    expect([...other.journal.entries.keys()]).to.deep.equal([task]);
    await run.end();
  });

  it("neither daemon adopts the other's tasks within three minutes after the server loses a registration", async () => {
    const fixture = createStepFixture();
    const other = fixture.peer(2);
    const run = startDaemon(other);
    const [task] = await enqueued(fixture, 1);
    await advance(fixture.clock, MINUTE_MS);
    for (const { id } of fixture.server.store.workers.all()) fixture.server.store.workers.delete(id);
    await startsAndAdoptsNothing(fixture);

    expect([...other.journal.entries.keys()]).to.deep.equal([task]);
    await run.end();
  });

  it("neither daemon mistakes the other's scancel for a user's scancel if both track the same job", async () => {
    const fixture = createStepFixture();
    const { deps, clock, cluster } = fixture;
    const run = startDaemon(fixture.peer(2));
    const [task = '' as TaskId] = await enqueued(fixture, 1);
    await advance(clock, MINUTE_MS);
    const [job] = cluster.jobs;
    if (job === undefined) throw new Error('the task has no job');
    const started = { told: { startedOn: `${job.id}@${clock.now()}` } };
    await deps.journal.write(
      entryOf({ task, queue: OWN_QUEUE, jobId: job.id, attempt: attemptOf(job.name), ...started }),
    );
    // As between the two calls in which the other daemon parks the task of a requeued job.
    await deps.clearml.queues.removeEntry(SCHEDULER_QUEUE, task);
    await reconcile(deps, fixture.pool, await fixture.poll(), new AbortController().signal);
    expect(job.state).to.equal('CANCELLED');
    await deps.clearml.queues.park(SCHEDULER_QUEUE, task);
    await advance(clock, 2 * MINUTE_MS);

    expect((await fixture.read(task))?.status).to.equal('queued');
    expect(cluster.jobs.map(({ state }) => state)).to.deep.equal(['CANCELLED', 'PENDING']);
    await run.end();
  });

  it("neither daemon adopts the other's tasks during or after an hour without ClearML", async () => {
    const fixture = createStepFixture();
    const other = fixture.peer(2);
    const tasks = await enqueued(fixture, 6);
    const runs = [startDaemon(fixture.deps), startDaemon(other)];
    await advance(fixture.clock, 2 * MINUTE_MS);
    const before = [fixture.deps, other].map(({ journal }) => [...journal.entries.keys()].sort());
    expect(before.flat().sort()).to.deep.equal(tasks.toSorted());

    fixture.fate = ({ kind }) => (kind === 'clearml' ? 'not made' : undefined);
    await advance(fixture.clock, 60 * MINUTE_MS);
    fixture.fate = () => undefined;
    await advance(fixture.clock, 5 * MINUTE_MS);
    expect([fixture.deps, other].map(({ journal }) => [...journal.entries.keys()].sort())).to.deep.equal(before);
    for (const run of runs) run.stop();
    await Promise.all(runs.map(({ ended }) => ended));
  });

  it("one daemon lists all users' jobs at most 13 times in an hour while the other runs five jobs as another Unix user", async () => {
    const fixture = createStepFixture({});
    // This daemon cannot see the jobs of the other.
    const { scheduler } = anotherUser(fixture.deps.scheduler);
    const run = startDaemon(fixture.peer(2));
    await enqueued(fixture, 5);
    await advance(fixture.clock, MINUTE_MS);
    const half = startDaemon({ ...fixture.deps, scheduler });
    await advance(fixture.clock, 60 * MINUTE_MS);

    expect(fixture.cluster.jobs).to.have.length(5);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);
    expect(fixture.calls.filter((call) => call === "everybody's squeue")).to.have.length.within(1, 13);
    for (const one of [run, half]) one.stop();
    await Promise.all([run.ended, half.ended]);
  });

  it("one daemon adopts the other's job even if the Unix users differ, and reports this in the console (D-11)", async () => {
    const { fixture, task, run } = await withJobOfDeadUser();
    expect(fixture.cluster.jobs).to.have.length(1);
    expect(fixture.consoleOf(task).filter((line) => line.includes('another Unix user'))).to.have.length(1);

    const [job] = fixture.cluster.jobs;
    if (job !== undefined) fixture.cluster.end(job, 'FAILED', 1);
    await advance(fixture.clock, 5 * MINUTE_MS);
    expect((await fixture.read(task))?.status).to.equal('failed');
    await run.end();
  });

  it("neither daemon cancels a job of the other's Unix user, even the job of an aborted task", async () => {
    const { fixture, user, task, run } = await withJobOfDeadUser();

    await fixture.deps.clearml.tasks.abort(task);
    await advance(fixture.clock, 5 * MINUTE_MS);

    expect(user.touched).to.deep.equal([]);
    expect(fixture.cluster.jobs.map(({ state }) => state)).to.deep.equal(['PENDING']);
    await run.end();
  });

  it('each daemon tracks the job that runs as its user, even if both jobs have the same name', async () => {
    const fixture = createStepFixture();
    const user = anotherUser(fixture.deps.scheduler);
    const [task = '' as TaskId] = await enqueued(fixture, 1);
    await fixture.deps.clearml.queues.removeEntry(OWN_QUEUE, task);
    await fixture.deps.clearml.queues.park(SCHEDULER_QUEUE, task);
    const name = formatJobName(task, newAttempt(NOW, 'abcde', '0000'));
    user.foreign = [jobOf('PENDING', { id: '4711' as JobId, name, reason: 'JobHeldUser', isOthers: true })];
    const run = startDaemon({ ...fixture.deps, scheduler: user.scheduler });
    await advance(fixture.clock, 15 * MINUTE_MS);

    expect(fixture.cluster.jobs.map((job) => job.task)).to.deep.equal([task]);
    expect(fixture.deps.journal.entries.get(task)).to.include({ jobId: '1' });
    expect(user.touched).to.deep.equal([]);
    await run.end();
  });
});
