// Limits and pauses hold, and nobody else waits, although users park tasks themselves: any user of the server may.
import { expect } from 'chai';
import { advance, startDaemon } from '../run-daemon.ts';
import { taskNumber, type StepFixture } from '../step-fixture.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { enqueue, fixtureWith, range, submittedOf } from './limited-claims.ts';

async function runFor(fixture: StepFixture, ms: number): Promise<void> {
  const run = startDaemon(fixture.deps);
  await advance(fixture.clock, ms);
  run.stop();
  await run.ended;
}

/** Enqueues tasks, and moves each from its queue to the scheduler queue, as any user may with the API. */
async function parkByHand(fixture: StepFixture, owner: string, ...numbers: readonly number[]): Promise<void> {
  await enqueue(fixture, owner, ...numbers);
  for (const task of numbers.map(taskNumber)) {
    await fixture.server.call('queues.remove_task', { queue: OWN_QUEUE, task });
    await fixture.server.call('queues.add_task', { queue: SCHEDULER_QUEUE, task, update_execution_queue: false });
  }
}

describe('if a user parks tasks in the scheduler queue, the daemon', () => {
  for (const [setting, limits, most] of [
    ['max_jobs', { maxJobs: 4 }, 4],
    ['max_jobs_per_user', { maxJobs: 4, maxJobsPerUser: 2 }, 2],
  ] as const)
    it(`submits no more of them than ${setting} permits`, async () => {
      const fixture = fixtureWith({ limits });
      await parkByHand(fixture, 'eve', ...range(1, 20));

      await runFor(fixture, 600_000);

      expect(submittedOf(fixture)).to.deep.equal(range(1, most));
      expect(fixture.waiting(OWN_QUEUE)).to.deep.equal(range(most + 1, 20));
    });

  it('submits none of them while their queue is paused', async () => {
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
