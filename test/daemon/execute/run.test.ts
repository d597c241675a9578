// One task without a daemon: it is taken, brought to Slurm once, and followed to its end, whatever happens; no other is touched.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import type { Glue } from '../../../src/daemon/deps.ts';
import { createNeighbours } from '../../../src/daemon/poll/peers.ts';
import { runOneTask, type OneTaskEnd } from '../../../src/daemon/execute/run.ts';
import { LOCK, pass, start as startDaemon } from '../daemon-run.ts';
import { createDesk, type Desk } from '../desk.ts';
import type { Disk } from '../../simulation/memory-journal.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';

const MINUTE_MS = 60_000;

/** What the process works with; a `life` of the same disk is the next call for the same task. */
function glueOf(desk: Desk, { life = 2, disk = { text: '' } }: { life?: number; disk?: Disk } = {}): Glue {
  const who = { worker: 'login1:slurm:one', mark: 'zark1' };
  const neighbours = createNeighbours({ ...who, queues: [OWN_QUEUE], schedulerQueue: SCHEDULER_QUEUE });
  return { ...desk.neighbour(life, disk), mark: who.mark, neighbours };
}

interface Run {
  readonly ended: Promise<OneTaskEnd>;
  shown: number;
  stop(): void;
}

function start(glue: Glue, task: TaskId): Run {
  const stop = new AbortController();
  const [queue] = glue.queues;
  if (queue === undefined) throw new Error('it has a queue');
  const run: Run = {
    shown: 0,
    stop: () => stop.abort(new Error('got SIGINT')),
    ended: runOneTask(glue, {
      task,
      queue,
      pace: { lookMs: 15_000, queueMs: 5_000 },
      stop: stop.signal,
      lock: LOCK,
      random: () => 1,
      show: () => {
        run.shown += 1;
        return Promise.resolve();
      },
    }),
  };
  return run;
}

/** A process brings the task to Slurm, and is told to end while the job waits. */
async function begunAndLeft(desk: Desk, disk: Disk, task: TaskId): Promise<OneTaskEnd> {
  const run = start(glueOf(desk, { disk }), task);
  await pass(desk.clock, MINUTE_MS);
  run.stop();
  await pass(desk.clock, 5_000);
  return run.ended;
}

/** The job of the task passes the gate and is its worker from now on. */
async function begin({ server, cluster, clock }: Desk, task: TaskId): Promise<void> {
  const job = cluster.jobs.findLast((one) => one.task === task);
  if (job === undefined) throw new Error('there is no job');
  await server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
  await server.call('tasks.started', { task, force: true });
  const worker = `${job.worker}:${job.id}`;
  await server.call('workers.status_report', { worker, task, timestamp: clock.now() });
  Object.assign(job, { state: 'RUNNING', startAt: clock.now() });
}

async function end({ server, cluster }: Desk, task: TaskId, how: 'completed' | 'failed'): Promise<void> {
  await server.call(`tasks.${how}`, { task });
  const job = cluster.jobs.findLast((one) => one.task === task);
  if (job !== undefined) cluster.end(job, how === 'failed' ? 'FAILED' : 'COMPLETED', how === 'failed' ? 3 : 0);
}

