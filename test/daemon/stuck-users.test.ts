// Mapped users stop (SIGSTOP) every command that runs as them: the tasks of other users do not wait for that.
import { expect } from 'chai';
import { createBackoff } from '../../src/daemon/submit/submission-backoff.ts';
import { createSubmissionPool } from '../../src/daemon/submit/submission-pool.ts';
import { HANGS_MS } from '../../src/daemon/users/sudo-holds.ts';
import type { TaskId } from '../../src/clearml/ids.ts';
import type { DaemonDeps } from '../../src/daemon/deps.ts';
import { MANY_UNIX_USERS } from '../simulation/unix-users.ts';
import { entryOf } from './decide/observations.ts';
import { advance } from './run-daemon.ts';
import { taskNumber } from './step-fixture.ts';
import {
  createBed,
  LONGEST_SEC,
  MINUTE_MS,
  OTHER,
  secondsUntil,
  USERS,
  withDaemon,
  type Bed,
} from './stuck-users-bed.ts';

/** The agent of the task's job starts the task. */
async function begin({ fixture, jobOf }: Bed, task: TaskId): Promise<void> {
  const job = jobOf(task) ?? expect.fail('the task has no job');
  const { schedulerQueue: queue } = fixture.deps;
  await fixture.server.call('queues.remove_task', { queue, task });
  await fixture.server.call('tasks.started', { task, force: true });
  Object.assign(job, { state: 'RUNNING', phase: 'run', startAt: fixture.clock.now() });
}

interface Delays {
  /** From the enqueued task to its job. */
  readonly submission: number;
  /** From the abort of a waiting task to the cancelled job. */
  readonly cancellation: number;
  /** From the end of a job, which squeue shows, to the failed task. */
  readonly record: number;
  /** From the end of a job that only accounting has to the failed task. */
  readonly lookUp: number;
}

/** The delays of the other user's tasks, in seconds. The stuck users have tasks in each of these steps too. */
async function measure(bed: Bed): Promise<Delays> {
  const { fixture, stuck, enqueued, jobOf, statusOf } = bed;
  const { cluster, clock, server } = fixture;
  const hang = [...stuck];
  // The tasks that these users had before are in the middle of these steps now.
  stuck.clear();
  await advance(clock, 10_000);
  const prepared = async (user: string): Promise<TaskId[]> => [
    await enqueued(user),
    await enqueued(user),
    await enqueued(user),
  ];
  const tasks = [];
  for (const user of [...hang, OTHER]) tasks.push({ user, ids: await prepared(user) });
  const ids = tasks.flatMap((one) => one.ids);
  await secondsUntil(bed, () => ids.every((id) => jobOf(id) !== undefined));
  for (const [, ended, forgotten] of tasks.map((one) => one.ids))
    for (const id of [ended, forgotten]) await begin(bed, id ?? expect.fail());
  await advance(clock, MINUTE_MS);
  for (const user of hang) stuck.add(user);

  const endAll = async (ofUser: readonly TaskId[]): Promise<void> => {
    const [waiting, ended, forgotten] = ofUser.map((id) => ({ id, job: jobOf(id) ?? expect.fail() }));
    await server.call('tasks.stop', { task: waiting?.id });
    cluster.end(ended?.job ?? expect.fail(), 'FAILED', 7);
    cluster.end(forgotten?.job ?? expect.fail(), 'FAILED', 7);
    Object.assign(forgotten?.job ?? expect.fail(), { isForgotten: true });
  };
  for (const user of hang) for (let n = 0; n < 25; n += 1) await enqueued(user);
  for (const { user, ids: ofUser } of tasks) if (user !== OTHER) await endAll(ofUser);
  await advance(clock, 20_000);

  const [waiting = expect.fail(), ended = expect.fail(), forgotten = expect.fail()] = tasks.at(-1)?.ids ?? [];
  const task = await enqueued(OTHER);
  await endAll([waiting, ended, forgotten]);
  const delays = { submission: 0, cancellation: 0, record: 0, lookUp: 0 };
  const isDone = {
    submission: () => jobOf(task) !== undefined,
    cancellation: () => jobOf(waiting)?.state === 'CANCELLED',
    record: () => statusOf(ended) === 'failed',
    lookUp: () => statusOf(forgotten) === 'failed',
  };
  const from = clock.now();
  const left = new Set(Object.keys(isDone) as (keyof Delays)[]);
  await secondsUntil(bed, () => {
    for (const step of [...left]) {
      delays[step] = (clock.now() - from) / 1_000;
      if (isDone[step]()) left.delete(step);
    }
    return left.size === 0;
  });
  return delays;
}

