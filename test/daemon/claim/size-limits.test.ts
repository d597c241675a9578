// Limits of nodes and GPUs: the size of each job that counts is known, or has a bound, before another task is claimed.
import { expect } from 'chai';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import { poll } from '../../../src/daemon/poll/poll.ts';
import { formatJobName, newAttempt } from '../../../src/slurm/job-name.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { anotherUser } from '../another-user.ts';
import { entryOf, NOW } from '../decide/observations.ts';
import { taskNumber, type StepFixture } from '../step-fixture.ts';
import {
  enqueue,
  fixtureWith,
  go,
  messageOf,
  metPeer,
  passesOf,
  passesWithoutJournal,
  submittedOf,
} from './limited-claims.ts';
import { createClaims } from '../run-daemon.ts';

describe('in a queue with max_gpus or max_nodes, the daemon', () => {
  /** The task with this number has a job with so many GPUs. */
  const gpusByNumber = (fixture: StepFixture): void => {
    fixture.cluster.sizeOf = (task) => ({ nodes: 1, gpus: Number(task) });
  };

  const sizeReads = ({ calls }: StepFixture): number =>
    calls.filter((label) => label.includes('squeue of sizes')).length;

  it('claims tasks until max_gpus is reached, and shows this limit to the waiting tasks', async () => {
    const fixture = fixtureWith({ limits: { maxGpus: 6 } });
    gpusByNumber(fixture);
    await enqueue(fixture, 'ada', 1, 2, 3, 4, 5);

    expect(await passesOf(fixture).claim()).to.equal(3);

    expect(submittedOf(fixture)).to.deep.equal([1, 2, 3]);
    expect(await messageOf(fixture, 4)).to.equal(
      'Waits in queue "own": the queue has the maximum of 6 GPUs (max_gpus). This task is next.',
    );
    expect(await messageOf(fixture, 5)).to.match(/\(max_gpus\)\. 1 task is ahead of this task/);
  });

  it('exceeds max_nodes by at most one job of unknown size', async () => {
    const fixture = fixtureWith({}, { limits: { maxNodes: 4 } });
    fixture.cluster.sizeOf = () => ({ nodes: 3, gpus: 0 });
    await enqueue(fixture, 'ada', 1, 2, 3, 4);

    await passesOf(fixture).claim();

    expect(submittedOf(fixture)).to.deep.equal([1, 2]);
    expect(await messageOf(fixture, 3)).to.match(
      /the cluster has the maximum of 4 nodes \(max_nodes\)\. This task is next/,
    );
  });

  it('submits no task beyond max_gpus after a restart without the journal', async () => {
    const fixture = fixtureWith({ limits: { maxGpus: 3 } });
    gpusByNumber(fixture);
    await enqueue(fixture, 'ada', 1, 2, 3);
    await passesOf(fixture).claim();

    expect(await passesWithoutJournal(fixture).claim()).to.equal(0);
    expect(submittedOf(fixture)).to.deep.equal([1, 2]);
  });

  it('claims no task until Slurm lists the size of a job that a peer has just submitted', async () => {
    const fixture = fixtureWith({ limits: { maxGpus: 2 } });
    fixture.cluster.sizeOf = () => ({ nodes: 1, gpus: 2 });
    await enqueue(fixture, 'ada', 1, 2);
    const peer = await metPeer(fixture);
    const snapshot = await fixture.poll();
    await passesOf(fixture, peer).claim();
    const { claimer } = createClaims(fixture.deps);

    await claimer.claimTasks(snapshot, { until: fixture.clock.now() + 60_000, signal: go });
    await passesOf(fixture).claim();

    expect(submittedOf(fixture)).to.deep.equal([1]);
  });

  it('claims a task even if Slurm never lists a job for a task that a peer has parked', async () => {
    const fixture = fixtureWith({ limits: { maxGpus: 2 } });
    await enqueue(fixture, 'ada', 1, 2);
    const peer = fixture.peer(2);
    await peer.clearml.queues.pop(OWN_QUEUE, taskNumber(1));
    await peer.clearml.queues.park(SCHEDULER_QUEUE, taskNumber(1));

    await passesOf(fixture).claim();

    expect(submittedOf(fixture)).to.deep.equal([2]);
  });

  /** Task 1 is tracked as this entry after a restart, without a job that Slurm lists; task 2 waits. */
  async function withTracked(fixture: StepFixture, overrides: Partial<Entry>): Promise<void> {
    await enqueue(fixture, 'ada', 1, 2);
    await fixture.deps.clearml.queues.pop(OWN_QUEUE, taskNumber(1));
    await fixture.deps.clearml.queues.park(SCHEDULER_QUEUE, taskNumber(1));
    await fixture.deps.journal.write(entryOf({ task: taskNumber(1), queue: OWN_QUEUE, ...overrides }));
  }

  for (const [what, overrides] of [
    ['has a job of another Unix user', { isOthersJob: true, stepAt: NOW + 3_600_000 }],
    ['has no new job yet', { step: 'following', stepAt: NOW - 60_000 }],
    ['has no new job yet, even if the clock was set back', { step: 'following', stepAt: NOW + 3_600_000 }],
    ['was submitted minutes ago with unknown outcome', { step: 'submitting', stepAt: NOW - 600_000 }],
  ] as const)
    it(`claims a task without waiting for the job size of a tracked task that ${what}`, async () => {
      const fixture = fixtureWith({ limits: { maxGpus: 2 } });
      await withTracked(fixture, overrides);

      await passesOf(fixture).claim();

      expect(submittedOf(fixture)).to.deep.equal([2]);
    });

  it('reads the job sizes only once per poll if Slurm never lists the job of a task', async () => {
    const fixture = fixtureWith({ limits: { maxNodes: 1 } });
    await withTracked(fixture, { isOthersJob: true });
    let snapshot = await fixture.poll();
    const passes = passesOf({ ...fixture, poll: () => Promise.resolve(snapshot) });

    await passes.claim();
    await passes.claim();
    expect(sizeReads(fixture)).to.equal(1);
    snapshot = await fixture.poll();
    await passes.claim();

    expect(sizeReads(fixture)).to.equal(2);
    expect(submittedOf(fixture)).to.deep.equal([]);
  });

  it('claims no task while a task of unknown outcome is resubmitted', async () => {
    const fixture = fixtureWith({ limits: { maxGpus: 2 } });
    await withTracked(fixture, { step: 'submitting', stepAt: NOW - 600_000 });
    const passes = passesOf(fixture);
    await fixture.deps.clearml.queues.removeEntry(OWN_QUEUE, taskNumber(2));
    await passes.claim();

    fixture.deps.busy.add(taskNumber(1));
    await fixture.deps.clearml.queues.returnToQueue(OWN_QUEUE, taskNumber(2));
    await passes.claim();

    expect(submittedOf(fixture)).to.deep.equal([]);
  });

  it('claims a task even if another Unix user has a live job whose daemon is gone', async () => {
    const fixture = fixtureWith({ limits: { maxGpus: 2 } });
    const deps = { ...fixture.deps, scheduler: anotherUser(fixture.deps.scheduler).scheduler };
    const attempt = newAttempt(NOW, 'mark2', '0000');
    fixture.cluster.submit(formatJobName(taskNumber(1), attempt), '');
    const jobId = fixture.cluster.jobs[0]?.id ?? expect.fail('no job');
    await withTracked(fixture, { isOthersJob: true, attempt, jobId });

    await passesOf({ ...fixture, poll: async () => (await poll(deps, go)) ?? expect.fail('no list') }, deps).claim();

    expect(submittedOf(fixture)).to.deep.equal([1, 2]);
  });

  it('claims no task while the outcome of a submission is unknown, and logs the reason after two passes', async () => {
    const fixture = fixtureWith({ limits: { maxGpus: 2 } });
    await withTracked(fixture, { step: 'submitting', stepAt: NOW });
    const passes = passesOf(fixture);
    const line = "info: Slurm does not yet show the size of a task's job; tasks subject to max_nodes or max_gpus wait";
    const lines = (): number => fixture.logged.filter((one) => one === line).length;

    await passes.claim();
    expect(lines()).to.equal(0);
    await passes.claim();
    await passes.claim();

    expect(lines()).to.equal(1);
    expect(fixture.facts.get(line)).to.deep.equal({ task: taskNumber(1) });
    expect(submittedOf(fixture)).to.deep.equal([]);
  });

  it('claims no task after a submission of unknown outcome until a later poll has listed the jobs', async () => {
    const fixture = fixtureWith({ limits: { maxGpus: 2 } });
    await withTracked(fixture, { step: 'submitting', stepAt: NOW - 60_000 });
    const snapshot = { ...(await fixture.poll()), at: NOW - 55_000 };

    await passesOf({ ...fixture, poll: () => Promise.resolve(snapshot) }).claim();

    expect(submittedOf(fixture)).to.deep.equal([]);
  });

  it('claims no task after a submission until a later poll has listed the jobs', async () => {
    const fixture = fixtureWith({ limits: { maxGpus: 2 } });
    await withTracked(fixture, { step: 'following', stepAt: NOW });
    const snapshot = { ...(await fixture.poll()), at: NOW - 1 };

    await passesOf({ ...fixture, poll: () => Promise.resolve(snapshot) }).claim();

    expect(submittedOf(fixture)).to.deep.equal([]);
  });

  it('claims no task, and logs the reason, while squeue fails to list the sizes of the jobs', async () => {
    const fixture = fixtureWith({ limits: { maxGpus: 4 } });
    gpusByNumber(fixture);
    await enqueue(fixture, 'ada', 1, 2);
    const passes = passesOf(fixture);
    await passes.claim();
    await enqueue(fixture, 'ada', 3);
    fixture.fate = ({ endpoint }) => (endpoint === 'squeue of sizes' ? 'not made' : undefined);

    expect(await passes.claim()).to.equal(0);
    expect(fixture.logged.join()).to.include('Cannot read the nodes and GPUs of jobs');
    fixture.fate = () => undefined;
    expect(await passes.claim()).to.equal(1);
  });

  it('reads the job sizes only once per poll while the limit is reached', async () => {
    const fixture = fixtureWith({ limits: { maxGpus: 1 } });
    gpusByNumber(fixture);
    await enqueue(fixture, 'ada', 1, 2);
    const passes = passesOf(fixture);
    await passes.claim();
    const before = sizeReads(fixture);

    await passes.claim();

    expect(sizeReads(fixture) - before).to.equal(1);
  });
});
