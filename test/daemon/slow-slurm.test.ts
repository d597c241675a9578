// One user's jobs all end at once while Slurm's commands are slow or hang: the tasks of other users do not wait for that.
import { expect } from 'chai';
import { formatJobName, newAttempt } from '../../src/slurm/job-name.ts';
import { CommandTimeoutError } from '../../src/transport/errors.ts';
import type { Command } from '../../src/transport/transport.ts';
import type { DaemonDeps } from '../../src/daemon/deps.ts';
import { FACTS } from '../simulation/simulated-slurm.ts';
import { advance, startDaemon } from './run-daemon.ts';
import { createSimulatedScheduler } from './simulated-scheduler.ts';
import { createStepFixture, taskNumber, type StepFixture } from './step-fixture.ts';

interface Bed {
  readonly fixture: StepFixture;
  readonly deps: DaemonDeps;
  /** Runs before each command from now on. */
  slow: (command: Command) => Promise<void>;
}

function createBed(): Bed {
  const fixture = createStepFixture();
  const scheduler = createSimulatedScheduler(fixture, { hasAccounting: true }, (command) => bed.slow(command));
  const deps = { ...fixture.deps, scheduler, cluster: { ...FACTS, hasAccounting: true } };
  const bed: Bed = { fixture, deps, slow: () => Promise.resolve() };
  return bed;
}

/** One user aborts so many waiting tasks. Returns after how many seconds the next task of another user has a job. */
async function waitAfterAborts({ fixture, deps }: Bed, aborted: number, slow: () => void): Promise<number> {
  const { clock, cluster, server } = fixture;
  for (let n = 1; n <= aborted; n += 1) await fixture.enqueued(n);
  const daemon = startDaemon(deps);
  for (let minutes = 0; minutes < 60 && cluster.jobs.length < aborted; minutes += 1) await advance(clock, 60_000);
  slow();
  for (let n = 1; n <= aborted; n += 1) await server.call('tasks.stop', { task: taskNumber(n) });
  await advance(clock, 20_000);
  const from = clock.now();
  await fixture.enqueued(aborted + 1);
  for (let n = 0; n < 600 && cluster.jobs.length === aborted; n += 1) await advance(clock, 1_000);
  const seconds = (clock.now() - from) / 1_000;
  for (let minutes = 0; minutes < 10; minutes += 1) await advance(clock, 60_000);
  daemon.stop();
  await advance(clock, 10_000);
  return seconds;
}

describe("after one user's mass abort of waiting tasks, another user's next task", () => {
  for (const [what, sacctMs] of [
    ['hangs', Infinity],
    ['takes two seconds', 2_000],
  ] as const) {
    it(`gets its job within a minute although sacct ${what} (S-67)`, async () => {
      const bed = createBed();
      const { clock, cluster } = bed.fixture;
      const seconds = await waitAfterAborts(bed, 60, () => {
        bed.slow = async ({ program, timeoutMs }) => {
          if (program !== 'sacct') return;
          await clock.of(1).sleep(Math.min(sacctMs, timeoutMs));
          if (sacctMs > timeoutMs) throw new CommandTimeoutError('sacct', timeoutMs, '', '');
        };
      });

      expect(seconds).to.be.lessThan(60);
      expect(cluster.jobs.filter(({ state }) => state === 'CANCELLED')).to.have.length(60);
      expect([...bed.deps.journal.entries.keys()]).to.deep.equal([taskNumber(61)]);
    });
  }

  it('gets its job within half a minute although 1,000 cancellations take 50 ms each', async () => {
    const bed = createBed();
    const { clock, cluster } = bed.fixture;
    const seconds = await waitAfterAborts(bed, 1_000, () => {
      bed.slow = () => clock.of(1).sleep(50);
    });

    expect(seconds).to.be.lessThan(30);
    expect(cluster.jobs.filter(({ state }) => state === 'CANCELLED')).to.have.length(1_000);
    expect([...bed.deps.journal.entries.keys()]).to.deep.equal([taskNumber(1_001)]);
  });

  it('gets its job within a minute although scancel hangs (S-67)', async () => {
    const bed = createBed();
    const { clock, cluster } = bed.fixture;
    const until = { at: Infinity };
    const seconds = await waitAfterAborts(bed, 60, () => {
      until.at = clock.now() + 5 * 60_000;
      bed.slow = async ({ program, timeoutMs }) => {
        if (program !== 'scancel' || clock.now() >= until.at) return;
        await clock.of(1).sleep(timeoutMs);
        throw new CommandTimeoutError('scancel', timeoutMs, '', '');
      };
    });

    expect(seconds).to.be.lessThan(60);
    expect(cluster.jobs.filter(({ state }) => state === 'CANCELLED')).to.have.length(60);
  });
});