describe('while the Slurm commands of mapped users hang,', () => {
  for (const hidesJobs of [false, true])
    for (const count of [1, 5])
      it(`another user's later tasks wait less than 20 s if ${count === 1 ? 'one user is' : `${count} users are`} affected and jobs are ${hidesJobs ? 'hidden' : 'visible'}`, async () => {
        const usual = await withDaemon(createBed(hidesJobs), measure);
        const bed = createBed(hidesJobs);
        for (const user of USERS.slice(0, count)) bed.stuck.add(user);
        await withDaemon(bed, async () => {
          const first = await measure(bed);
          for (const step of ['submission', 'cancellation', 'record', 'lookUp'] as const)
            expect(first[step], step).to.be.lessThan(usual[step] + 60);

          for (let n = 0; n < 6; n += 1) {
            await advance(bed.fixture.clock, 7 * MINUTE_MS);
            const task = await bed.enqueued(OTHER);
            const seconds = await secondsUntil(bed, () => bed.jobOf(task) !== undefined);
            expect(seconds).to.be.lessThan(20);
          }
        });
      });

  it("another user's tasks get jobs within half a minute even if the commands hang every second minute", async () => {
    const bed = createBed(true);
    const { clock } = bed.fixture;
    const hang = USERS.slice(0, 5);
    const delays: number[] = [];
    await withDaemon(bed, async () => {
      for (let n = 0; n < 30; n += 1) {
        for (const user of hang)
          if (bed.stuck.has(user)) bed.stuck.delete(user);
          else bed.stuck.add(user);
        await advance(clock, MINUTE_MS);
        const task = await bed.enqueued(OTHER);
        delays.push(await secondsUntil(bed, () => bed.jobOf(task) !== undefined));
      }
    });
    expect(Math.max(...delays)).to.be.lessThan(30);
    expect(delays.filter((seconds) => seconds > 10)).to.have.length.below(6);
  });

  it("another user's first tasks wait less than four minutes if each hanging command ends just before its timeout", async () => {
    for (const hidesJobs of [false, true]) {
      const usual = await withDaemon(createBed(hidesJobs), measure);
      const bed = createBed(hidesJobs);
      bed.hangMs = ({ timeoutMs }) => 0.95 * timeoutMs;
      for (const user of USERS.slice(0, 5)) bed.stuck.add(user);
      await withDaemon(bed, async () => {
        const first = await measure(bed);
        for (const step of ['submission', 'cancellation', 'record', 'lookUp'] as const)
          expect(first[step], step).to.be.lessThan(usual[step] + 240);

        const delays: number[] = [];
        for (let n = 0; n < 12; n += 1) {
          await advance(bed.fixture.clock, 4 * MINUTE_MS);
          const task = await bed.enqueued(OTHER);
          delays.push(await secondsUntil(bed, () => bed.jobOf(task) !== undefined));
        }
        expect(Math.max(...delays)).to.be.lessThan(120);
        expect(delays.filter((seconds) => seconds > 20)).to.have.length.below(5);
      });
    }
  });

  it("a stuck user's task gets a job within six minutes after the commands work again", async () => {
    const bed = createBed(true);
    const user = USERS[0] ?? expect.fail();
    bed.stuck.add(user);
    await withDaemon(bed, async () => {
      await advance(bed.fixture.clock, 30 * MINUTE_MS);
      bed.stuck.clear();
      const task = await bed.enqueued(user);
      expect(await secondsUntil(bed, () => bed.jobOf(task) !== undefined)).to.be.lessThan(6 * 60);
    });
  });
});

