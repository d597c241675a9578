// Jobs of several Unix users: as whom they are submitted and cancelled, and whose jobs count.
import { expect } from 'chai';
import type { TaskId } from '../../src/clearml/ids.ts';
import { createUnixUsers } from '../../src/daemon/users/unix-users.ts';
import { formatJobName, newAttempt } from '../../src/slurm/job-name.ts';
import type { Job, JobId, Scheduler } from '../../src/slurm/scheduler.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../simulation/queues.ts';
import { advance, startDaemon } from './run-daemon.ts';
import { jobOf, NOW } from './decide/observations.ts';
import { MAP, MINUTE_MS, createBed, run } from './user-map-bed.ts';

function forged(task: TaskId, user: string | undefined, more: Partial<Job> = {}): Job {
  const name = formatJobName(task, newAttempt(NOW, 'mark1', '0000'));
  const job = jobOf('PENDING', { id: '4711' as JobId, name, submittedAt: NOW - MINUTE_MS, ...more });
  return user === undefined ? job : { ...job, unixUser: user };
}

describe('with a user map,', () => {
  it("each job is submitted as the Unix user of the task's owner and starts in this user's home", async () => {
    const { fixture, users, deps, enqueued } = createBed();
    const tasks = [await enqueued(1, 'a1'), await enqueued(2, 'b2'), await enqueued(3, 'd0')];

    await run(deps, fixture, MINUTE_MS);

    const owners = fixture.cluster.jobs.map(({ id, task }) => [task, users.owners.get(id)]);
    expect(Object.fromEntries(owners)).to.deep.equal({
      [String(tasks[0])]: 'alice',
      [String(tasks[1])]: 'bob',
      [String(tasks[2])]: undefined,
    });
    expect(deps.journal.entries.get(tasks[0] ?? ('' as TaskId))?.unixUser).to.deep.equal({ name: 'alice', uid: 1001 });
    expect(deps.journal.entries.get(tasks[2] ?? ('' as TaskId))).to.not.have.property('unixUser');
    expect([...users.workDirs.values()].toSorted()).to.deep.equal(['/home/alice', '/home/bob', undefined]);
  });

  it('a task whose owner is not in the map fails with this reason, and is not submitted', async () => {
    const { fixture, deps, enqueued } = createBed();
    const task = await enqueued(1, 'zz');

    await run(deps, fixture, MINUTE_MS);

    expect(fixture.cluster.jobs).to.deep.equal([]);
    expect((await fixture.read(task))?.status).to.equal('failed');
    expect(fixture.consoleOf(task).join('\n')).to.contain('ClearML user zz is not in agent.slurm.user_map');
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
  });

  it("the job of an aborted task is cancelled as the job's Unix user", async () => {
    const { fixture, users, deps, enqueued } = createBed();
    const task = await enqueued(1, 'a1');
    await run(deps, fixture, MINUTE_MS);

    await fixture.deps.clearml.tasks.abort(task);
    await run(deps, fixture, MINUTE_MS);

    expect(users.cancelled[0]).to.deep.equal({ id: '1', as: 'alice' });
    expect(fixture.cluster.jobs.map(({ state }) => state)).to.deep.equal(['CANCELLED']);
  });

  it("the job of an aborted task is cancelled even if the task's owner was removed from the map", async () => {
    const { fixture, users, deps, enqueued } = createBed();
    const task = await enqueued(1, 'a1');
    await run(deps, fixture, MINUTE_MS);
    const later = { ...deps, unixUsers: createUnixUsers({ ...MAP, byOwner: new Map() }) };

    await fixture.deps.clearml.tasks.abort(task);
    await run(later, fixture, MINUTE_MS);

    expect(users.cancelled[0]).to.deep.equal({ id: '1', as: 'alice' });
  });

  it('the job of a mapped user is still tracked and cancelled after the user map was removed', async () => {
    const { fixture, users, deps, enqueued } = createBed();
    const task = await enqueued(1, 'a1');
    await run(deps, fixture, MINUTE_MS);
    const later = { ...deps, unixUsers: undefined };

    await run(later, fixture, 30 * MINUTE_MS);
    expect(fixture.cluster.jobs).to.have.length(1);
    expect(deps.journal.entries.get(task)).to.deep.include({ jobId: '1', unixUser: { name: 'alice', uid: 1001 } });

    await fixture.deps.clearml.tasks.abort(task);
    await run(later, fixture, MINUTE_MS);
    expect(users.cancelled[0]).to.deep.equal({ id: '1', as: 'alice' });
  });

  it('after a submission of unknown outcome, the job is found by name and Unix user', async () => {
    const { fixture, users, deps, enqueued } = createBed();
    const task = await enqueued(1, 'a1');
    fixture.cluster.nextFate = 'unknown';
    await run(deps, fixture, MINUTE_MS);
    const [submitted] = fixture.cluster.jobs;
    expect(fixture.cluster.jobs).to.have.length(1);
    expect(users.owners.get(submitted?.id ?? ('' as JobId))).to.equal('alice');
    expect(deps.journal.entries.get(task)).to.include({ step: 'following', attempts: 1 });
  });

  it('the journal records the Unix user of a live job that the daemon finds for a claimed task', async () => {
    const { fixture, deps, enqueued } = createBed();
    const task = await enqueued(1, 'a1');
    await run(deps, fixture, MINUTE_MS);
    const { unixUser, jobId, ...entry } = deps.journal.entries.get(task) ?? expect.fail('the task is not tracked');
    expect(unixUser).to.deep.equal({ name: 'alice', uid: 1001 });
    await deps.journal.write({ ...entry, step: 'parking' });

    await run(deps, fixture, MINUTE_MS);

    expect(deps.journal.entries.get(task)).to.deep.include({ step: 'following', jobId, unixUser });
  });

  it('after a loss of the journal, each job is adopted with its Unix user', async () => {
    const { fixture, users, deps, enqueued } = createBed();
    const task = await enqueued(1, 'a1');
    await run(deps, fixture, MINUTE_MS);
    await deps.journal.forget(task);
    await run(deps, fixture, 10 * MINUTE_MS);

    expect(fixture.cluster.jobs).to.have.length(1);
    expect(deps.journal.entries.get(task)).to.deep.include({ jobId: '1', unixUser: { name: 'alice', uid: 1001 } });
    expect(users.cancelled).to.deep.equal([]);
  });
});