describe('one task without a daemon', () => {
  it('is taken from behind others, submitted, and followed to its end; what stands in front of it stays there', async () => {
    const desk = createDesk();
    await desk.enqueued(1);
    const task = await desk.enqueued(2);
    const run = start(glueOf(desk), task);
    await pass(desk.clock, MINUTE_MS);
    await begin(desk, task);
    await pass(desk.clock, MINUTE_MS);
    await end(desk, task, 'completed');
    await pass(desk.clock, MINUTE_MS);

    const { isOver, task: ended, jobId } = await run.ended;
    expect({ isOver, status: ended?.status, jobId }).to.deep.equal({ isOver: true, status: 'completed', jobId: '1' });
    expect(desk.waiting(OWN_QUEUE)).to.deep.equal([1]);
    expect(desk.cluster.jobs).to.have.length(1);
    expect(desk.said(task).join('\n')).to.match(
      /^Taken from queue "own" .*\nSubmitted as Slurm job 1 [^]*Slurm job 1 ended COMPLETED/,
    );
    expect(run.shown).to.be.above(10);
  });

  it('that is left right after its submission has its job named', async () => {
    const desk = createDesk();
    const task = await desk.enqueued(1);
    const glue = glueOf(desk);
    const run = start(
      {
        ...glue,
        scheduler: {
          ...glue.scheduler,
          async submit(job) {
            const outcome = await glue.scheduler.submit(job);
            run.stop();
            return outcome;
          },
        },
      },
      task,
    );
    await pass(desk.clock, MINUTE_MS);

    expect(await run.ended).to.include({ isOver: false, jobId: '1' });
  });

  it('that fails has its job named, so that its exit code can be asked for', async () => {
    const desk = createDesk();
    const task = await desk.enqueued(1);
    const run = start(glueOf(desk), task);
    await pass(desk.clock, MINUTE_MS);
    await begin(desk, task);
    await end(desk, task, 'failed');
    await pass(desk.clock, MINUTE_MS);

    const { task: ended, jobId } = await run.ended;
    expect([ended?.status, jobId]).to.deep.equal(['failed', '1']);
  });

  it('that the cluster has no room for returns to its queue, and is taken anew after the pause', async () => {
    const desk = createDesk();
    const task = await desk.enqueued(1);
    desk.cluster.nextFate = 'backpressure';
    const run = start(glueOf(desk), task);
    await pass(desk.clock, 10_000);
    expect(desk.waiting(OWN_QUEUE)).to.deep.equal([1]);
    expect(desk.said(task).join('\n')).to.include('Slurm takes no more jobs for now');

    await pass(desk.clock, MINUTE_MS);
    expect(desk.cluster.jobs).to.have.length(1);
    run.stop();
    await run.ended;
  });

  it('that a daemon of the same queue was first to take is only watched, until its job has ended', async () => {
    const desk = createDesk();
    const task = await desk.enqueued(1);
    const daemon = startDaemon(desk.glue);
    await pass(desk.clock, 10_000);
    const glue = glueOf(desk);
    const run = start(glue, task);
    await pass(desk.clock, MINUTE_MS);
    await begin(desk, task);
    await pass(desk.clock, MINUTE_MS);
    expect([glue, desk.glue].map(({ journal }) => journal.entries.size)).to.deep.equal([0, 1]);

    await end(desk, task, 'completed');
    await pass(desk.clock, MINUTE_MS);
    const { task: ended, jobId } = await run.ended;
    expect([ended?.status, jobId]).to.deep.equal(['completed', '1']);
    expect(desk.cluster.jobs).to.have.length(1);
    daemon.stop();
    await daemon.ended;
  });

  it('leaves its job to a daemon of the same queue when it is killed: that takes over within six minutes', async () => {
    const desk = createDesk();
    const task = await desk.enqueued(1);
    start(glueOf(desk), task);
    await pass(desk.clock, 10_000);
    const daemon = startDaemon(desk.glue);
    await pass(desk.clock, MINUTE_MS);
    expect([...desk.glue.journal.entries.keys()]).to.deep.equal([]);

    desk.clock.drop(2);
    await pass(desk.clock, 6 * MINUTE_MS);
    expect([...desk.glue.journal.entries.keys()]).to.deep.equal([task]);
    expect(desk.cluster.jobs).to.have.length(1);
    daemon.stop();
    await daemon.ended;
  });

  it('touches no task of another such process: not its jobs, not what it has parked', async () => {
    const desk = createDesk();
    const [task, other] = [await desk.enqueued(1), await desk.enqueued(2)];
    await desk.server.call('queues.remove_task', { queue: OWN_QUEUE, task: other });
    const park = { queue: SCHEDULER_QUEUE, task: other, update_execution_queue: false };
    await desk.server.call('queues.add_task', park);
    const glue = glueOf(desk);
    const run = start(glue, task);
    await pass(desk.clock, 20 * MINUTE_MS);

    expect([...glue.journal.entries.keys()]).to.deep.equal([task]);
    expect(desk.waiting(SCHEDULER_QUEUE).toSorted()).to.deep.equal([1, 2]);
    expect(desk.cluster.jobs.map((job) => job.task)).to.deep.equal([task]);
    run.stop();
    await run.ended;
  });

  it('is left where it is when the process is told to end; the next call follows it, and submits nothing', async () => {
    const desk = createDesk();
    const disk: Disk = { text: '' };
    const task = await desk.enqueued(1);
    expect(await begunAndLeft(desk, disk, task)).to.deep.equal({ isOver: false, task: undefined, jobId: '1' });

    const next = start(glueOf(desk, { life: 3, disk }), task);
    await pass(desk.clock, MINUTE_MS);
    await begin(desk, task);
    await end(desk, task, 'completed');
    await pass(desk.clock, MINUTE_MS);
    expect((await next.ended).task?.status).to.equal('completed');
    expect(desk.cluster.jobs).to.have.length(1);
  });

  it('that was left, reset and enqueued anew gets a new job, and the old one is cancelled', async () => {
    const desk = createDesk();
    const disk: Disk = { text: '' };
    const task = await desk.enqueued(1);
    await begunAndLeft(desk, disk, task);

    await desk.server.call('tasks.reset', { task, force: true });
    await desk.server.call('tasks.enqueue', { task, queue: OWN_QUEUE });
    const next = start(glueOf(desk, { life: 3, disk }), task);
    await pass(desk.clock, 3 * MINUTE_MS);
    expect(desk.cluster.jobs.map(({ state }) => state)).to.deep.equal(['CANCELLED', 'PENDING']);
    await begin(desk, task);
    await end(desk, task, 'completed');
    await pass(desk.clock, MINUTE_MS);
    expect((await next.ended).task?.status).to.equal('completed');
  });

  it('that its user deletes, or takes to another queue, is not run: the one ends it, the other is waited for', async () => {
    const desk = createDesk();
    const [deleted, moved] = [await desk.enqueued(1), await desk.enqueued(2)];
    await desk.server.call('tasks.delete', { task: deleted, force: true });
    const run = start(glueOf(desk), deleted);
    await pass(desk.clock, MINUTE_MS);
    expect(await run.ended).to.deep.equal({ isOver: true, task: undefined, jobId: undefined });

    await desk.server.call('tasks.enqueue', { task: moved, queue: OTHER_QUEUE });
    const waiting = start(glueOf(desk, { life: 3 }), moved);
    await pass(desk.clock, 10 * MINUTE_MS);
    expect(desk.cluster.jobs).to.have.length(0);
    expect(desk.waiting(OTHER_QUEUE)).to.deep.equal([2]);
    waiting.stop();
    await pass(desk.clock, 5_000);
    expect((await waiting.ended).isOver).to.equal(false);
  });

  for (const way of ['never answered', 'answer lost', 'not made'] as const) {
    it(`gets exactly one job, whichever call is the one that is ${way}${way === 'never answered' ? ', and it is killed there' : ''}`, async () => {
      // The first round, in which nothing goes wrong, tells how many calls there are.
      let calls = 0;
      for (let at = 0; at <= calls; at += 1) {
        const desk = createDesk();
        const disk: Disk = { text: '' };
        const task = await desk.enqueued(1);
        let count = 0;
        let isKilled = false;
        desk.fate = ({ kind }) => {
          if (isKilled) return undefined;
          count += 1;
          if (count !== at) return undefined;
          // A full disk is told apart from the rest: half a line of it is what the journal's own tests look at.
          return kind === 'journal' && way === 'answer lost' ? undefined : way;
        };
        const first = start(glueOf(desk, { disk }), task);
        await pass(desk.clock, MINUTE_MS / 2);
        if (at === 0) calls = count;
        let last = first;
        if (way === 'never answered' && at > 0) {
          isKilled = true;
          desk.clock.drop(2);
          last = start(glueOf(desk, { life: 3, disk }), task);
        }
        await pass(desk.clock, 15 * MINUTE_MS);

        const live = desk.cluster.jobs.filter((job) => job.endedAt === undefined);
        expect(live, `call ${at}: ${desk.calls[at - 1] ?? ''}`).to.have.length(1);
        expect(desk.waiting(SCHEDULER_QUEUE), `call ${at}`).to.deep.equal([1]);
        await begin(desk, task);
        await end(desk, task, 'completed');
        await pass(desk.clock, 2 * MINUTE_MS);
        expect((await last.ended).task?.status, `call ${at}`).to.equal('completed');
      }
      expect(calls).to.be.above(15);
    });
  }
});