describe('the tasks of one mapped user', () => {
  it('are never held while each sbatch takes three seconds', async () => {
    const bed = createBed(false);
    const { clock, cluster } = bed.fixture;
    bed.sbatchMs = 3_000;
    await withDaemon(bed, async () => {
      for (let n = 0; n < 60; n += 1) await bed.enqueued(OTHER);
      let isHeld = false;
      const seconds = await secondsUntil(bed, () => {
        isHeld ||= bed.deps.unixUsers?.holds.isHeld(OTHER, clock.now()) === true;
        return cluster.jobs.length === 60;
      });
      expect(isHeld).to.equal(false);
      expect(seconds).to.be.lessThan(75);
    });
  });

  it('no longer occupy the submission pool once sbatch hangs', async () => {
    const { fixture, deps } = createBed(false);
    const { clock } = fixture;
    const backoff = createBackoff(() => 1);
    const pool = createSubmissionPool(deps, backoff);
    const [user = expect.fail('there are no users')] = MANY_UNIX_USERS;
    const parking = entryOf({ task: taskNumber(1), step: 'parking', jobId: undefined, unixUser: user });
    await deps.journal.write(parking);
    pool.start(parking, async () => {
      await clock.of(1).sleep(2 * HANGS_MS);
      await deps.journal.write({ ...parking, step: 'submitting', stepAt: clock.now() });
      await clock.of(1).sleep(LONGEST_SEC * 1_000);
      return 'none';
    });
    let isIdle = false;
    void pool.waitUntilIdle(Infinity, new AbortController().signal).then(() => {
      isIdle = true;
    });

    await advance(clock, 2 * HANGS_MS);
    expect(isIdle, 'before sbatch').to.equal(false);
    await advance(clock, MINUTE_MS);
    expect(isIdle, 'while sbatch hangs').to.equal(true);
  });

  it('return to their queue at most once each if 25 sbatch commands hang for three minutes', async () => {
    const bed = createBed(false);
    const { fixture, deps } = bed;
    const { clock } = fixture;
    bed.stuck.add(OTHER);
    const returned: unknown[] = [];
    const log: DaemonDeps['log'] = {
      ...deps.log,
      info(message, data) {
        if (message === 'Returned to queue') returned.push(data?.['task']);
      },
    };
    await withDaemon({ ...bed, deps: { ...deps, log } }, async () => {
      // The first one has timed out by then, and the others, which were started later, have not.
      const continuedAt = clock.now() + 183_000;
      bed.hangMs = ({ program, timeoutMs }) =>
        program === 'sbatch' ? Math.max(50, Math.min(timeoutMs, continuedAt - clock.now())) : 50;
      for (let n = 0; n < 25; n += 1) {
        await bed.enqueued(OTHER);
        await advance(clock, 0);
      }
      await advance(clock, 10 * MINUTE_MS);
    });

    expect(fixture.cluster.jobs.length).to.equal(25);
    expect(returned).to.have.length(new Set(returned).size);
  });

  it('show in their status messages that sbatch hangs for this user', async () => {
    const bed = createBed(false);
    const { clock } = bed.fixture;
    bed.stuck.add(OTHER);
    await withDaemon(bed, async () => {
      await bed.enqueued(OTHER);
      await advance(clock, MINUTE_MS / 2);
      const waiting = await bed.enqueued(OTHER);
      await advance(clock, MINUTE_MS / 2);
      expect((await bed.fixture.read(waiting))?.statusMessage).to.contain(
        `sbatch as Unix user ${OTHER} hangs, perhaps because this user's processes are stopped; the daemon retries`,
      );
    });
  });
});
