// Tests daemons that see each other's jobs or tasks, but not both: of two ClearML servers on one cluster, and of two clusters on one server.
import { expect } from 'chai';
import type { TaskId } from '../../src/clearml/ids.ts';
import type { DaemonDeps } from '../../src/daemon/deps.ts';
import { createPeers } from '../../src/daemon/poll/peers.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../simulation/queues.ts';
import type { PendingCalls } from '../simulation/pending-calls.ts';
import { createServer } from '../simulation/server.ts';
import { createCluster, FACTS, type Cluster } from '../simulation/simulated-slurm.ts';
import { advance, startDaemon } from './run-daemon.ts';
import { createStepFixture, type StepFixture } from './step-fixture.ts';

const MINUTE_MS = 60_000;

/** Calls that all get their response. */
const CALLS: PendingCalls = {
  pending: new Set(),
  drop: () => undefined,
  request: async ({ effect }) => effect(),
};

async function enqueued(fixture: StepFixture, count: number): Promise<TaskId[]> {
  const tasks: TaskId[] = [];
  for (let number = 1; number <= count; number += 1) tasks.push(await fixture.enqueued(number));
  return tasks;
}

function statesOf({ jobs }: Cluster): string[] {
  return jobs.map(({ state }) => state);
}

describe('two daemons of one Unix user and cluster, but different ClearML servers,', () => {
  it("do not cancel each other's jobs (D-19)", async () => {
    const fixture = createStepFixture();
    const { clock, cluster } = fixture;
    const tasks = await enqueued(fixture, 3);
    const first = startDaemon(fixture.deps);
    await advance(clock, 2 * MINUTE_MS);

    const staging = createServer(clock, CALLS, () => undefined);
    staging.addQueue(OWN_QUEUE, 'own');
    staging.addQueue(SCHEDULER_QUEUE, 'slurm_scheduler');
    const second = startDaemon({ ...fixture.peer(2), clearml: staging.clientOf(2) });
    await advance(clock, 60 * MINUTE_MS);

    expect(statesOf(cluster)).to.deep.equal(['PENDING', 'PENDING', 'PENDING']);
    for (const task of tasks) expect((await fixture.read(task))?.status).to.equal('queued');
    first.stop();
    second.stop();
    await Promise.all([first.ended, second.ended]);
  });
});

describe('two daemons of one queue on two unnamed clusters', () => {
  /** The second daemon has the mark that sorts first. */
  function ofSecondCluster(fixture: StepFixture): { readonly deps: DaemonDeps; readonly cluster: Cluster } {
    const cluster = createCluster(fixture.clock, CALLS);
    const who = { worker: 'login2:slurm', mark: 'aaaa2' };
    const deps: DaemonDeps = {
      ...fixture.peer(2),
      ...who,
      scheduler: cluster.schedulerOf(2),
      cluster: { ...FACTS, clusterName: 'c2' },
      peers: createPeers({ ...who, queues: [OWN_QUEUE], schedulerQueue: SCHEDULER_QUEUE, cluster: 'c2' }),
    };
    return { deps, cluster };
  }

  it('submit no second job while the first job waits on the other cluster (D-20)', async () => {
    const fixture = createStepFixture();
    const { clock } = fixture;
    await enqueued(fixture, 3);
    const first = startDaemon(fixture.deps);
    await advance(clock, 2 * MINUTE_MS);
    const { deps, cluster } = ofSecondCluster(fixture);
    const second = startDaemon(deps);
    await advance(clock, 60 * MINUTE_MS);

    expect(statesOf(cluster)).to.deep.equal([]);
    expect(statesOf(fixture.cluster)).to.deep.equal(['PENDING', 'PENDING', 'PENDING']);
    first.stop();
    second.stop();
    await Promise.all([first.ended, second.ended]);
  });

  it('submit no second job between the gate of the first job and the start of the task', async () => {
    const fixture = createStepFixture();
    const { clock, server } = fixture;
    const [task = ''] = await enqueued(fixture, 1);
    const first = startDaemon(fixture.deps);
    await advance(clock, 2 * MINUTE_MS);
    const { deps, cluster } = ofSecondCluster(fixture);
    const second = startDaemon(deps);
    await advance(clock, 2 * MINUTE_MS);
    Object.assign(fixture.cluster.jobs[0] ?? {}, { state: 'RUNNING', startAt: clock.now() });
    await server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
    await advance(clock, 10 * MINUTE_MS);

    expect(statesOf(cluster)).to.deep.equal([]);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);
    first.stop();
    second.stop();
    await Promise.all([first.ended, second.ended]);
  });

  it('do not change a running task if a pending job on the other cluster has the same job id', async () => {
    const fixture = createStepFixture();
    const { clock, server } = fixture;
    const [task = ''] = await enqueued(fixture, 1);
    const first = startDaemon(fixture.deps);
    await advance(clock, MINUTE_MS);
    const second = startDaemon(ofSecondCluster(fixture).deps);
    await advance(clock, MINUTE_MS);
    const [job] = fixture.cluster.jobs;
    expect(job).to.include({ id: '1', state: 'PENDING' });

    await server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
    await server.call('tasks.started', { task, force: true });
    await server.call('workers.status_report', { worker: 'login2:slurm:1', task, timestamp: clock.now() });
    await advance(clock, 2 * MINUTE_MS);

    expect((await fixture.read(task as TaskId))?.status).to.equal('in_progress');
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
    first.stop();
    second.stop();
    await Promise.all([first.ended, second.ended]);
  });
});
