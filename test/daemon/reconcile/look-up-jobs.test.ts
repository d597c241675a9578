// Tests that accounting is not queried in each pass about a task whose agent runs on although Slurm has forgotten its job.
import { expect } from 'chai';
import { SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { advance, startDaemon } from '../run-daemon.ts';
import { createStepFixture } from '../step-fixture.ts';

const MINUTE_MS = 60_000;

describe('a job that Slurm has forgotten', () => {
  it('is looked up every five minutes until its agent is silent, and then its task fails', async () => {
    const fixture = createStepFixture();
    const { server, cluster, clock, deps } = fixture;
    const task = await fixture.enqueued(1);
    const run = startDaemon(deps);
    await advance(clock, MINUTE_MS);
    const [job] = cluster.jobs;
    if (job === undefined) throw new Error('there is no job');
    await server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
    await server.call('tasks.started', { task, force: true });
    cluster.vanish(job);
    const report = (): Promise<unknown> =>
      server.call('workers.status_report', { worker: `${job.worker}:${job.id}`, task, timestamp: clock.now() });
    const lookUps = (): number => fixture.calls.filter((label) => label.includes('look up')).length;
    for (let minute = 0; minute < 20; minute += 1) {
      await report();
      await advance(clock, MINUTE_MS);
    }
    const before = lookUps();
    for (let minute = 0; minute < 60; minute += 1) {
      await report();
      await advance(clock, MINUTE_MS);
    }

    expect(lookUps() - before).to.be.within(10, 13);
    expect((await fixture.read(task))?.status).to.equal('in_progress');
    await advance(clock, deps.gracePeriods.absentMs + MINUTE_MS);
    expect((await fixture.read(task))?.status).to.equal('failed');
    await run.end();
  });
});
