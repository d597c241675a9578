// Tests daemons of one Unix user on one cluster and queue that park tasks in different scheduler queues: side by side, and one after the other.
import { expect } from 'chai';
import type { QueueId, TaskId } from '../../src/clearml/ids.ts';
import type { DaemonDeps } from '../../src/daemon/deps.ts';
import { createPeers } from '../../src/daemon/poll/peers.ts';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from '../simulation/queues.ts';
import { FACTS } from '../simulation/simulated-slurm.ts';
import { advance, startDaemon, runFor } from './run-daemon.ts';
import { createStepFixture, type StepFixture } from './step-fixture.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const OTHER_SCHEDULER_QUEUE = 'd'.repeat(32) as QueueId;

/** These dependencies with another scheduler queue, as after a restart. */
function withOtherSchedulerQueue(deps: DaemonDeps): DaemonDeps {
  const { worker, mark } = deps;
  const schedulerQueue = OTHER_SCHEDULER_QUEUE;
  const peers = createPeers({ worker, mark, queues: [OWN_QUEUE], schedulerQueue, cluster: FACTS.clusterName });
  return { ...deps, schedulerQueue, busy: new Set(), peers };
}

function fixtureWith(name: string): StepFixture {
  const fixture = createStepFixture();
  fixture.server.addQueue(OTHER_SCHEDULER_QUEUE, name);
  return fixture;
}

async function enqueued(fixture: StepFixture, count: number): Promise<TaskId[]> {
  const tasks: TaskId[] = [];
  for (let number = 1; number <= count; number += 1) tasks.push(await fixture.enqueued(number));
  return tasks;
}

/** Runs a daemon until the jobs of three tasks wait in Slurm, and stops it. */
async function submitThree(fixture: StepFixture): Promise<TaskId[]> {
  const tasks = await enqueued(fixture, 3);
  await runFor(fixture, 2 * MINUTE_MS);
  expect(statesOf(fixture)).to.deep.equal(['PENDING', 'PENDING', 'PENDING']);
  return tasks;
}

function statesOf({ cluster }: StepFixture): string[] {
  return cluster.jobs.map(({ state }) => state);
}

/** The scheduler queues of the rendered job scripts. */
function recordGates(deps: DaemonDeps): { readonly deps: DaemonDeps; readonly gates: string[] } {
  const gates: string[] = [];
  const queues = deps.queues.map((queue) => ({
    ...queue,
    template: {
      ...queue.template,
      render: (...[variables, blocks, additions]: Parameters<typeof queue.template.render>) => {
        const text = JSON.stringify(blocks);
        gates.push(...[SCHEDULER_QUEUE, OTHER_SCHEDULER_QUEUE].filter((id) => text.includes(id)));
        return queue.template.render(variables, blocks, additions);
      },
    },
  }));
  return { deps: { ...deps, queues }, gates };
}

