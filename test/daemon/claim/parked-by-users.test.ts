// Limits and pauses hold, and nobody else waits, although users park tasks themselves: any user of the server may.
import { expect } from 'chai';
import { advance, startDaemon, runFor } from '../run-daemon.ts';
import { taskNumber, type StepFixture } from '../step-fixture.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { enqueue, fixtureWith, range, submittedOf } from './limited-claims.ts';

/** Enqueues tasks, and moves each from its queue to the scheduler queue, as any user may with the API. */
async function parkByHand(fixture: StepFixture, owner: string, ...numbers: readonly number[]): Promise<void> {
  await enqueue(fixture, owner, ...numbers);
  for (const task of numbers.map(taskNumber)) {
    await fixture.server.call('queues.remove_task', { queue: OWN_QUEUE, task });
    await fixture.server.call('queues.add_task', { queue: SCHEDULER_QUEUE, task, update_execution_queue: false });
  }
}

describe('tasks that a user put into the scheduler queue', () => {
  for (const [setting, limits, most] of [
    ['max_jobs', { maxJobs: 4 }, 4],
    ['max_jobs_per_user', { maxJobs: 4, maxJobsPerUser: 2 }, 2],
  ] as const)
    it(`are submitted only until ${setting} is reached`, async () => {
      const fixture = fixtureWith({ limits });
      await parkByHand(fixture, 'eve', ...range(1, 20));

      await runFor(fixture, 600_000);

      expect(submittedOf(fixture)).to.deep.equal(range(1, most));
      expect(fixture.waiting(OWN_QUEUE)).to.deep.equal(range(most + 1, 20));
    });

  for (const [setting, limits] of [
    ['max_jobs', { maxJobs: 5 }],
    ['max_waiting_jobs', { maxWaitingJobs: 5 }],
  ] as const)
    it(`do not count toward the cluster's ${setting} if no daemon serves their execution queue`, async () => {
      const fixture = fixtureWith({}, { limits });
      await parkByHand(fixture, 'eve', ...range(1, 5));
      for (const task of range(1, 5).map(taskNumber)) {
        const document = fixture.server.store.tasks.get(task) ?? expect.fail('no such task');
        fixture.server.store.tasks.put({ ...document, execution: { queue: OTHER_QUEUE } });
      }
      await enqueue(fixture, 'ada', 100);

      await runFor(fixture, 600_000);

      expect(submittedOf(fixture)).to.deep.equal([100]);
    });

  it("count toward the cluster's max_jobs if a peer serves their execution queue", async () => {
    const fixture = fixtureWith({}, { limits: { maxJobs: 1 } });
    await parkByHand(fixture, 'eve', 1);
    const document = fixture.server.store.tasks.get(taskNumber(1)) ?? expect.fail('no such task');
    fixture.server.store.tasks.put({ ...document, execution: { queue: OTHER_QUEUE } });
    await enqueue(fixture, 'ada', 100);
    const row = { ...fixture.peer(2).peers.row(), queues: [OTHER_QUEUE] };
    const run = startDaemon(fixture.deps);
    for (const _minute of range(1, 5)) {
      await fixture.deps.clearml.workers.register(row, 3_600_000);
      await advance(fixture.clock, 60_000);
    }
    await run.end();

    expect(fixture.deps.peers.areAllKnown()).to.equal(true);
    expect(submittedOf(fixture)).to.deep.equal([]);
  });

  it('return to their execution queue without a job while the cluster is paused', async () => {
    const pause = { queue: null, since: 0, until: null, reason: 'maintenance' };
    const fixture = fixtureWith({}, { pauses: () => Promise.resolve([pause]) });
    await parkByHand(fixture, 'eve', 1, 2, 3);

    await runFor(fixture, 600_000);

    expect(submittedOf(fixture)).to.deep.equal([]);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1, 2, 3]);
    expect(fixture.consoleOf(taskNumber(1))).to.deep.equal([
      'Returned to the front of queue "own": no daemon tracked the task, which was parked without a job.',
    ]);
  });
});
