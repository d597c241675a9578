// Taking tasks: in order, only what may be taken, and never so long that nothing else is done.
import { expect } from 'chai';
import { setImmediate as turn } from 'node:timers/promises';
import type { QueueId } from '../../../src/clearml/ids.ts';
import { createBackoff } from '../../../src/daemon/submit/backoff.ts';
import { createCallPace } from '../../../src/slurm/call-pace.ts';
import { createTakeTasks } from '../../../src/daemon/claim/claim-tasks.ts';
import { createWays } from '../../../src/daemon/submit/submission-pool.ts';
import { createDesk, taskNumber, type Desk } from '../desk.ts';
import { fullJournal } from '../full-journal.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';

const go = new AbortController().signal;

async function take(desk: Desk, forMs = 60_000): Promise<number> {
  const pause = createBackoff(() => 1);
  const ways = createWays(desk.glue, pause);
  const until = desk.clock.now() + forMs;
  const claimed = await createTakeTasks(desk.glue, ways, pause).round(await desk.look(), { until, signal: go });
  await ways.finish();
  return claimed;
}

describe('taking tasks', () => {
  it('takes none while as many are followed as may be', async () => {
    const desk = createDesk();
    await desk.enqueued(1);
    const glue = { ...desk.glue, journal: fullJournal(desk.glue.journal) };

    expect(await take({ ...desk, glue })).to.equal(0);
    expect(desk.waiting(OWN_QUEUE)).to.deep.equal([1]);
  });

  it('brings each task that waits to Slurm, and says so in its console', async () => {
    const desk = createDesk();
    const tasks = [await desk.enqueued(1), await desk.enqueued(2)];

    expect(await take(desk)).to.equal(2);

    expect(desk.waiting(OWN_QUEUE)).to.deep.equal([]);
    expect(desk.waiting(SCHEDULER_QUEUE)).to.have.members([1, 2]);
    expect(desk.cluster.jobs).to.have.length(2);
    for (const task of tasks) {
      expect(desk.said(task)).to.deep.equal([
        'Taken from queue "own" by clearml-agent-slurm 0.1.0 (login1:slurm).',
        `Submitted as Slurm job ${desk.cluster.jobs.find((job) => job.task === task)?.id} to cluster "c1".`,
      ]);
    }
  });

  it('does not take a task whose old job still lives, nor what waits behind it: only a head can be popped', async () => {
    const desk = createDesk();
    const task = await desk.enqueued(1);
    await desk.enqueued(2);
    await desk.glue.scheduler.submit({ jobName: `clearml_task_${task}-oldattempt01`, script: '' });

    expect(await take(desk)).to.equal(0);
    expect(desk.waiting(OWN_QUEUE)).to.deep.equal([1, 2]);
  });

  it('gets past the entry of a task that was deleted', async () => {
    const desk = createDesk();
    await desk.server.call('queues.add_task', { queue: OWN_QUEUE, task: taskNumber(9) });
    await desk.enqueued(1);

    await take(desk);

    expect(desk.waiting(OWN_QUEUE)).to.deep.equal([]);
    expect(desk.glue.journal.entries.has(taskNumber(9))).to.equal(false);
    expect(desk.cluster.jobs).to.have.length(1);
  });

  it('takes nothing that another daemon was quicker to pop', async () => {
    const desk = createDesk();
    const task = await desk.enqueued(1);
    desk.fate = ({ endpoint }) => {
      if (endpoint !== 'queues.get_next_task') return undefined;
      void desk.server.call('queues.get_next_task', { queue: OWN_QUEUE, task });
      return 'answered';
    };

    expect(await take(desk)).to.equal(0);
    expect(desk.glue.journal.entries.size).to.equal(0);
  });

  it('C-04 does not run a task that was aborted right before the pop, which makes it queued again', async () => {
    const desk = createDesk();
    const task = await desk.enqueued(1);
    const view = await desk.look();
    // The entry stays where it is when the abort looks for it in another queue.
    const { execution, ...document } = desk.server.store.tasks.get(task) ?? expect.fail('no such task');
    desk.server.store.tasks.put({ ...document, execution: { ...execution, queue: OTHER_QUEUE } });
    await desk.server.call('tasks.stop', { task });
    const stopped = desk.server.store.tasks.get(task) ?? expect.fail('no such task');
    desk.server.store.tasks.put({ ...stopped, execution });

    const pause = createBackoff(() => 1);
    const ways = createWays(desk.glue, pause);
    await createTakeTasks(desk.glue, ways, pause).round(view, { until: desk.clock.now() + 1_000, signal: go });
    await ways.finish();

    expect(desk.cluster.jobs).to.have.length(0);
  });

  it('pauses once the cluster is full: the task is back at the front, and is told so once', async () => {
    const desk = createDesk();
    const task = await desk.enqueued(1);
    await desk.enqueued(2);

    for (let round = 0; round < 3; round += 1) {
      desk.cluster.nextFate = 'backpressure';
      desk.fate = ({ endpoint }) =>
        endpoint === 'sbatch' ? ((desk.cluster.nextFate = 'backpressure'), undefined) : undefined;
      await take(desk);
    }

    expect(desk.waiting(OWN_QUEUE)).to.deep.equal([1, 2]);
    expect(desk.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
    expect(desk.said(task)).to.deep.equal([
      'Taken from queue "own" by clearml-agent-slurm 0.1.0 (login1:slurm).',
      'Back at the front of queue "own": Slurm takes no more jobs for now: sbatch said backpressure.',
    ]);
    expect((await desk.read(task))?.statusMessage).to.match(/^Back at the front/);
  });

  it('S-05 gives back in the old order what the cluster refused, in whatever order its answers come', async () => {
    for (const slowest of [1, 2, 3, 4]) {
      const given = createDesk();
      const held: (() => void)[] = [];
      const desk: Desk = createDesk({
        scheduler: {
          ...given.glue.scheduler,
          submit: async ({ jobName }) => {
            if (jobName.includes(taskNumber(slowest))) await new Promise<void>((resolve) => held.push(resolve));
            return { kind: 'backpressure', words: 'MaxJobCount limit reached' };
          },
        },
      });
      for (let number = 1; number <= 6; number += 1) await desk.enqueued(number);
      const done = take(desk);
      for (let turns = 0; turns < 50; turns += 1) await turn();
      for (const letGo of held) letGo();
      await done;

      expect(desk.waiting(OWN_QUEUE), `the answer about ${slowest} came last`).to.deep.equal([1, 2, 3, 4, 5, 6]);
      expect(desk.glue.journal.entries.size).to.equal(0);
    }
  });

  it('S-15 submits a few at once, and then no faster than the pace allows', async () => {
    const desk = createDesk({ pace: createCallPace({ perSecond: 2, burst: 4 }) });
    for (let number = 1; number <= 20; number += 1) await desk.enqueued(number);
    const round = take(desk, 60_000);
    const counts: number[] = [];
    for (let second = 0; second < 5; second += 1) {
      for (let turns = 0; turns < 200; turns += 1) await turn();
      counts.push(desk.cluster.jobs.length);
      desk.clock.pass(500);
      for (let turns = 0; turns < 200; turns += 1) await turn();
      desk.clock.pass(500);
    }
    desk.clock.pass(60_000);
    await round;

    expect(counts).to.deep.equal([4, 6, 8, 10, 12]);
  });

  it('stops when the next look is due, though sbatch is slow and the queue long', async () => {
    const desk = createDesk();
    for (let number = 1; number <= 20; number += 1) await desk.enqueued(number);
    desk.fate = ({ kind }) => (kind === 'sbatch' ? 'never answered' : undefined);
    const pause = createBackoff(() => 1);
    const ways = createWays(desk.glue, pause);
    const until = desk.clock.now() + 15_000;

    const round = createTakeTasks(desk.glue, ways, pause).round(await desk.look(), { until, signal: go });
    while (desk.clock.nextWakeAt() === undefined) await turn();
    desk.clock.pass(15_000);

    expect(await round).to.equal(8);
    expect(desk.waiting(OWN_QUEUE)).to.have.length(12);
  });

  it('says once that a queue it serves was deleted, and goes on with the others', async () => {
    const desk = createDesk();
    const [own] = desk.glue.queues;
    if (own === undefined) throw new Error('no queue');
    const gone = { ...own, id: 'd'.repeat(32) as QueueId, name: 'gone' };
    const both = createDesk({ queues: [gone, own] });
    await both.enqueued(1);

    await take(both);

    expect(both.cluster.jobs).to.have.length(1);
    expect(both.logged.filter((line) => line.includes('no longer exists'))).to.have.length(1);
  });
});
