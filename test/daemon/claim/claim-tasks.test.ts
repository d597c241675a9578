// Tests that tasks are claimed in order, only if they may be, and without delaying the poll.
import { expect } from 'chai';
import { setImmediate as turn } from 'node:timers/promises';
import type { QueueId } from '../../../src/clearml/ids.ts';
import { createRateLimit } from '../../../src/base/token-bucket.ts';
import { claimOneTask } from '../../../src/daemon/claim/claim-one-task.ts';
import type { DaemonDeps } from '../../../src/daemon/deps.ts';
import { claimOnce, createClaims } from '../run-daemon.ts';
import { createStepFixture, taskNumber, type StepFixture } from '../step-fixture.ts';
import { fullJournal } from '../journal-at-task-limit.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';

const go = new AbortController().signal;

describe('when it claims tasks, the daemon', () => {
  it('claims nothing while it tracks its maximum number of tasks', async () => {
    const fixture = createStepFixture();
    await fixture.enqueued(1);
    const deps = { ...fixture.deps, journal: fullJournal(fixture.deps.journal) };

    expect(await claimOnce({ ...fixture, deps })).to.equal(0);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
  });

  it("submits each queued task, and writes the claim and the job id to the task's console", async () => {
    const fixture = createStepFixture();
    const tasks = [await fixture.enqueued(1), await fixture.enqueued(2)];

    expect(await claimOnce(fixture)).to.equal(2);

    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.have.members([1, 2]);
    expect(fixture.cluster.jobs).to.have.length(2);
    for (const task of tasks) {
      expect(fixture.consoleOf(task)).to.deep.equal([
        'Claimed from queue "own" by clearml-agent-slurm 0.1.0 (login1:slurm).',
        `Submitted as Slurm job ${fixture.cluster.jobs.find((job) => job.task === task)?.id} to cluster "c1".`,
      ]);
    }
  });

  it('claims nothing from a queue in the first pass if the first task still has a live job', async () => {
    const fixture = createStepFixture();
    const task = await fixture.enqueued(1);
    await fixture.enqueued(2);
    await fixture.deps.scheduler.submit({ jobName: `clearml_task_${task}-oldattempt01`, script: '' });

    expect(await claimOnce(fixture)).to.equal(0);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1, 2]);
  });

  it('submits only one job for a task that is in two served queues', async () => {
    for (const isSecond of [false, true]) {
      const fixture = fixtureWithTwoQueues();
      const task = await fixture.enqueued(1);
      await fixture.server.call('queues.add_task', { queue: OTHER_QUEUE, task, update_execution_queue: isSecond });

      for (let pass = 1; pass <= 2; pass += 1) await claimOnce(fixture);

      expect(fixture.calls.filter((label) => label.startsWith('sbatch'))).to.have.length(1);
      expect(fixture.deps.journal.entries.get(task)).to.include({
        step: 'following',
        jobId: fixture.cluster.jobs[0]?.id,
      });
      expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
    }
  });

  it('does not claim a tracked task again if another queue still contains the task', async () => {
    const fixture = createStepFixture();
    const task = await fixture.enqueued(1);
    await claimOnce(fixture);
    const tracked = fixture.deps.journal.entries.get(task);
    await fixture.server.call('queues.add_task', { queue: OTHER_QUEUE, task });
    const [own] = fixture.deps.queues;
    if (own === undefined) throw new Error('no queue');
    const entry = { task, added: fixture.clock.now() };

    const claimed = await claimOneTask(fixture.deps, { queue: { ...own, id: OTHER_QUEUE, name: 'other' }, entry });

    expect(claimed).to.equal(undefined);
    expect(fixture.deps.journal.entries.get(task)).to.equal(tracked);
    expect(fixture.waiting(OTHER_QUEUE)).to.deep.equal([1]);
  });

  it('removes the queue entry of a deleted task, and submits the next task', async () => {
    const fixture = createStepFixture();
    await fixture.server.call('queues.add_task', { queue: OWN_QUEUE, task: taskNumber(9) });
    await fixture.enqueued(1);

    await claimOnce(fixture);

    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);
    expect(fixture.deps.journal.entries.has(taskNumber(9))).to.equal(false);
    expect(fixture.cluster.jobs).to.have.length(1);
  });

  it('does not claim a task that another daemon claims first', async () => {
    const fixture = createStepFixture();
    const task = await fixture.enqueued(1);
    fixture.fate = ({ endpoint }) => {
      if (endpoint !== 'queues.get_next_task') return undefined;
      void fixture.server.call('queues.get_next_task', { queue: OWN_QUEUE, task });
      return 'answered';
    };

    expect(await claimOnce(fixture)).to.equal(0);
    expect(fixture.deps.journal.entries.size).to.equal(0);
  });

  it("aborts a task again if the claim has undone the user's abort (C-04)", async () => {
    const fixture = createStepFixture();
    const task = await fixture.enqueued(1);
    const snapshot = await fixture.poll();
    // The entry remains if the abort looks for it in another queue.
    const { execution, ...document } = fixture.server.store.tasks.get(task) ?? expect.fail('no such task');
    fixture.server.store.tasks.put({ ...document, execution: { ...execution, queue: OTHER_QUEUE } });
    await fixture.server.call('tasks.stop', { task });
    const stopped = fixture.server.store.tasks.get(task) ?? expect.fail('no such task');
    fixture.server.store.tasks.put({ ...stopped, execution });

    const { claimer, pool } = createClaims(fixture.deps);
    await claimer.claimTasks(snapshot, { until: fixture.clock.now() + 1_000, signal: go });
    await pool.finish();

    expect(fixture.cluster.jobs).to.have.length(0);
    expect(await fixture.read(task)).to.include({ status: 'stopped', statusMessage: stopped.status_message });
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
    expect(fixture.deps.journal.entries.size).to.equal(0);
  });

  it('writes only one console line if backpressure returns a task to its queue three times', async () => {
    const fixture = createStepFixture();
    const task = await fixture.enqueued(1);
    await fixture.enqueued(2);

    for (let round = 0; round < 3; round += 1) {
      fixture.cluster.nextFate = 'backpressure';
      fixture.fate = ({ endpoint }) =>
        endpoint === 'sbatch' ? ((fixture.cluster.nextFate = 'backpressure'), undefined) : undefined;
      await claimOnce(fixture);
    }

    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1, 2]);
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
    expect(fixture.consoleOf(task)).to.deep.equal([
      'Claimed from queue "own" by clearml-agent-slurm 0.1.0 (login1:slurm).',
      'Returned to the front of queue "own": Slurm accepts no more jobs now: MaxJobCount limit reached.',
    ]);
    expect((await fixture.read(task))?.statusMessage).to.match(/^Returned to the front/);
  });

  it('keeps the queue order of the tasks that backpressure returns, even if sbatch responds in another order (S-05)', async () => {
    for (const slowest of [1, 2, 3, 4]) {
      const given = createStepFixture();
      const held: (() => void)[] = [];
      const fixture: StepFixture = createStepFixture({
        scheduler: {
          ...given.deps.scheduler,
          submit: async ({ jobName }) => {
            if (jobName.includes(taskNumber(slowest))) await new Promise<void>((resolve) => held.push(resolve));
            return { kind: 'backpressure', message: 'MaxJobCount limit reached' };
          },
        },
      });
      for (let number = 1; number <= 6; number += 1) await fixture.enqueued(number);
      const done = claimOnce(fixture);
      for (let turns = 0; turns < 50; turns += 1) await turn();
      for (const letGo of held) letGo();
      await done;

      expect(fixture.waiting(OWN_QUEUE), `the answer about ${slowest} came last`).to.deep.equal([1, 2, 3, 4, 5, 6]);
      expect(fixture.deps.journal.entries.size).to.equal(0);
    }
  });

  it('submits a burst of four jobs at once, and later jobs at the rate limit (S-15)', async () => {
    const fixture = createStepFixture({ rateLimit: createRateLimit({ perSecond: 2, burst: 4 }) });
    for (let number = 1; number <= 20; number += 1) await fixture.enqueued(number);
    const round = claimOnce(fixture, 60_000);
    const counts: number[] = [];
    for (let second = 0; second < 5; second += 1) {
      for (let turns = 0; turns < 200; turns += 1) await turn();
      counts.push(fixture.cluster.jobs.length);
      fixture.clock.pass(500);
      for (let turns = 0; turns < 200; turns += 1) await turn();
      fixture.clock.pass(500);
    }
    fixture.clock.pass(60_000);
    await round;

    expect(counts).to.deep.equal([4, 4, 7, 10, 10]);
  });

  it('stops claiming from a long queue when the next poll is due', async () => {
    const fixture = createStepFixture();
    for (let number = 1; number <= 30; number += 1) await fixture.enqueued(number);
    fixture.fate = ({ kind }) => (kind === 'sbatch' ? 'never answered' : undefined);
    const until = fixture.clock.now() + 15_000;

    const round = createClaims(fixture.deps).claimer.claimTasks(await fixture.poll(), { until, signal: go });
    while (fixture.clock.nextWakeAt() === undefined) await turn();
    fixture.clock.pass(15_000);

    expect(await round).to.equal(20);
    expect(fixture.waiting(OWN_QUEUE)).to.have.length(10);
  });

  it('stops claiming in time for the next poll even if the clock is set back by a day', async () => {
    let backMs = 0;
    const { deps } = createStepFixture();
    const clock = { ...deps.clock, now: () => fixture.clock.now() - backMs };
    const fixture = createStepFixture({ clock });
    for (let number = 1; number <= 100; number += 1) await fixture.enqueued(number);
    fixture.fate = ({ endpoint }) => {
      if (endpoint === 'queues.get_next_task') backMs = 24 * 3_600_000;
      return undefined;
    };

    expect(await claimOnce(fixture)).to.be.within(1, 20);
  });

  it('logs once that a served queue was deleted, and continues to claim from the other queues', async () => {
    const fixture = createStepFixture();
    const [own] = fixture.deps.queues;
    if (own === undefined) throw new Error('no queue');
    const gone = { ...own, id: 'd'.repeat(32) as QueueId, name: 'gone' };
    const both = createStepFixture({ queues: [gone, own] });
    await both.enqueued(1);

    await claimOnce(both);

    expect(both.cluster.jobs).to.have.length(1);
    expect(both.logged.filter((line) => line.includes('no longer exists'))).to.have.length(1);
  });

  it('claims 120 tasks in their queue order, and reads at most 50 queue entries at once', async () => {
    const fixture = createStepFixture({ rateLimit: createRateLimit({ perSecond: 1_000, burst: 1_000 }) });
    const tasks = Array.from({ length: 120 }, (_, index) => index + 1);
    for (const number of tasks) await fixture.enqueued(number);
    const sizes = recordReadings(fixture);

    expect(await claimOnce(fixture)).to.equal(120);

    expect(sizes.length).to.be.greaterThan(1);
    expect(Math.max(...sizes)).to.equal(50);
    const pops = fixture.calls.filter((label) => label.startsWith('queues.get_next_task'));
    expect(pops).to.deep.equal(tasks.map((number) => `queues.get_next_task of task ${number}`));
  });

  it('first claims the task that follows 60 unreadable queue entries, and then the tasks of the next queue', async () => {
    const fixture = fixtureWithTwoQueues({ rateLimit: createRateLimit({ perSecond: 0.001, burst: 1 }) });
    for (let number = 1; number <= 60; number += 1)
      await fixture.server.call('queues.add_task', { queue: OWN_QUEUE, task: `no task ${number}` });
    await fixture.enqueued(1);
    fixture.server.addTask(taskNumber(2), 'task 2');
    await fixture.server.call('tasks.enqueue', { task: taskNumber(2), queue: OTHER_QUEUE });
    const sizes = recordReadings(fixture);

    const round = claimOnce(fixture, 60_000);
    while (fixture.clock.nextWakeAt() === undefined) await turn();
    fixture.clock.pass(60_000);

    expect(await round).to.equal(1);
    expect(fixture.cluster.jobs.map(({ task }) => task)).to.deep.equal([taskNumber(1)]);
    expect(sizes).to.deep.equal([50, 61]);
  });
});

/** Serves both queues. */
function fixtureWithTwoQueues(overrides: Partial<DaemonDeps> = {}): StepFixture {
  const [own] = createStepFixture().deps.queues;
  if (own === undefined) throw new Error('no queue');
  return createStepFixture({ queues: [own, { ...own, id: OTHER_QUEUE, name: 'other' }], ...overrides });
}

/** The lengths of the longest lists of entries that each reading of the served queues returned. */
function recordReadings({ server }: StepFixture): number[] {
  const sizes: number[] = [];
  server.garble = (endpoint, answer, body) => {
    if (endpoint === 'queues.get_all' && 'id' in body) {
      const queues = answer['queues'] as readonly { readonly entries: readonly unknown[] }[];
      sizes.push(Math.max(...queues.map(({ entries }) => entries.length)));
    }
    return answer;
  };
  return sizes;
}