describe("a job with a task's job name but the wrong Unix user", () => {
  for (const [what, user] of [
    ['a mapped user', 'bob'],
    ["the daemon's user", undefined],
  ] as const) {
    it(`does not prevent the claim of the task if the wrong user is ${what}`, async () => {
      const { fixture, users, deps, enqueued } = createBed();
      const task = await enqueued(1, 'a1');
      users.foreign = [forged(task, user)];

      await run(deps, fixture, 2 * MINUTE_MS);

      expect(fixture.cluster.jobs.map((job) => job.task)).to.deep.equal([task]);
      expect(users.cancelled).to.deep.equal([]);
    });
  }

  it('is logged, but neither adopted nor cancelled', async () => {
    const { fixture, users, deps, enqueued } = createBed();
    const task = await enqueued(1, 'a1');
    await run(deps, fixture, MINUTE_MS);
    const name = fixture.cluster.jobs[0]?.name ?? '';
    users.foreign = [
      forged(task, 'bob', { name, state: 'RUNNING', stateWord: 'RUNNING' }),
      forged(task, 'bob', { id: '4712' as JobId, name, state: 'FAILED', stateWord: 'FAILED', endedAt: NOW }),
    ];

    await run(deps, fixture, 10 * MINUTE_MS);
    await fixture.deps.clearml.tasks.abort(task);
    await run(deps, fixture, 2 * MINUTE_MS);

    const reports = fixture.logged.filter((line) => line.includes("does not run as that task's Unix user"));
    expect(reports).to.have.length(2);
    expect(users.cancelled.map(({ id }) => id))
      .to.include('1')
      .and.not.include('4711');
    expect(fixture.cluster.jobs[0]?.state).to.equal('CANCELLED');
  });

  it("is not adopted even if the task's user property slurm_job_id names the job", async () => {
    const { fixture, users, deps, enqueued } = createBed();
    const task = await enqueued(1, 'a1');
    await fixture.deps.clearml.queues.removeEntry(OWN_QUEUE, task);
    await fixture.deps.clearml.queues.park(SCHEDULER_QUEUE, task);
    await fixture.deps.clearml.tasks.setProperties(task, { slurm_job_id: '4711' });
    users.foreign = [forged(task, 'bob')];

    await run(deps, fixture, 15 * MINUTE_MS);

    expect(fixture.cluster.jobs.map(({ id }) => users.owners.get(id))).to.deep.equal(['alice']);
    expect(deps.journal.entries.get(task)).to.include({ jobId: '1' });
    expect(users.cancelled).to.deep.equal([]);
  });
});

