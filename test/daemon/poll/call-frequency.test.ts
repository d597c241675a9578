// Tests how often a daemon calls ClearML and Slurm, and how soon it acts.
import { expect } from 'chai';
import { advance, startDaemon, runFor } from '../run-daemon.ts';
import { createStepFixture, taskNumber } from '../step-fixture.ts';
import { OWN_QUEUE } from '../../simulation/queues.ts';
import { entryOf, NOW } from '../decide/observations.ts';

describe('the daemon', () => {
  it('submits a job for an orphan within 200 s after its start if the grace period is 20 s', async () => {
    const fixture = createStepFixture({ adoptAfterMs: 20_000 });
    await fixture.claimed(1);
    await runFor(fixture, 200_000);

    expect(fixture.cluster.jobs).to.have.length(1);
  });

  it('submits each of 20 new tasks within 5.2 s, even if a poll is due at the same time', async () => {
    const fixture = createStepFixture();
    fixture.fate = ({ endpoint }) => {
      if (endpoint === 'queues.get_all') fixture.clock.pass(30);
      return undefined;
    };
    const run = startDaemon(fixture.deps);
    const waitedMs: number[] = [];
    for (let number = 1; number <= 20; number += 1) {
      await fixture.enqueued(number);
      const began = fixture.clock.now();
      while (fixture.cluster.jobs.length < number) await advance(fixture.clock, 1);
      waitedMs.push(fixture.clock.now() - began);
      await advance(fixture.clock, 1_000 + number * 250);
    }
    await run.end();

    expect(Math.max(...waitedMs)).to.be.below(5_200);
  });

  it('submits a new task after at most one further poll even if a poll takes 20 s', async () => {
    const fixture = createStepFixture();
    await fixture.enqueued(1);
    const run = startDaemon(fixture.deps);
    await advance(fixture.clock, 10_000);
    fixture.fate = ({ endpoint }) => {
      if (endpoint === 'tasks.get_all') fixture.clock.pass(20_000);
      return undefined;
    };
    await advance(fixture.clock, 25_000);
    await fixture.enqueued(2);
    const looksBefore = fixture.calls.filter((call) => call === 'squeue').length;
    while (fixture.cluster.jobs.length < 2) await advance(fixture.clock, 1);
    await run.end();

    expect(fixture.calls.filter((call) => call === 'squeue').length - looksBefore).to.be.at.most(1);
  });

  it('polls Slurm about once a minute if it tracks no jobs (S-35)', async () => {
    const fixture = createStepFixture();
    await runFor(fixture, 600_000);

    expect(fixture.calls.filter((call) => call === 'squeue')).to.have.length.within(9, 11);
  });

  it('polls Slurm about once a minute while no job changes, and still detects a later change (S-35)', async () => {
    const fixture = createStepFixture();
    const task = await fixture.enqueued(1);
    const run = startDaemon(fixture.deps);
    await advance(fixture.clock, 600_000);
    const early = fixture.calls.filter((call) => call === 'squeue').length;
    await advance(fixture.clock, 600_000);
    const late = fixture.calls.filter((call) => call === 'squeue').length - early;
    await fixture.server.call('tasks.stopped', { task });
    await advance(fixture.clock, 66_000);
    await run.end();

    expect(late).to.be.within(9, 11);
    expect(fixture.calls.filter((call) => call.startsWith('scancel'))).to.have.length(1);
  });

  it('looks up 20 missing jobs in one query', async () => {
    const fixture = createStepFixture();
    for (let number = 1; number <= 20; number += 1) {
      await fixture.claimed(number);
      await fixture.deps.journal.write(entryOf({ task: taskNumber(number), queue: OWN_QUEUE, absentSince: NOW }));
    }
    await startDaemon(fixture.deps, { once: true }).ended;

    expect(fixture.calls.filter((call) => call === 'look up')).to.have.length(1);
  });
});
