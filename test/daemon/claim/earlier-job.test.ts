// A task that its user enqueues again while its earlier job has not ended: it waits for that job, and the others do not wait for it.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { advance, startDaemon, type DaemonRun } from '../run-daemon.ts';
import { createStepFixture, type StepFixture } from '../step-fixture.ts';
import { messageOf, submittedOf } from './limited-claims.ts';

const MINUTE_MS = 60_000;

describe('a task whose earlier job hangs in state COMPLETING', () => {
  let fixture: StepFixture;
  let daemon: DaemonRun;
  let task: TaskId;

  /** Its agent ran the task, which failed; a process of the job cannot be killed. */
  beforeEach(async () => {
    fixture = createStepFixture();
    const { server, clock } = fixture;
    task = await fixture.enqueued(1);
    daemon = startDaemon(fixture.deps);
    await advance(clock, MINUTE_MS);
    changeJob({ state: 'RUNNING', startAt: clock.now() });
    await server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
    await server.call('tasks.started', { task, force: true });
    await advance(clock, MINUTE_MS);
    await server.call('tasks.failed', { task, force: true });
    changeJob({ state: 'COMPLETING' });
    await advance(clock, MINUTE_MS);
    await server.call('tasks.reset', { task });
    await server.call('tasks.enqueue', { task, queue: OWN_QUEUE });
  });

  afterEach(async () => {
    await daemon.end();
  });

  function changeJob(change: object): void {
    Object.assign(fixture.cluster.jobs[0] ?? expect.fail('no job'), change);
  }

  it('delays the next tasks of the queue only once, by about a minute (S-32)', async () => {
    await fixture.enqueued(2);
    await fixture.enqueued(3);

    await advance(fixture.clock, MINUTE_MS / 2);
    expect(submittedOf(fixture)).to.deep.equal([1]);
    await advance(fixture.clock, MINUTE_MS);

    expect(submittedOf(fixture)).to.deep.equal([1, 2, 3]);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
    await fixture.enqueued(4);
    await advance(fixture.clock, 10_000);
    expect(submittedOf(fixture), 'later tasks do not wait at all').to.deep.equal([1, 2, 3, 4]);
  });

  it('is submitted within a minute after the end of this job', async () => {
    await advance(fixture.clock, 3 * MINUTE_MS);

    expect(await messageOf(fixture, 1)).to.equal(
      `Waits in queue "own": earlier job ${fixture.cluster.jobs[0]?.id} of the task has not ended (COMPLETING); if this lasts, ask the cluster's admins.`,
    );
    changeJob({ state: 'FAILED', endedAt: fixture.clock.now() });
    await advance(fixture.clock, MINUTE_MS);
    expect(submittedOf(fixture)).to.deep.equal([1, 1]);
    expect(await messageOf(fixture, 1)).to.match(/^Slurm job \d+ waits in partition/);
  });

  it('leads to only 10 to 14 cancellations of this job in six hours', async () => {
    await advance(fixture.clock, 6 * 60 * MINUTE_MS);

    const lines = fixture.logged.filter((line) => line.includes('Cancelling'));
    expect(lines.length).to.be.within(10, 14);
  });
});
