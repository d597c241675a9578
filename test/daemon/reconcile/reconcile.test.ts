// Following: what a look is a judge of, whose record counts, and what an answer that did not come means.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import { follow } from '../../../src/daemon/reconcile/reconcile.ts';
import type { View } from '../../../src/daemon/poll/poll.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { createDesk, type Desk } from '../desk.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { attempt, entryOf } from '../sightings.ts';

const go = new AbortController().signal;

/** A parked task with a job, which is followed. */
async function followed(desk: Desk): Promise<TaskId> {
  const task = await desk.enqueued(1);
  await desk.server.call('queues.get_next_task', { queue: OWN_QUEUE });
  await desk.server.call('queues.add_task', { queue: SCHEDULER_QUEUE, task, update_execution_queue: false });
  await desk.glue.scheduler.submit({ jobName: `clearml_task_${task}-${attempt(1)}`, script: 'login1:slurm' });
  await desk.glue.journal.write(entryOf({ task, queue: OWN_QUEUE, jobId: '1' as JobId, stepAt: desk.clock.now() }));
  return task;
}

function judge({ glue, ways }: Desk, view: View): Promise<boolean> {
  return follow(glue, ways, view, go);
}

describe('following', () => {
  it('S-29 does not judge by a look that began before the job was known', async () => {
    const desk = createDesk();
    const early = await desk.look();
    const task = await followed(desk);
    await judge(desk, early);
    expect(desk.glue.journal.entries.get(task)).to.not.have.property('absentSince');

    const late = { ...(await desk.look()), jobs: new Map() };
    await judge(desk, late);
    expect(desk.glue.journal.entries.get(task)).to.have.property('absentSince');
  });

  it('S-44 does not believe the record of an id that was handed out again', async () => {
    const desk = createDesk();
    const stranger = {
      name: 'somebody else',
      stateWord: 'FAILED',
      exitCode: 77,
      exitSignal: undefined,
      outputPath: '/home/somebody/secret.out',
      nodes: 'n9',
      timeLimit: undefined,
      reason: undefined,
      restarts: 0,
    };
    const { scheduler } = desk.glue;
    const glue = { ...desk.glue, scheduler: { ...scheduler, record: () => Promise.resolve(stranger) } };
    const task = await followed(desk);
    const [job] = desk.cluster.jobs;
    if (job !== undefined) desk.cluster.end(job, 'FAILED', 1);
    await follow(glue, desk.ways, await desk.look(), go);

    expect((await desk.read(task))?.status).to.equal('failed');
    expect(desk.said(task).join('\n'))
      .to.match(/job 1 ended FAILED/)
      .and.not.match(/77|secret|n9/);
  });

  it('S-21 concludes nothing for a job that is absent while it can not be looked up', async () => {
    const desk = createDesk();
    const task = await followed(desk);
    desk.cluster.crash();
    for (let round = 0; round < 3; round += 1) await judge(desk, await desk.look());
    desk.fate = ({ endpoint }) => (endpoint === 'look up' ? 'not made' : undefined);
    desk.clock.pass(24 * 3_600_000);
    for (let round = 0; round < 3; round += 1) await judge(desk, await desk.look());

    expect((await desk.read(task))?.status).to.equal('queued');
    expect(desk.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
    expect(desk.logged.filter((line) => line.includes('could not be looked up'))).to.have.length(3);
  });

  it('leaves the job of a living neighbour to it, without touching job or task', async () => {
    const desk = createDesk();
    const glue = { ...desk.glue, neighbours: { ...desk.glue.neighbours, isOurs: () => false } };
    const task = await followed(desk);
    const before = await desk.read(task);
    await follow(glue, desk.ways, await desk.look(), go);

    expect(desk.glue.journal.entries.size).to.equal(0);
    expect(await desk.read(task)).to.deep.equal(before);
    expect(desk.cluster.jobs[0]).to.include({ state: 'PENDING' });
    expect(desk.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
  });

  for (const { what, cancelled } of [
    { what: 'an extra job', cancelled: (id: JobId) => ({ jobId: '99' as JobId, cancelledExtras: [id] }) },
    { what: 'its own job', cancelled: (jobId: JobId) => ({ jobId, cancelledFor: 'the task was taken out' }) },
  ]) {
    it(`remembers ${what} that it has cancelled for as long as Slurm shows it, whoever follows the task`, async () => {
      const desk = createDesk();
      const glue = { ...desk.glue, neighbours: { ...desk.glue.neighbours, isOurs: () => false } };
      const task = await followed(desk);
      const [job] = desk.cluster.jobs;
      const entry = desk.glue.journal.entries.get(task);
      if (job === undefined || entry === undefined) throw new Error('nothing is followed');
      await desk.glue.journal.write({ ...entry, ...cancelled(job.id) });
      await follow(glue, desk.ways, await desk.look(), go);
      expect([...desk.glue.journal.entries.keys()]).to.deep.equal([task]);

      desk.cluster.vanish(job);
      await follow(glue, desk.ways, await desk.look(), go);
      expect(desk.glue.journal.entries.size).to.equal(0);
    });
  }
});
