// Limits, fairness between users and pauses, as the daemon applies them.
import { expect } from 'chai';
import type { Pause } from '../../../src/daemon/pause/pauses-file.ts';
import type { Snapshot } from '../../../src/daemon/poll/poll.ts';
import { formatJobName, newAttempt } from '../../../src/slurm/job-name.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { jobOf, NOW } from '../decide/observations.ts';
import { taskNumber, type StepFixture } from '../step-fixture.ts';
import {
  enqueue,
  fixtureWith,
  go,
  messageOf,
  metPeer,
  passesOf,
  passesWithoutJournal,
  range,
  submittedOf,
} from './limited-claims.ts';
import { createClaims } from '../run-daemon.ts';

describe('with max_jobs set for a queue, the daemon', () => {
  it('shows the limit and the number of tasks ahead in the status message of each waiting task', async () => {
    const fixture = fixtureWith({ limits: { maxJobs: 2 } });
    await enqueue(fixture, 'ada', 1, 2, 3, 4);

    expect(await passesOf(fixture).claim()).to.equal(2);

    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([3, 4]);
    expect(await messageOf(fixture, 3)).to.equal(
      'Waits in queue "own": the queue has the maximum of 2 jobs (max_jobs). This task is next.',
    );
    expect(await messageOf(fixture, 4)).to.equal(
      'Waits in queue "own": the queue has the maximum of 2 jobs (max_jobs). 1 task is ahead of this task.',
    );
    expect(await fixture.read(taskNumber(3))).to.include({ status: 'queued' });
  });

  it('submits no task beyond max_jobs after a restart without the journal', async () => {
    const fixture = fixtureWith({ limits: { maxJobs: 2 } });
    await enqueue(fixture, 'ada', 1, 2, 3);
    await passesOf(fixture).claim();

    expect(await passesWithoutJournal(fixture).claim()).to.equal(0);
    expect(submittedOf(fixture)).to.deep.equal([1, 2]);
  });

  it('counts the tasks that a peer has parked since the last poll', async () => {
    const fixture = fixtureWith({ limits: { maxJobs: 2 } });
    await enqueue(fixture, 'ada', 1, 2, 3);
    const peer = await metPeer(fixture);
    const snapshot = await fixture.poll();
    await passesOf(fixture, peer).claim();
    const until = fixture.clock.now() + 60_000;
    const claimed = await createClaims(fixture.deps).claimer.claimTasks(snapshot, { until, signal: go });

    expect(claimed).to.equal(0);
    expect(submittedOf(fixture)).to.deep.equal([1, 2]);
  });

  it('exceeds max_jobs by at most one job if one peer claims at the same time', async () => {
    const fixture = fixtureWith({ limits: { maxJobs: 5 } });
    await enqueue(fixture, 'ada', ...range(1, 20));
    const peer = await metPeer(fixture);
    await peer.peers.refresh(peer.clearml.workers, fixture.clock.now());

    await Promise.all([passesOf(fixture).claim(), passesOf(fixture, peer).claim()]);

    expect(submittedOf(fixture).length).to.be.within(5, 6);
  });

  it("counts a peer's jobs that started after the last poll", async () => {
    const fixture = fixtureWith({ limits: { maxJobs: 3 } });
    await enqueue(fixture, 'ada', ...range(1, 10));
    const peer = await metPeer(fixture);
    const snapshot = await fixture.poll();
    expect(await passesOf(fixture, peer).claim()).to.equal(3);
    for (const number of [1, 2, 3])
      await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task: taskNumber(number) });
    fixture.clock.pass(1_100);

    const { claimer } = createClaims(fixture.deps);
    const until = fixture.clock.now() + 60_000;
    expect(await claimer.claimTasks(snapshot, { until, signal: go })).to.equal(0);
    expect(submittedOf(fixture)).to.deep.equal([1, 2, 3]);
  });

  it('counts a task whose job has ended until the daemon decides whether to resubmit the task', async () => {
    const fixture = fixtureWith({ limits: { maxJobs: 1 } });
    await enqueue(fixture, 'ada', 1, 2);
    const passes = passesOf(fixture);
    await passes.claim();
    const [job] = fixture.cluster.jobs;
    if (job !== undefined) fixture.cluster.end(job, 'PREEMPTED', 0);
    await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task: taskNumber(1) });
    const entry = fixture.deps.journal.entries.get(taskNumber(1)) ?? expect.fail('no entry');
    await fixture.deps.journal.write({ ...entry, endSeenAt: fixture.clock.now() });

    expect(await passes.claim()).to.equal(0);

    await fixture.deps.journal.forget(taskNumber(1));
    expect(await passes.claim()).to.equal(1);
  });

  it('claims one more task once a job has ended', async () => {
    const fixture = fixtureWith({ limits: { maxJobs: 2 } });
    await enqueue(fixture, 'ada', 1, 2, 3, 4);
    const passes = passesOf(fixture);
    await passes.claim();
    const [first] = fixture.cluster.jobs;
    if (first !== undefined) fixture.cluster.end(first, 'COMPLETED', 0);
    await fixture.deps.journal.forget(taskNumber(1));
    await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task: taskNumber(1) });

    expect(await passes.claim()).to.equal(1);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([4]);
  });
});

