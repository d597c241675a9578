// A Unix user whose jobs cannot be listed: only this user's tasks wait.
import { expect } from 'chai';
import { poll } from '../../src/daemon/poll/poll.ts';
import { recoverOrphans } from '../../src/daemon/recover/recover-orphan.ts';
import { submitClaimedTask } from '../../src/daemon/submit/submit-claimed-task.ts';
import type { JobId } from '../../src/slurm/scheduler.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../simulation/queues.ts';
import { entryOf } from './decide/observations.ts';
import { adopterOf } from './step-fixture.ts';
import { MINUTE_MS, createBed, run } from './user-map-bed.ts';

const { signal } = new AbortController();

describe('if squeue fails for one mapped user, the daemon', () => {
  it('claims only the tasks of other users', async () => {
    const { fixture, users, deps, enqueued } = createBed();
    users.unlisted.add('alice');
    const first = await enqueued(1, 'a1');
    const second = await enqueued(2, 'b2');

    await run(deps, fixture, 5 * MINUTE_MS);
    expect(fixture.cluster.jobs.map(({ task }) => task)).to.deep.equal([second]);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
    expect((await fixture.read(first))?.statusMessage).to.equal(
      'Waits in queue "own": squeue as Unix user alice fails or hangs, so this user\'s tasks may have jobs; the daemon retries. This task is next.',
    );

    users.unlisted.clear();
    await run(deps, fixture, 5 * MINUTE_MS);
    expect(fixture.cluster.jobs.map(({ task }) => task)).to.deep.equal([second, first]);
    expect((await fixture.read(first))?.statusMessage).not.to.include('squeue');
  });

  it('adopts only untracked tasks of other users', async () => {
    const { fixture, users, deps, enqueued } = createBed();
    const tasks = [await enqueued(1, 'a1'), await enqueued(2, 'b2')];
    for (const task of tasks) {
      await fixture.deps.clearml.queues.removeEntry(OWN_QUEUE, task);
      await fixture.deps.clearml.queues.park(SCHEDULER_QUEUE, task);
    }
    users.unlisted.add('alice');

    await run(deps, fixture, 15 * MINUTE_MS);
    expect(fixture.cluster.jobs.map(({ task }) => task)).to.deep.equal([tasks[1]]);
    expect((await fixture.read(tasks[0] ?? expect.fail()))?.status).to.equal('queued');

    users.unlisted.clear();
    await run(deps, fixture, 15 * MINUTE_MS);
    expect(fixture.cluster.jobs.map(({ task }) => task)).to.deep.equal([tasks[1], tasks[0]]);
  });

  it('neither submits an orphan of this user nor returns the orphan to its queue', async () => {
    const { fixture, users, deps, enqueued } = createBed();
    const task = await enqueued(1, 'a1');
    const { queues, tasks } = deps.clearml;
    await queues.pop(OWN_QUEUE, task);
    fixture.clock.pass(1_000);
    await tasks.unstart(task, 'in_progress', { reason: 'found in no queue', message: '' });
    users.unlisted.add('alice');
    const entry = entryOf({ task, queue: OWN_QUEUE, step: 'orphaned', queuedAt: fixture.clock.now() });
    await deps.journal.write(entry);

    await recoverOrphans(deps, [entry], signal);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);

    const [queue = expect.fail('no queue is served')] = deps.queues;
    const claimed = entryOf({ task, queue: OWN_QUEUE, step: 'claiming', attempt: undefined, jobId: undefined });
    await submitClaimedTask(deps, claimed, { queue, isParked: false });
    expect(fixture.cluster.jobs).to.deep.equal([]);
  });

  it("lists all users' jobs only once in three passes, even with an untracked task of this user", async () => {
    const { fixture, users, deps, enqueued } = createBed();
    const task = await enqueued(1, 'a1');
    await fixture.deps.clearml.queues.removeEntry(OWN_QUEUE, task);
    await fixture.deps.clearml.queues.park(SCHEDULER_QUEUE, task);
    fixture.clock.pass(deps.adoptAfterMs + 1_000);
    users.unlisted.add('alice');
    const adopter = adopterOf(deps);
    const adopt = async (): Promise<boolean> => {
      fixture.clock.pass(10_000);
      const snapshot = (await poll(deps, signal)) ?? expect.fail('Slurm gave no list');
      return adopter.adopt(snapshot, { everywhere: true, signal });
    };
    const lists = (): number => fixture.calls.filter((label) => label.includes("everybody's squeue")).length;

    expect([await adopt(), await adopt(), await adopt()]).to.deep.equal([false, false, false]);
    expect(lists()).to.equal(1);

    users.unlisted.clear();
    expect(await adopt()).to.equal(true);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
  });

  it("submits another user's task even while it tracks a job of another daemon", async () => {
    const { fixture, users, deps, enqueued } = createBed();
    const others = await fixture.claimed(7);
    await fixture.server.call('tasks.started', { task: others, force: true });
    await deps.journal.write(
      entryOf({
        task: others,
        queue: OWN_QUEUE,
        jobId: '4711' as JobId,
        isOthersJob: true,
        stepAt: fixture.clock.now(),
      }),
    );
    users.unlisted.add('alice');
    const task = await enqueued(2, 'b2');

    await run(deps, fixture, 5 * MINUTE_MS);

    expect(fixture.cluster.jobs.map((job) => job.task)).to.deep.equal([task]);
    // Nothing is decided about the job that may be missing from the incomplete list.
    expect((await fixture.read(others))?.status).to.equal('in_progress');
    expect(deps.journal.entries.get(others)).to.not.have.property('absentSince');
  });

  it('still counts the jobs of this user toward max_jobs', async () => {
    const { fixture, users, deps, enqueued } = createBed();
    const limited = { ...deps, queues: deps.queues.map((queue) => ({ ...queue, limits: { maxJobs: 2 } })) };
    const first = await enqueued(1, 'a1');
    await run(limited, fixture, MINUTE_MS);
    users.unlisted.add('alice');
    const second = await enqueued(2, 'b2');
    await enqueued(3, 'b2');

    await run(limited, fixture, 5 * MINUTE_MS);

    expect(fixture.cluster.jobs.map(({ task }) => task)).to.deep.equal([first, second]);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([3]);
  });

  it("submits another user's task even with the limit max_nodes", async () => {
    const { fixture, users, deps, enqueued } = createBed();
    const limited = { ...deps, queues: deps.queues.map((queue) => ({ ...queue, limits: { maxNodes: 4 } })) };
    const first = await enqueued(1, 'a1');
    await run(limited, fixture, MINUTE_MS);
    users.unlisted.add('alice');
    const second = await enqueued(2, 'b2');

    await run(limited, fixture, 5 * MINUTE_MS);

    expect(fixture.cluster.jobs.map(({ task }) => task)).to.deep.equal([first, second]);
  });
});
