// Slurm or ClearML away for longer than any of our times: nothing is concluded from that, and everything is caught up on afterwards.
import { expect } from 'chai';
import type { TaskId } from '../../src/clearml/ids.ts';
import { pass, start } from './daemon-run.ts';
import { createDesk, type Desk } from './desk.ts';
import type { SimJob } from '../simulation/cluster.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../simulation/queues.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

function jobOf({ cluster }: Desk, task: TaskId | undefined): SimJob {
  return cluster.jobs.find((job) => job.task === task) ?? expect.fail(`task ${String(task)} has no job`);
}

/** The job starts, passes the gate, and its agent begins the task. */
async function begin(desk: Desk, task: TaskId): Promise<void> {
  const job = jobOf(desk, task);
  Object.assign(job, { state: 'RUNNING', startAt: desk.clock.now() });
  await desk.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
  await desk.server.call('tasks.started', { task, force: true });
  await report(desk, task);
}

function report(desk: Desk, task: TaskId): Promise<unknown> {
  const worker = `${desk.glue.worker}:${jobOf(desk, task).id}`;
  return desk.server.call('workers.status_report', { worker, task, timestamp: desk.clock.now() });
}

async function statuses(desk: Desk, tasks: readonly TaskId[]): Promise<(string | undefined)[]> {
  return Promise.all(tasks.map(async (task) => (await desk.read(task))?.status));
}

/** Of every minute in which something was said above information: how many lines. */
function troubleLines(desk: Desk): string[] {
  return desk.logged.filter((line) => !line.startsWith('info'));
}

describe('S-18 while Slurm is away for a day', () => {
  it('no task changes its status, none is submitted anew, and the log is not flooded', async () => {
    const desk = createDesk();
    const [runs, waits] = [await desk.enqueued(1), await desk.enqueued(2)];
    const run = start(desk.glue);
    await pass(desk.clock, MINUTE_MS);
    await begin(desk, runs);
    await pass(desk.clock, MINUTE_MS);
    const late = await desk.enqueued(3);

    desk.fate = ({ kind }) => (kind === 'slurm' || kind === 'sbatch' ? 'not made' : undefined);
    for (let hour = 0; hour < 24; hour += 1) {
      const before = troubleLines(desk).length;
      for (let part = 0; part < 4; part += 1) {
        await report(desk, runs);
        await pass(desk.clock, HOUR_MS / 4);
      }
      expect(troubleLines(desk).length - before, 'lines in an hour').to.be.within(1, 60);
      expect(await statuses(desk, [runs, waits, late])).to.deep.equal(['in_progress', 'queued', 'queued']);
    }
    expect(desk.waiting(OWN_QUEUE)).to.deep.equal([3]);

    desk.fate = () => undefined;
    await report(desk, runs);
    await pass(desk.clock, 3 * MINUTE_MS);
    expect(await statuses(desk, [runs, waits])).to.deep.equal(['in_progress', 'queued']);
    expect(desk.cluster.jobs.map(({ task }) => task)).to.deep.equal([runs, waits, late]);
    run.stop();
    await run.ended;
  });
});

describe('C-01 while ClearML is away for hours', () => {
  it('jobs that end meanwhile: every result arrives afterwards', async () => {
    const desk = createDesk();
    const tasks: TaskId[] = [];
    for (let number = 1; number <= 6; number += 1) tasks.push(await desk.enqueued(number));
    const run = start(desk.glue);
    await pass(desk.clock, MINUTE_MS);
    const [fails, timesOut, dies, isCancelled, completes, waits] = tasks as [
      TaskId,
      TaskId,
      TaskId,
      TaskId,
      TaskId,
      TaskId,
    ];
    for (const task of [fails, timesOut, dies, completes]) await begin(desk, task);
    await pass(desk.clock, MINUTE_MS);

    desk.fate = ({ kind }) => (kind === 'clearml' ? 'not made' : undefined);
    await pass(desk.clock, 10 * MINUTE_MS);
    desk.cluster.end(jobOf(desk, fails), 'FAILED', 3);
    desk.cluster.end(jobOf(desk, timesOut), 'TIMEOUT', 0);
    desk.cluster.end(jobOf(desk, dies), 'NODE_FAIL', 0);
    desk.cluster.end(jobOf(desk, isCancelled), 'CANCELLED', 0);
    await pass(desk.clock, 90 * MINUTE_MS);
    expect(troubleLines(desk)).to.have.length.within(1, 100);

    desk.fate = () => undefined;
    // The agent of a job that still runs tells its end as soon as it can.
    await desk.server.call('tasks.completed', { task: completes });
    desk.cluster.end(jobOf(desk, completes), 'COMPLETED', 0);
    await pass(desk.clock, 20 * MINUTE_MS);

    expect(await statuses(desk, tasks)).to.deep.equal(['failed', 'failed', 'failed', 'stopped', 'completed', 'queued']);
    expect(desk.said(timesOut).join('\n')).to.include('raise --time');
    expect([...desk.glue.journal.entries.keys()]).to.deep.equal([waits]);
    run.stop();
    await run.ended;
  });
});
