// The daemon as a whole: it outlives what goes wrong, says so in few lines, and ends within seconds.
import { expect } from 'chai';
import { setImmediate as turn } from 'node:timers/promises';
import type { TaskId } from '../../src/clearml/ids.ts';
import { AlreadyRunning } from '../../src/daemon/journal/lock.ts';
import { SlurmUnavailable } from '../../src/slurm/errors.ts';
import { rejection } from '../support/rejection.ts';
import { LOCK, pass, start } from './daemon-run.ts';
import { createDesk, type Desk } from './desk.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../simulation/queues.ts';

describe('the daemon', () => {
  it('C-01 tells of a server that is away in a few lines, however long that lasts, and when all is well again', async () => {
    const desk = createDesk();
    const run = start(desk.glue);
    await pass(desk.clock, 60_000);
    desk.fate = ({ kind }) => (kind === 'clearml' ? 'not made' : undefined);
    await pass(desk.clock, 3_600_000);
    desk.fate = () => undefined;
    await pass(desk.clock, 60_000);
    run.stop();
    await run.ended;

    const lines = desk.logged.map((line) => line.slice(0, 30));
    expect(lines.filter((line) => line.startsWith('warn: ClearML can not be asked'))).to.have.length.within(1, 7);
    expect(lines.at(-1)).to.equal('info: All is well again');
    expect(lines).to.have.length.below(10);
  });

  it('S-16 takes nothing while Slurm gives no list of jobs, and goes on when it does again', async () => {
    const desk = createDesk();
    await desk.enqueued(1);
    desk.fate = ({ endpoint }) => (endpoint === 'squeue' ? 'not made' : undefined);
    const run = start(desk.glue);
    await pass(desk.clock, 600_000);
    expect(desk.waiting(OWN_QUEUE)).to.deep.equal([1]);
    expect(desk.logged).to.have.length.below(3);

    desk.fate = () => undefined;
    await pass(desk.clock, 60_000);
    expect(desk.cluster.jobs).to.have.length(1);
    run.stop();
    await run.ended;
  });

  for (const error of [new SlurmUnavailable('scontrol failed'), new TypeError('a mistake of ours')]) {
    it(`outlives a ${error.name} about one task, follows the others, and says it once`, async () => {
      const { scheduler } = createDesk().glue;
      const desk: Desk = createDesk({
        scheduler: {
          ...scheduler,
          list: (signal) => desk.cluster.schedulerOf(1).list(signal),
          submit: (submission) => desk.cluster.schedulerOf(1).submit(submission),
          record: () => Promise.reject(error),
        },
      });
      const [failing, ending] = [await desk.enqueued(1), await desk.enqueued(2)];
      const run = start(desk.glue);
      await pass(desk.clock, 20_000);
      for (const job of desk.cluster.jobs) desk.cluster.end(job, job.task === failing ? 'FAILED' : 'COMPLETED', 1);
      await desk.server.call('tasks.started', { task: ending, force: true });
      await desk.server.call('tasks.completed', { task: ending });
      await pass(desk.clock, 200_000);
      run.stop();
      await run.ended;

      expect([...desk.glue.journal.entries.keys()]).to.deep.equal([failing]);
      expect(desk.logged.filter((line) => /^(warn|error)/.test(line))).to.deep.equal([
        'error: A task could not be brought on this time; it is tried again',
      ]);
    });
  }

  it('C-31 follows the others when the server fails over one task again and again', async () => {
    const desk = createDesk();
    const tasks = [await desk.enqueued(1), await desk.enqueued(2), await desk.enqueued(3)];
    const run = start(desk.glue);
    await pass(desk.clock, 20_000);
    desk.fate = ({ kind, task }) => (kind === 'clearml' && task === tasks[0] ? 'not made' : undefined);
    for (const task of tasks) await desk.server.call('tasks.stop', { task });
    await pass(desk.clock, 200_000);
    run.stop();
    await run.ended;

    expect([...desk.glue.journal.entries.keys()]).to.deep.equal([tasks[0]]);
    expect(desk.logged.filter((line) => line.startsWith('error'))).to.have.length(1);
  });

  for (const [title, garble] of [
    ['fails over', undefined],
    ['gives nothing usable about', { task: 'x' }],
  ] as const) {
    it(`C-37 follows the others when the server ${title} many tasks, but answers else`, async () => {
      const desk = createDesk();
      const tasks: TaskId[] = [];
      for (let number = 1; number <= 42; number += 1) tasks.push(await desk.enqueued(number));
      const run = start(desk.glue);
      await pass(desk.clock, 60_000);
      const bad = tasks.slice(0, 40);
      const isBad = (task: unknown): boolean => bad.some((one) => one === task);
      if (garble === undefined)
        desk.fate = ({ kind, task }) => (kind === 'clearml' && isBad(task) ? 'not made' : undefined);
      else
        desk.server.garble = (endpoint, answer, body) =>
          endpoint === 'tasks.get_by_id' && isBad(Reflect.get(body, 'task')) ? garble : answer;
      for (const task of tasks) await desk.server.call('tasks.stop', { task });
      await pass(desk.clock, 200_000);
      run.stop();
      await run.ended;

      expect([...desk.glue.journal.entries.keys()]).to.deep.equal(bad);
    });
  }

  it('takes nothing more when its scheduler queue was deleted, says so, and gives back what waited there', async () => {
    const desk = createDesk();
    await desk.enqueued(1);
    const run = start(desk.glue);
    await pass(desk.clock, 20_000);
    await desk.server.call('queues.delete', { queue: SCHEDULER_QUEUE, force: true });
    await desk.enqueued(2);
    await pass(desk.clock, 120_000);
    run.stop();
    await run.ended;

    expect(desk.waiting(OWN_QUEUE)).to.have.members([1, 2]);
    expect(desk.glue.journal.entries.size).to.equal(0);
    expect(desk.logged.filter((line) => line.includes('scheduler queue was deleted'))).to.have.length(1);
  });

  it('D-13 ends within seconds of being told to while sbatch hangs, and leaves in the journal that it was run', async () => {
    const desk = createDesk();
    const task = await desk.enqueued(1);
    desk.fate = ({ kind }) => (kind === 'sbatch' ? 'never answered' : undefined);
    const run = start(desk.glue);
    await pass(desk.clock, 30_000);

    const toldAt = desk.clock.now();
    run.stop();
    await pass(desk.clock, 4_000);

    expect(await run.ended).to.equal('done');
    expect(desk.clock.now() - toldAt).to.be.below(5_000);
    expect(desk.glue.journal.entries.get(task)).to.include({ step: 'submitting' });
    expect(desk.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
  });

  it('ends within seconds of being told to while ClearML gives no answer', async () => {
    const desk = createDesk();
    desk.fate = ({ kind }) => (kind === 'clearml' ? 'never answered' : undefined);
    const run = start(desk.glue);
    await pass(desk.clock, 10_000);
    run.stop();
    await pass(desk.clock, 4_000);

    expect(await run.ended).to.equal('done');
  });

  it('does not take being told to stop in the middle of a Slurm command for a failure', async () => {
    const given = createDesk();
    const scheduler = {
      ...given.glue.scheduler,
      list: (signal?: AbortSignal) =>
        new Promise<never>((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(new Error('got SIGTERM')));
        }),
    };
    const desk = createDesk({ scheduler });
    const run = start(desk.glue);
    await pass(desk.clock, 1_000);
    run.stop();
    await turn();

    expect(await run.ended).to.equal('done');
    expect(desk.logged).to.deep.equal([]);
  });

  it("ends when the state folder is another daemon's by now", async () => {
    const desk = createDesk();
    const lost = { ...LOCK, touch: () => Promise.reject(new AlreadyRunning('another one')) };
    const ended = rejection(start(desk.glue, { lock: lost }).ended);
    await pass(desk.clock, 60_000);

    expect(await ended).to.be.instanceOf(AlreadyRunning);
  });

  it('is shown as a worker also while a round takes long', async () => {
    const desk = createDesk();
    desk.fate = ({ endpoint }) => (endpoint === 'squeue' ? 'never answered' : undefined);
    const run = start(desk.glue);
    await pass(desk.clock, 300_000);

    expect(desk.calls.filter((call) => call === 'workers.status_report')).to.have.length.within(9, 11);
    run.stop();
    await pass(desk.clock, 4_000);
    await run.ended;
  });
});