describe('a job with the name of an untracked task', () => {
  /** With a limit of two jobs for the cluster, and a live job for the task with this number. */
  async function claimedWithJobOf(number: number, act: (fixture: StepFixture) => Promise<unknown>): Promise<number[]> {
    const fixture = fixtureWith({}, { limits: { maxJobs: 2 } });
    const task = taskNumber(number);
    await act(fixture);
    await enqueue(fixture, 'ada', 1, 2, 3);
    const job = jobOf('PENDING', { name: formatJobName(task, newAttempt(NOW, 'mark1', '0000')) });
    const poll = async (): Promise<Snapshot> => {
      const snapshot = await fixture.poll();
      return { ...snapshot, jobs: new Map([...snapshot.jobs, [task, [job]]]) };
    };
    await passesOf({ ...fixture, poll }).claim();
    return submittedOf(fixture);
  }

  it('does not count toward max_jobs if the ClearML server does not know the task', async () => {
    expect(await claimedWithJobOf(9, () => Promise.resolve())).to.deep.equal([1, 2]);
  });

  it('does not count toward max_jobs if the task is a draft', async () => {
    const addDraft = ({ server }: StepFixture): Promise<void> => {
      server.addTask(taskNumber(9), 'draft');
      return Promise.resolve();
    };
    expect(await claimedWithJobOf(9, addDraft)).to.deep.equal([1, 2]);
  });

  it('counts toward max_jobs if the task is in progress', async () => {
    const start = async (fixture: StepFixture): Promise<void> => {
      fixture.server.addTask(taskNumber(9), 'running');
      await fixture.server.call('tasks.started', { task: taskNumber(9), force: true });
    };
    expect(await claimedWithJobOf(9, start)).to.deep.equal([1]);
  });
});

describe('a running job of a stopped task', () => {
  it('counts toward max_jobs within 30 s after the agent has set the status "in_progress" again', async () => {
    const fixture = fixtureWith({}, { limits: { maxJobs: 1 } });
    const task = taskNumber(9);
    fixture.server.addTask(task, 'running');
    const job = jobOf('RUNNING', { name: formatJobName(task, newAttempt(NOW, 'mark1', '0000')) });
    const poll = async (): Promise<Snapshot> => ({ ...(await fixture.poll()), jobs: new Map([[task, [job]]]) });
    const passes = passesOf({ ...fixture, poll });
    await fixture.server.call('tasks.started', { task, force: true });
    await fixture.server.call('tasks.stopped', { task, force: true });
    await passes.claim();
    await fixture.server.call('tasks.started', { task, force: true });
    fixture.clock.pass(30_000);
    await enqueue(fixture, 'ada', 1);

    expect(await passes.claim()).to.equal(0);
  });
});

describe('with max_jobs_per_user, the daemon', () => {
  it("skips the tasks of a user at the limit, and submits the next user's task", async () => {
    const fixture = fixtureWith({ limits: { maxJobsPerUser: 1 } });
    await enqueue(fixture, 'ada', 1, 2, 3);
    await enqueue(fixture, 'bob', 4);

    await passesOf(fixture).claim();

    expect(submittedOf(fixture)).to.deep.equal([1, 4]);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([2, 3]);
    expect(await messageOf(fixture, 3)).to.equal(
      'Waits in queue "own": each user may have only 1 job in this queue (max_jobs_per_user). 1 task of the same user is ahead of this task.',
    );
  });

  it("counts a peer's parked tasks, and reads the owner of each parked task only once", async () => {
    const fixture = fixtureWith({}, { limits: { maxJobsPerUser: 1 } });
    await enqueue(fixture, 'ada', 1, 2);
    await enqueue(fixture, 'bob', 3);
    const peer = { ...fixture.peer(2), limits: { maxJobsPerUser: 1 } };
    await peer.clearml.queues.pop(OWN_QUEUE, taskNumber(1));
    await peer.clearml.queues.park(SCHEDULER_QUEUE, taskNumber(1));
    const passes = passesOf(fixture);

    await passes.claim();
    await passes.claim();

    expect(submittedOf(fixture)).to.deep.equal([3]);
    expect(fixture.calls.filter((label) => label.includes('tasks.get_all')).length).to.be.at.most(4);
  });
});

