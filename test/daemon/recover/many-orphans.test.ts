// Many tasks that any user may leave in no queue, or mark as an orphan, do not make each submission list the jobs of all users.
import { expect } from 'chai';
import { FOUND_IN_NO_QUEUE } from '../../../src/daemon/end/status-reasons.ts';
import type { DaemonDeps } from '../../../src/daemon/deps.ts';
import { advance, startDaemon } from '../run-daemon.ts';
import { createStepFixture, taskNumber, type StepFixture } from '../step-fixture.ts';
import { OWN_QUEUE } from '../../simulation/queues.ts';

const COUNT = 60;

/** Runs the daemon for a while. Returns how often it listed the jobs of all users. */
async function countLists(fixture: StepFixture, ms: number): Promise<number> {
  let lists = 0;
  const { scheduler } = fixture.deps;
  const listAllUsers: DaemonDeps['scheduler']['listAllUsers'] = (...given) => {
    lists += 1;
    return scheduler.listAllUsers(...given);
  };
  const run = startDaemon({ ...fixture.deps, scheduler: { ...scheduler, listAllUsers } });
  await advance(fixture.clock, ms);
  await run.end();
  expect(fixture.cluster.jobs.map(({ task }) => task).toSorted()).to.have.length(COUNT);
  return lists;
}

describe('the jobs of all users are listed only a few times', () => {
  it('if many tasks are in no queue', async () => {
    const fixture = createStepFixture();
    for (let number = 1; number <= COUNT; number += 1) {
      const task = await fixture.enqueued(number);
      await fixture.server.call('queues.remove_task', { queue: OWN_QUEUE, task });
    }
    // Once in the search, once in the recovery, and once for each group of tasks that are claimed together.
    expect(await countLists(fixture, 900_000)).to.be.at.most(2 + COUNT / 5);
  });

  it('if many tasks are enqueued with the status reason of an orphan', async () => {
    const fixture = createStepFixture();
    for (let number = 1; number <= COUNT; number += 1) {
      const task = taskNumber(number);
      fixture.server.addTask(task, `task ${number}`);
      await fixture.server.call('tasks.enqueue', { task, queue: OWN_QUEUE, status_reason: FOUND_IN_NO_QUEUE });
    }
    expect(await countLists(fixture, 300_000)).to.be.at.most(COUNT / 5);
  });
});