describe('a single round of the daemon', () => {
  const once = { once: true };

  it('takes all that waits, waits for the submissions, and is done', async () => {
    const desk = createDesk();
    for (let number = 1; number <= 9; number += 1) await desk.enqueued(number);

    expect(await start(desk.glue, once).ended).to.equal('done');
    expect(desk.cluster.jobs).to.have.length(9);
  });

  it('is unfinished when it is not known whether sbatch has submitted a task, and takes the others all the same', async () => {
    const desk = createDesk();
    await desk.enqueued(1);
    await desk.enqueued(2);
    desk.cluster.nextFate = 'unknown';

    expect(await start(desk.glue, once).ended).to.equal('unfinished');
    expect(desk.waiting(OWN_QUEUE)).to.deep.equal([]);
  });

  it('is unfinished when Slurm could not be asked', async () => {
    const desk = createDesk();
    desk.fate = ({ endpoint }) => (endpoint === 'squeue' ? 'not made' : undefined);

    expect(await start(desk.glue, once).ended).to.equal('unfinished');
  });

  it('throws what kept it from being one', async () => {
    const desk = createDesk();
    desk.fate = ({ endpoint }) => (endpoint === 'queues.get_all' ? 'not made' : undefined);

    expect(await rejection(start(desk.glue, once).ended)).to.have.property('name', 'ServerUnreachable');
  });
});
