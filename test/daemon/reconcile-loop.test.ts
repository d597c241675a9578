// Tests the whole daemon: it survives failures, logs them in few lines, and stops within seconds.
import { expect } from 'chai';
import { setImmediate as turn } from 'node:timers/promises';
import type { TaskId } from '../../src/clearml/ids.ts';
import { AlreadyRunningError, StateDirectoryLostError } from '../../src/daemon/journal/lock.ts';
import { SlurmUnavailableError } from '../../src/slurm/errors.ts';
import { isLive } from '../../src/slurm/job-state.ts';
import { rejection } from '../support/rejection.ts';
import { LOCK, advance, startDaemon } from './run-daemon.ts';
import { createStepFixture, taskNumber, type StepFixture } from './step-fixture.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../simulation/queues.ts';

describe('the daemon', () => {
  it('logs fewer than 10 lines during an hour without ClearML and the recovery (C-01)', async () => {
    const fixture = createStepFixture();
    const run = startDaemon(fixture.deps);
    await advance(fixture.clock, 60_000);
    fixture.fate = ({ kind }) => (kind === 'clearml' ? 'not made' : undefined);
    await advance(fixture.clock, 3_600_000);
    fixture.fate = () => undefined;
    await advance(fixture.clock, 60_000);
    await run.end();

    const lines = fixture.logged.map((line) => line.slice(0, 60));
    expect(lines.filter((line) => line.startsWith('warn: ClearML request failed'))).to.have.length.within(1, 7);
    expect(lines.at(-1)).to.equal('info: Recovered: polling and claiming again');
    expect(lines).to.have.length.below(10);
  });

  it('claims nothing while squeue fails, and claims again once squeue works (S-16)', async () => {
    const fixture = createStepFixture();
    await fixture.enqueued(1);
    fixture.fate = ({ endpoint }) => (endpoint === 'squeue' ? 'not made' : undefined);
    const run = startDaemon(fixture.deps);
    await advance(fixture.clock, 600_000);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
    expect(fixture.logged).to.have.length.below(3);

    fixture.fate = () => undefined;
    await advance(fixture.clock, 60_000);
    expect(fixture.cluster.jobs).to.have.length(1);
    await run.end();
  });

  for (const error of [new SlurmUnavailableError('scontrol failed'), new TypeError('a mistake of ours')]) {
    it(`logs a ${error.name} about one task only once, and continues to track another task`, async () => {
      const { scheduler } = createStepFixture().deps;
      const fixture: StepFixture = createStepFixture({
        scheduler: {
          ...scheduler,
          list: (signal) => fixture.cluster.schedulerOf(1).list(signal),
          submit: (submission) => fixture.cluster.schedulerOf(1).submit(submission),
          record: () => Promise.reject(error),
        },
      });
      const [failing, ending] = [await fixture.enqueued(1), await fixture.enqueued(2)];
      const run = startDaemon(fixture.deps);
      await advance(fixture.clock, 20_000);
      for (const job of fixture.cluster.jobs)
        fixture.cluster.end(job, job.task === failing ? 'FAILED' : 'COMPLETED', 1);
      await fixture.server.call('tasks.started', { task: ending, force: true });
      await fixture.server.call('tasks.completed', { task: ending });
      await advance(fixture.clock, 200_000);
      await run.end();

      expect([...fixture.deps.journal.entries.keys()]).to.deep.equal([failing]);
      expect(fixture.logged.filter((line) => /^(warn|error)/.test(line))).to.deep.equal([
        'error: Could not reconcile the task in this pass; retrying in the next one',
      ]);
    });
  }

  it('calls sbatch only three times in 21 minutes while the cluster is full, and again once a job ends (S-05)', async () => {
    const fixture = createStepFixture();
    const { clock, cluster, server } = fixture;
    for (let number = 1; number <= 3; number += 1) await fixture.enqueued(number);
    const queue = server.store.queues.get(OWN_QUEUE);
    if (queue === undefined) throw new Error('no queue');
    const others = Array.from({ length: 5_000 }, (_, index) => ({
      task: taskNumber(index + 4),
      added: queue.last_update,
    }));
    server.store.queues.put({ ...queue, entries: [...queue.entries, ...others] });
    const live = (): typeof cluster.jobs => cluster.jobs.filter(({ state }) => isLive(state));
    let tries = 0;
    fixture.fate = ({ endpoint }) => {
      if (endpoint !== 'sbatch') return undefined;
      tries += 1;
      if (live().length > 0) cluster.nextFate = 'backpressure';
      return undefined;
    };
    const run = startDaemon(fixture.deps);
    await advance(clock, 600_000);
    expect(cluster.jobs.map(({ task }) => task)).to.deep.equal([taskNumber(1)]);
    tries = 0;
    await advance(clock, 1_300_000);
    expect(tries).to.equal(3);

    for (const number of [2, 3]) {
      tries = 0;
      for (const job of live()) {
        await server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task: job.task });
        await server.call('tasks.started', { task: job.task, force: true });
        await server.call('tasks.completed', { task: job.task });
        cluster.end(job, 'COMPLETED', 0);
      }
      await advance(clock, 400_000);
      expect(live().map(({ task }) => task)).to.deep.equal([taskNumber(number)]);
      // The second is the one that would have come without the end of a job.
      expect(tries).to.be.within(1, 2);
    }
    await run.end();
  });

  it('tracks two tasks while all calls about a third task fail (C-31)', async () => {
    const fixture = createStepFixture();
    const tasks = [await fixture.enqueued(1), await fixture.enqueued(2), await fixture.enqueued(3)];
    const run = startDaemon(fixture.deps);
    await advance(fixture.clock, 20_000);
    fixture.fate = ({ kind, task }) => (kind === 'clearml' && task === tasks[0] ? 'not made' : undefined);
    for (const task of tasks) await fixture.server.call('tasks.stop', { task });
    await advance(fixture.clock, 200_000);
    await run.end();

    expect([...fixture.deps.journal.entries.keys()]).to.deep.equal([tasks[0]]);
    expect(fixture.logged.filter((line) => line.startsWith('error'))).to.have.length(1);
  });

  for (const [title, garble] of [
    ['does not respond about', undefined],
    ['responds with invalid data about', { task: 'x' }],
  ] as const) {
    it(`tracks two tasks while the server ${title} 40 other tasks (C-37)`, async () => {
      const fixture = createStepFixture();
      const tasks: TaskId[] = [];
      for (let number = 1; number <= 42; number += 1) tasks.push(await fixture.enqueued(number));
      const run = startDaemon(fixture.deps);
      await advance(fixture.clock, 60_000);
      const bad = tasks.slice(0, 40);
      const isBad = (task: unknown): boolean => bad.some((one) => one === task);
      if (garble === undefined)
        fixture.fate = ({ kind, task }) => (kind === 'clearml' && isBad(task) ? 'not made' : undefined);
      else
        fixture.server.garble = (endpoint, answer, body) =>
          endpoint === 'tasks.get_by_id' && isBad(Reflect.get(body, 'task')) ? garble : answer;
      for (const task of tasks) await fixture.server.call('tasks.stop', { task });
      await advance(fixture.clock, 200_000);
      await run.end();

      // A status is also read without the document of its task.
      expect([...fixture.deps.journal.entries.keys()]).to.deep.equal(garble === undefined ? bad : []);
    });
  }

  it('returns the parked tasks to their queue, and claims nothing, after the scheduler queue was deleted', async () => {
    const fixture = createStepFixture();
    await fixture.enqueued(1);
    const run = startDaemon(fixture.deps);
    await advance(fixture.clock, 20_000);
    await fixture.server.call('queues.delete', { queue: SCHEDULER_QUEUE, force: true });
    await fixture.enqueued(2);
    await advance(fixture.clock, 120_000);
    await run.end();

    expect(fixture.waiting(OWN_QUEUE)).to.have.members([1, 2]);
    expect(fixture.deps.journal.entries.size).to.equal(0);
    expect(fixture.logged.filter((line) => line.includes('scheduler queue was deleted'))).to.have.length(1);
  });

  it('stops within 5 s while sbatch hangs, and keeps the attempt in the journal (D-13)', async () => {
    const fixture = createStepFixture();
    const task = await fixture.enqueued(1);
    fixture.fate = ({ kind }) => (kind === 'sbatch' ? 'never answered' : undefined);
    const run = startDaemon(fixture.deps);
    await advance(fixture.clock, 30_000);

    const toldAt = fixture.clock.now();
    run.stop();
    await advance(fixture.clock, 4_000);

    expect(await run.ended).to.equal('done');
    expect(fixture.clock.now() - toldAt).to.be.below(5_000);
    expect(fixture.deps.journal.entries.get(task)).to.include({ step: 'submitting' });
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
  });

  it('stops within 4 s while ClearML does not respond', async () => {
    const fixture = createStepFixture();
    fixture.fate = ({ kind }) => (kind === 'clearml' ? 'never answered' : undefined);
    const run = startDaemon(fixture.deps);
    await advance(fixture.clock, 10_000);
    run.stop();
    await advance(fixture.clock, 4_000);

    expect(await run.ended).to.equal('done');
  });

  it('logs no failure if it is stopped during a Slurm command', async () => {
    const given = createStepFixture();
    const scheduler = {
      ...given.deps.scheduler,
      list: (signal?: AbortSignal) =>
        new Promise<never>((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(new Error('got SIGTERM')));
        }),
    };
    const fixture = createStepFixture({ scheduler });
    const run = startDaemon(fixture.deps);
    await advance(fixture.clock, 1_000);
    run.stop();
    await turn();

    expect(await run.ended).to.equal('done');
    expect(fixture.logged).to.deep.equal([]);
  });

  it('exits if another daemon acquires the state directory', async () => {
    const fixture = createStepFixture();
    const lost = { ...LOCK, touch: () => Promise.reject(new AlreadyRunningError('another one')) };
    const ended = rejection(startDaemon(fixture.deps, { lock: lost }).ended);
    await advance(fixture.clock, 60_000);

    expect(await ended).to.be.instanceOf(AlreadyRunningError);
  });

  it('exits if another process has replaced the journal (D-17)', async () => {
    const fixture = createStepFixture();
    const lost = new StateDirectoryLostError('replaced');
    const throwIfLost = (): never => {
      throw lost;
    };
    const { deps } = fixture;
    const ended = rejection(startDaemon({ ...deps, journal: { ...deps.journal, throwIfLost } }).ended);
    await advance(fixture.clock, 60_000);

    expect(await ended).to.equal(lost);
  });

  it('sends a heartbeat about every 30 s while squeue hangs', async () => {
    const fixture = createStepFixture();
    fixture.fate = ({ endpoint }) => (endpoint === 'squeue' ? 'never answered' : undefined);
    const run = startDaemon(fixture.deps);
    await advance(fixture.clock, 300_000);

    expect(fixture.calls.filter((call) => call === 'workers.status_report')).to.have.length.within(9, 11);
    run.stop();
    await advance(fixture.clock, 4_000);
    await run.ended;
  });
});