/** A deleted task has a waiting job that no daemon tracks. */
function submitUntracked({ fixture: { clock, cluster }, deps }: Bed): void {
  cluster.submit(formatJobName(taskNumber(1), newAttempt(clock.now(), deps.mark, '0000')), '');
  clock.pass(2 * deps.adoptAfterMs);
}

describe('while scancel hangs, the pending job of a deleted, untracked task', () => {
  it('delays the jobs of other tasks by less than a minute (S-67)', async () => {
    const bed = createBed();
    const { fixture, deps } = bed;
    const { clock, cluster } = fixture;
    submitUntracked(bed);
    const until = clock.now() + 5 * 60_000;
    bed.slow = async ({ program, timeoutMs }) => {
      if (program !== 'scancel' || clock.now() >= until) return;
      await clock.of(1).sleep(timeoutMs);
      throw new CommandTimeoutError('scancel', timeoutMs, '', '');
    };
    const daemon = startDaemon(deps);
    for (let n = 2; n < 5; n += 1) {
      await advance(clock, 60_000);
      await fixture.enqueued(n);
      for (let seconds = 0; seconds < 60; seconds += 1) await advance(clock, 1_000);
      expect(cluster.jobs.map(({ task }) => Number(task))).to.include(n);
    }
    await advance(clock, 3 * 60_000);
    daemon.stop();
    await advance(clock, 10_000);

    expect(cluster.jobs[0]?.state).to.equal('CANCELLED');
  });
});

describe('while scancel fails, the pending job of a deleted, untracked task', () => {
  it('is cancelled again at growing intervals, five to eight times in an hour (S-38)', async () => {
    const bed = createBed();
    const { fixture, deps } = bed;
    const { clock, cluster } = fixture;
    submitUntracked(bed);
    bed.slow = ({ program, timeoutMs }) =>
      program === 'scancel' ? Promise.reject(new CommandTimeoutError(program, timeoutMs, '', '')) : Promise.resolve();
    const daemon = startDaemon(deps);
    for (let minutes = 0; minutes < 60; minutes += 1) await advance(clock, 60_000);
    daemon.stop();
    await advance(clock, 10_000);

    expect(cluster.jobs[0]?.state).to.equal('PENDING');
    expect(fixture.logged.filter((line) => line === 'info: Cancelling')).to.have.length.within(5, 8);
  });
});

describe('while sacct hangs, three jobs that Slurm has forgotten', () => {
  it('cause only three to nine sacct calls in an hour', async () => {
    const bed = createBed();
    const { fixture, deps } = bed;
    const { clock, cluster } = fixture;
    for (const n of [1, 2, 3]) await fixture.enqueued(n);
    const calls: number[] = [];
    const daemon = startDaemon(deps);
    await advance(clock, 60_000);
    bed.slow = async ({ program, timeoutMs }) => {
      if (program !== 'sacct') return;
      calls.push(clock.now());
      await clock.of(1).sleep(timeoutMs);
      throw new CommandTimeoutError('sacct', timeoutMs, '', '');
    };
    for (const job of [...cluster.jobs]) cluster.vanish(job);
    for (let minutes = 0; minutes < 60; minutes += 1) await advance(clock, 60_000);
    daemon.stop();
    await advance(clock, 10_000);

    expect(calls.length).to.be.within(3, 9);
    expect(deps.journal.entries.size).to.equal(3);
    expect(cluster.jobs).to.have.length(0);
  });
});
