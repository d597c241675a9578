// The status of a cluster: how much of its limits is used, and why tasks ended.
import { expect } from 'chai';
import type { ServerFacts } from '../../../src/clearml/client.ts';
import { causeKey, survey, type Survey } from '../../../src/daemon/status/read-cluster-status.ts';
import { SlurmUnavailableError } from '../../../src/slurm/errors.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { TASK, taskOf } from '../decide/observations.ts';
import { enqueue, fixtureWith, go, passesOf } from '../claim/limited-claims.ts';
import { taskNumber, type StepFixture } from '../step-fixture.ts';

/** The simulated server has no address. */
const SERVER: ServerFacts = {
  apiServer: 'http://simulated',
  apiVersion: '2.31',
  serverVersion: '2.0',
  user: 'self',
  serverAheadMs: 0,
};

describe('the status of a cluster', () => {
  /** The cluster has room for 10 nodes; each job of task N has N nodes. */
  async function usedNodes(
    { deps, clock }: StepFixture,
    scheduler: Pick<StepFixture['deps']['scheduler'], 'list' | 'sizes'> = deps.scheduler,
  ): Promise<Survey['limits']> {
    const { limits } = await survey(
      {
        entries: deps.journal.entries,
        clearml: { ...deps.clearml, connect: () => Promise.resolve(SERVER) },
        scheduler,
        schedulerQueue: SCHEDULER_QUEUE,
        servedQueues: [OWN_QUEUE],
        limits: { maxNodes: 10 },
        endedSinceMs: 60_000,
        now: clock.now(),
      },
      go,
    );
    return limits;
  }

  async function withJobs(...numbers: number[]): Promise<StepFixture> {
    const fixture = fixtureWith({});
    fixture.cluster.sizeOf = (task) => ({ nodes: Number(task), gpus: 0 });
    await enqueue(fixture, 'ada', ...numbers);
    await passesOf(fixture).claim();
    return fixture;
  }

  it('counts the nodes of all jobs toward max_nodes', async () => {
    const fixture = await withJobs(2, 3);

    expect(await usedNodes(fixture)).to.deep.equal([
      { name: 'maxNodes', limit: 10, used: 5, usersAtLimit: undefined, queue: undefined },
    ]);
  });

  it('counts one node for a parked task whose job Slurm does not list', async () => {
    const fixture = await withJobs(2);
    await enqueue(fixture, 'ada', 7);
    await fixture.deps.clearml.queues.pop(OWN_QUEUE, taskNumber(7));
    await fixture.deps.clearml.queues.park(SCHEDULER_QUEUE, taskNumber(7));

    expect(await usedNodes(fixture)).to.deep.equal([
      { name: 'maxNodes', limit: 10, used: 3, usersAtLimit: undefined, queue: undefined },
    ]);
  });

  it('does not show how much of max_nodes is used if squeue returns no job sizes', async () => {
    const fixture = await withJobs(2);
    const { scheduler } = fixture.deps;
    const sizes = (): Promise<never> => Promise.reject(new SlurmUnavailableError('squeue timed out'));

    expect(await usedNodes(fixture, { list: scheduler.list.bind(scheduler), sizes })).to.deep.equal([]);
  });

  it('shows a cause from the history only if the cause belongs to the job in slurm_job_id', async () => {
    const { deps, clock } = fixtureWith({});
    const task = taskOf('failed', {
      statusReason: 'worker execution exit code 3',
      statusMessage: 'Changed by clearml-agent login1:slurm:8',
      slurmJob: '8',
      slurmCancelled: undefined,
    });
    const why = async (job: string | undefined): Promise<string | undefined> => {
      const { ended } = await survey(
        {
          entries: new Map(),
          clearml: {
            ...deps.clearml,
            connect: () => Promise.resolve(SERVER),
            tasks: { ...deps.clearml.tasks, find: () => Promise.resolve([task]) },
          },
          scheduler: deps.scheduler,
          schedulerQueue: SCHEDULER_QUEUE,
          servedQueues: [OWN_QUEUE],
          causes: new Map([[causeKey(TASK, job), 'out of memory']]),
          endedSinceMs: 60_000,
          now: clock.now(),
        },
        go,
      );
      return ended[0]?.why;
    };

    expect(await why('8')).to.equal('The job used more memory than it requested.');
    expect(await why('7')).to.equal("The task's process exited with code 3.");
    expect(await why(undefined)).to.equal("The task's process exited with code 3.");
  });
});