for (const [title, name, next] of [
  ['restarts with another scheduler_queue', 'slurm_gpu', (fixture: StepFixture): DaemonDeps => fixture.deps],
  ['restarts with a new cluster name or with --ssh', 'any_name', (fixture: StepFixture) => fixture.peer(2)],
] as const)
  describe(`a daemon that ${title}`, () => {
    it('keeps the jobs of the tasks in the old scheduler queue (D-18)', async () => {
      const fixture = fixtureWith(name);
      const tasks = await submitThree(fixture);

      const deps = withOtherSchedulerQueue(next(fixture));
      const after = startDaemon(deps);
      await advance(fixture.clock, DAY_MS);

      expect(statesOf(fixture)).to.deep.equal(['PENDING', 'PENDING', 'PENDING']);
      expect([...deps.journal.entries.keys()]).to.have.members(tasks);
      expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1, 2, 3]);
      await after.end();
    });

    it('tracks the tasks in the old scheduler queue, but parks new tasks in the new queue', async () => {
      const fixture = fixtureWith(name);
      const { clock, cluster, server } = fixture;
      const [aborted = '', run = '', requeued = ''] = await submitThree(fixture);
      const deps = withOtherSchedulerQueue(next(fixture));
      const after = startDaemon(deps);
      await advance(clock, 5 * MINUTE_MS);

      await server.call('tasks.dequeue', { task: aborted });
      const [, ofRun, ofRequeued] = cluster.jobs;
      for (const [job, task] of [
        [ofRun, run],
        [ofRequeued, requeued],
      ] as const) {
        Object.assign(job ?? {}, { state: 'RUNNING', startAt: clock.now() });
        await server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
        await server.call('tasks.started', { task, force: true });
        const worker = `${job?.worker}:${job?.id}`;
        await server.call('workers.status_report', { worker, task, timestamp: clock.now() });
      }
      await fixture.enqueued(4);
      await advance(clock, MINUTE_MS);
      await server.call('tasks.completed', { task: run });
      if (ofRun !== undefined) cluster.end(ofRun, 'COMPLETED', 0);
      if (ofRequeued !== undefined) cluster.requeue(ofRequeued);
      await advance(clock, 5 * MINUTE_MS);

      expect(statesOf(fixture)).to.deep.equal(['CANCELLED', 'COMPLETED', 'PENDING', 'PENDING']);
      expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([3]);
      expect(fixture.waiting(OTHER_SCHEDULER_QUEUE)).to.deep.equal([4]);
      expect((await fixture.read(requeued as TaskId))?.status).to.equal('queued');
      await after.end();
    });

    it('names the old queue in the job script when it resubmits a task from the old queue', async () => {
      const fixture = fixtureWith(name);
      const { clock, cluster } = fixture;
      await submitThree(fixture);
      const { deps, gates } = recordGates(withOtherSchedulerQueue(next(fixture)));
      const after = startDaemon(deps);
      await advance(clock, 5 * MINUTE_MS);

      const [job] = cluster.jobs;
      if (job !== undefined) cluster.end(job, 'FAILED', JOB_EXIT_CODES.gateClosed.code);
      await advance(clock, 5 * MINUTE_MS);

      expect(statesOf(fixture)).to.deep.equal(['FAILED', 'PENDING', 'PENDING', 'PENDING']);
      expect(gates).to.deep.equal([SCHEDULER_QUEUE]);
      await after.end();
    });
  });

async function withoutSchedulerQueues({ deps: { journal } }: StepFixture): Promise<void> {
  for (const entry of [...journal.entries.values()]) await journal.write({ ...entry, schedulerQueue: undefined });
}

it('the daemon cancels the job of a moved task even if the journal entry names no scheduler queue', async () => {
  const fixture = fixtureWith('any_name');
  const [moved = ''] = await submitThree(fixture);
  await withoutSchedulerQueues(fixture);
  await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task: moved });
  await fixture.server.call('tasks.enqueue', { task: moved, queue: OTHER_QUEUE, force: true });

  const after = startDaemon(withOtherSchedulerQueue(fixture.deps));
  await advance(fixture.clock, 5 * MINUTE_MS);

  expect(statesOf(fixture)).to.deep.equal(['CANCELLED', 'PENDING', 'PENDING']);
  expect(fixture.waiting(OTHER_QUEUE)).to.deep.equal([1]);
  await after.end();
});

it('after a restart with another scheduler_queue, the daemon keeps jobs whose journal entries name no scheduler queue', async () => {
  const fixture = fixtureWith('any_name');
  const tasks = await submitThree(fixture);
  await withoutSchedulerQueues(fixture);

  const after = startDaemon(withOtherSchedulerQueue(fixture.deps));
  await advance(fixture.clock, DAY_MS);

  expect(statesOf(fixture)).to.deep.equal(['PENDING', 'PENDING', 'PENDING']);
  expect([...fixture.deps.journal.entries.keys()]).to.have.members(tasks);
  await after.end();
});

describe('a local daemon and an --ssh daemon of the same queue and Unix user', () => {
  it("neither adopt nor cancel each other's jobs (D-18)", async () => {
    const fixture = fixtureWith('slurm_scheduler.login1');
    const tasks = await enqueued(fixture, 3);
    const first = startDaemon(fixture.deps);
    await advance(fixture.clock, 2 * MINUTE_MS);
    const over = withOtherSchedulerQueue(fixture.peer(2));
    const second = startDaemon(over);
    await advance(fixture.clock, 120 * MINUTE_MS);

    expect(statesOf(fixture)).to.deep.equal(['PENDING', 'PENDING', 'PENDING']);
    expect([...fixture.deps.journal.entries.keys()]).to.have.members(tasks);
    expect([...over.journal.entries.keys()]).to.deep.equal([]);
    for (const task of tasks) expect(fixture.consoleOf(task)).to.have.length(3);
    first.stop();
    second.stop();
    await Promise.all([first.ended, second.ended]);
  });
});