describe('when sudo refuses to run commands as one user,', () => {
  it("this user's tasks keep their order in the queue while another user's task is submitted", async () => {
    const { fixture, users, deps, enqueued } = createBed();
    users.refused.add('alice');
    const first = await enqueued(1, 'a1');
    await enqueued(2, 'a1');
    const third = await enqueued(3, 'b2');

    await run(deps, fixture, 5 * MINUTE_MS);

    expect(fixture.cluster.jobs.map(({ task }) => task)).to.deep.equal([third]);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1, 2]);
    expect((await fixture.read(first))?.status).to.equal('queued');
    expect(fixture.consoleOf(first).filter((line) => line.includes('sudo refused'))).to.have.length(1);
    expect(fixture.logged.filter((line) => line.includes('sudo refused'))).to.have.length(1);

    users.refused.clear();
    await run(deps, fixture, 5 * MINUTE_MS);
    expect(deps.unixUsers?.holds.hasAny(deps.clock.now())).to.equal(false);
    expect(fixture.cluster.jobs.map(({ task }) => Number(task))).to.have.members([1, 2, 3]);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);
  });

  it("the status message of this user's next task names the refusal", async () => {
    const { fixture, users, deps, enqueued } = createBed();
    users.refused.add('alice');
    await enqueued(1, 'a1');
    await run(deps, fixture, MINUTE_MS / 2);
    const later = await enqueued(2, 'a1');
    await run(deps, fixture, MINUTE_MS / 3);

    expect((await fixture.read(later))?.statusMessage).to.equal(
      'Waits in queue "own": sudo refuses the jobs of Unix user alice; the daemon retries, and its administrator can run clearml-agent-slurm doctor. 1 task is ahead of this task.',
    );
    users.refused.clear();
    await run(deps, fixture, 5 * MINUTE_MS);
    expect((await fixture.read(later))?.statusMessage).not.to.include('sudo');
  });

  it('the daemon retries one submission of this user after 1, 2, 4, 8, 16, 32 and 60 minutes', async () => {
    const { fixture, users, deps, enqueued } = createBed();
    users.refused.add('alice');
    for (let number = 1; number <= 30; number += 1) await enqueued(number, 'a1');
    await run(deps, fixture, MINUTE_MS / 2);
    const atOnce = users.refusals.length;
    expect(atOnce).to.be.within(1, 20);

    await run(deps, fixture, 300 * MINUTE_MS);

    const waits = users.refusals.slice(atOnce).map((at, index) => at - (users.refusals[atOnce + index - 1] ?? 0));
    const minutes = waits.map((ms) => Math.floor(ms / MINUTE_MS));
    expect(minutes).to.deep.equal([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal(Array.from({ length: 30 }, (_, index) => index + 1));
  });

  it("an earlier live job of this user's task does not hold another user's task", async () => {
    const { fixture, users, deps, enqueued } = createBed();
    const first = await enqueued(1, 'a1');
    await run(deps, fixture, MINUTE_MS);
    users.unlisted.add('alice');
    users.refused.add('alice');
    await fixture.deps.clearml.queues.park(OWN_QUEUE, first);
    const second = await enqueued(2, 'b2');

    await run(deps, fixture, 5 * MINUTE_MS);

    expect(fixture.cluster.jobs.map(({ task }) => task)).to.deep.equal([first, second]);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
  });
});

// A mapped user can also change what programs print that run as this user (ptrace(2)).
for (const [what, outcome] of [
  [
    'if every sbatch call of mapped users fails,',
    { kind: 'unavailable', message: 'sbatch: fatal: cannot start a thread' },
  ],
  [
    'if every sbatch call of mapped users prints "MaxJobCount limit reached",',
    { kind: 'backpressure', message: 'MaxJobCount limit reached' },
  ],
] as const)
  describe(what, () => {
    it('the tasks of other Unix users get jobs within 30 s', async () => {
      const { fixture, deps, enqueued } = createBed();
      const scheduler: Scheduler = {
        ...deps.scheduler,
        submit: async (submission) =>
          submission.runAs?.name === 'alice' ? outcome : deps.scheduler.submit(submission),
      };
      for (const number of [1, 2, 3]) await enqueued(number, 'a1');
      const daemon = startDaemon({ ...deps, scheduler });
      await advance(fixture.clock, 10 * MINUTE_MS);
      const others = [await enqueued(4, 'b2'), await enqueued(5, 'd0')];
      await advance(fixture.clock, MINUTE_MS / 2);
      await daemon.end();

      expect(fixture.cluster.jobs.map(({ task }) => task)).to.have.members(others);
      expect(fixture.waiting(OWN_QUEUE).toSorted()).to.deep.equal([1, 2, 3]);
    });

    it('the daemon calls sbatch at most 60 times in an hour', async () => {
      const { fixture, deps, enqueued } = createBed();
      const submittedAt: number[] = [];
      const scheduler: Scheduler = {
        ...deps.scheduler,
        submit() {
          submittedAt.push(fixture.clock.now());
          return Promise.resolve(outcome);
        },
      };
      for (const number of [1, 3, 5, 7]) await enqueued(number, 'a1');
      for (const number of [2, 4, 6, 8]) await enqueued(number, 'b2');

      const daemon = startDaemon({ ...deps, scheduler });
      await advance(fixture.clock, 10 * MINUTE_MS);
      const before = submittedAt.length;
      await advance(fixture.clock, 60 * MINUTE_MS);
      await daemon.end();

      expect(submittedAt.length - before).to.be.within(6, 60);
      expect(fixture.waiting(OWN_QUEUE).toSorted()).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8]);
    });
  });