describe('a daemon with fairness between users', () => {
  it('submits the tasks of a second user in the first pass even behind 1,000 tasks of the first user', async () => {
    const fixture = fixtureWith({ userFairness: true, limits: { maxJobs: 4 } });
    await enqueue(fixture, 'ada', ...range(1, 1_000));
    await enqueue(fixture, 'bob', ...range(1_001, 1_010));

    await passesOf(fixture).claim();

    expect(submittedOf(fixture).toSorted((a, b) => a - b)).to.deep.equal([1, 2, 1_001, 1_002]);
  });

  it('reads the owners of at most 2,000 tasks in a pass, and each owner only once', async () => {
    const fixture = fixtureWith({ userFairness: true, limits: { maxJobs: 1 } });
    await enqueue(fixture, 'ada', ...range(1, 2_500));
    const passes = passesOf(fixture);
    const reads = (): number => fixture.calls.filter((label) => label.includes('tasks.get_all')).length;
    const inPass = async (): Promise<number> => {
      const before = reads();
      await passes.claim();
      return reads() - before;
    };

    // Each call reads 500 owners; from the second pass on, the poll reads the tracked task.
    expect([await inPass(), await inPass(), await inPass()]).to.deep.equal([4, 1 + 1, 0 + 1]);
  });
});

describe('a daemon with a pause file', () => {
  const paused = (pause: Partial<Pause> = {}): Pause => ({ queue: null, since: 0, until: null, reason: '', ...pause });

  it('holds the tasks of a paused cluster or queue, and shows the pause in their status messages', async () => {
    let pauses: readonly Pause[] = [paused({ until: Date.UTC(2126, 0, 2, 3, 4), reason: 'new drivers' })];
    const fixture = fixtureWith({}, { pauses: () => Promise.resolve(pauses) });
    await enqueue(fixture, 'ada', 1, 2);
    const passes = passesOf(fixture);

    expect(await passes.claim()).to.equal(0);
    expect(await messageOf(fixture, 2)).to.equal(
      'Waits in queue "own": the cluster is paused until 2126-01-02 03:04 UTC (new drivers). 1 task is ahead of this task.',
    );
    pauses = [paused({ queue: 'own' })];
    await passes.claim();
    expect(await messageOf(fixture, 1)).to.equal('Waits in queue "own": the queue is paused. This task is next.');
    pauses = [];
    expect(await passes.claim()).to.equal(2);
    expect(submittedOf(fixture)).to.deep.equal([1, 2]);
  });

  it('claims a task from an unpaused queue while another queue is paused', async () => {
    const fixture = fixtureWith({}, { pauses: () => Promise.resolve([paused({ queue: 'other' })]) });
    await enqueue(fixture, 'ada', 1);

    expect(await passesOf(fixture).claim()).to.equal(1);
  });

  it('claims nothing, and logs the error, while the pause file cannot be read', async () => {
    const fixture = fixtureWith({}, { pauses: () => Promise.reject(new Error('EIO')) });
    await enqueue(fixture, 'ada', 1);

    expect(await passesOf(fixture).claim()).to.equal(0);
    expect(fixture.logged).to.include('error: Cannot read the pause file; claiming no tasks until it is readable');
  });

  it('reports no use of limits if the pause file becomes unreadable during a pass', async () => {
    let readings = 0;
    const fixture = fixtureWith(
      {},
      {
        pauses: () => {
          readings += 1;
          return readings === 1 ? Promise.resolve([]) : Promise.reject(new Error('EIO'));
        },
      },
    );
    // One more than a reading claims.
    await enqueue(fixture, 'ada', ...range(1, 51));
    const shown: unknown[] = [];
    const ignore = (): void => undefined;
    const monitor = {
      started: ignore,
      polled: ignore,
      passed: ignore,
      failed: ignore,
      sleepsUntil: ignore,
      holds: (found: unknown) => void shown.push(found),
    };

    expect(await passesOf(fixture, { ...fixture.deps, monitor }).claim()).to.equal(50);
    expect(shown).to.deep.equal([undefined]);
  });
});