describe('the daemon with --once', () => {
  const once = { once: true };

  it('claims all queued tasks, waits for the submissions, and reports a complete result', async () => {
    const fixture = createStepFixture();
    for (let number = 1; number <= 9; number += 1) await fixture.enqueued(number);

    expect(await startDaemon(fixture.deps, once).ended).to.equal('done');
    expect(fixture.cluster.jobs).to.have.length(9);
  });

  it('claims all tasks, and reports an incomplete result, if the outcome of a submission is unknown', async () => {
    const fixture = createStepFixture();
    await fixture.enqueued(1);
    await fixture.enqueued(2);
    fixture.cluster.nextFate = 'unknown';

    expect(await startDaemon(fixture.deps, once).ended).to.equal('unfinished');
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);
  });

  it('reports an incomplete result if Slurm does not respond', async () => {
    const fixture = createStepFixture();
    fixture.fate = ({ endpoint }) => (endpoint === 'squeue' ? 'not made' : undefined);

    expect(await startDaemon(fixture.deps, once).ended).to.equal('unfinished');
  });

  it('fails with ServerUnreachableError if ClearML does not respond', async () => {
    const fixture = createStepFixture();
    fixture.fate = ({ endpoint }) => (endpoint === 'queues.get_all' ? 'not made' : undefined);

    expect(await rejection(startDaemon(fixture.deps, once).ended)).to.have.property('name', 'ServerUnreachableError');
  });
});
