// How often a daemon asks ClearML and Slurm, and how soon it acts: seldom at rest, and never idle where there is something to do.
import { expect } from 'chai';
import { pass, start } from './daemon-run.ts';
import { createDesk, taskNumber } from './desk.ts';
import { OWN_QUEUE } from '../simulation/queues.ts';
import { entryOf, NOW } from './sightings.ts';

describe('the pace of a daemon', () => {
  it('finds a task that is in no queue soon after its grace, also one that was too young for that at the start', async () => {
    const desk = createDesk({ adoptMs: 20_000 });
    await desk.enqueued(1);
    await desk.server.call('queues.get_next_task', { queue: OWN_QUEUE });
    const run = start(desk.glue);
    await pass(desk.clock, 200_000);
    run.stop();
    await run.ended;

    expect(desk.cluster.jobs).to.have.length(1);
  });

  it('takes a task by the next look at its queue, also where a look at Slurm is due while that queue is read', async () => {
    const desk = createDesk();
    desk.fate = ({ endpoint }) => {
      if (endpoint === 'queues.get_all') desk.clock.pass(30);
      return undefined;
    };
    const run = start(desk.glue);
    const waitedMs: number[] = [];
    for (let number = 1; number <= 20; number += 1) {
      await desk.enqueued(number);
      const began = desk.clock.now();
      while (desk.cluster.jobs.length < number) await pass(desk.clock, 1);
      waitedMs.push(desk.clock.now() - began);
      await pass(desk.clock, 1_000 + number * 250);
    }
    run.stop();
    await run.ended;

    expect(Math.max(...waitedMs)).to.be.below(5_200);
  });

  it('takes tasks, and rests, also where a look at ClearML takes longer than the time between two', async () => {
    const desk = createDesk();
    await desk.enqueued(1);
    const run = start(desk.glue);
    await pass(desk.clock, 10_000);
    desk.fate = ({ endpoint }) => {
      if (endpoint === 'tasks.get_all') desk.clock.pass(20_000);
      return undefined;
    };
    await pass(desk.clock, 25_000);
    await desk.enqueued(2);
    const looksBefore = desk.calls.filter((call) => call === 'squeue').length;
    while (desk.cluster.jobs.length < 2) await pass(desk.clock, 1);
    run.stop();
    await run.ended;

    expect(desk.calls.filter((call) => call === 'squeue').length - looksBefore).to.be.at.most(1);
  });

  it('S-35 asks Slurm seldom when it has no jobs to follow', async () => {
    const desk = createDesk();
    const run = start(desk.glue);
    await pass(desk.clock, 600_000);
    run.stop();
    await run.ended;

    expect(desk.calls.filter((call) => call === 'squeue')).to.have.length.within(9, 11);
  });

  it('S-35 asks Slurm once a minute when nothing happens to its jobs, and sees within that what does', async () => {
    const desk = createDesk();
    const task = await desk.enqueued(1);
    const run = start(desk.glue);
    await pass(desk.clock, 600_000);
    const early = desk.calls.filter((call) => call === 'squeue').length;
    await pass(desk.clock, 600_000);
    const late = desk.calls.filter((call) => call === 'squeue').length - early;
    await desk.server.call('tasks.stopped', { task });
    await pass(desk.clock, 66_000);
    run.stop();
    await run.ended;

    expect(late).to.be.within(9, 11);
    expect(desk.calls.filter((call) => call.startsWith('scancel'))).to.have.length(1);
  });

  it('looks up all jobs that Slurm no longer shows by one call', async () => {
    const desk = createDesk();
    for (let number = 1; number <= 20; number += 1) {
      await desk.enqueued(number);
      await desk.server.call('queues.get_next_task', { queue: OWN_QUEUE });
      await desk.glue.journal.write(entryOf({ task: taskNumber(number), queue: OWN_QUEUE, absentSince: NOW }));
    }
    await start(desk.glue, { once: true }).ended;

    expect(desk.calls.filter((call) => call === 'look up')).to.have.length(1);
  });
});
