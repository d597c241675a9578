// Tests long outages of Slurm and ClearML: nothing is decided from them, and everything is caught up afterwards.
import { expect } from 'chai';
import type { TaskId } from '../../src/clearml/ids.ts';
import { advance, startDaemon } from './run-daemon.ts';
import { createStepFixture, type StepFixture } from './step-fixture.ts';
import type { SimJob } from '../simulation/simulated-slurm.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../simulation/queues.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

function jobOf({ cluster }: StepFixture, task: TaskId | undefined): SimJob {
  return cluster.jobs.find((job) => job.task === task) ?? expect.fail(`task ${String(task)} has no job`);
}

/** Starts the job, which passes the gate, and its agent starts the task. */
async function begin(fixture: StepFixture, task: TaskId): Promise<void> {
  const job = jobOf(fixture, task);
  Object.assign(job, { state: 'RUNNING', startAt: fixture.clock.now() });
  await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
  await fixture.server.call('tasks.started', { task, force: true });
  await report(fixture, task);
}

function report(fixture: StepFixture, task: TaskId): Promise<unknown> {
  const worker = `${fixture.deps.worker}:${jobOf(fixture, task).id}`;
  return fixture.server.call('workers.status_report', { worker, task, timestamp: fixture.clock.now() });
}

async function statuses(fixture: StepFixture, tasks: readonly TaskId[]): Promise<(string | undefined)[]> {
  return Promise.all(tasks.map(async (task) => (await fixture.read(task))?.status));
}

/** Counts the lines above info level per minute. */
function failureLines(fixture: StepFixture): string[] {
  return fixture.logged.filter((line) => !line.startsWith('info'));
}

describe('a day without Slurm', () => {
  it('changes no task status, causes no second job, and adds at most 60 log lines per hour (S-18)', async () => {
    const fixture = createStepFixture();
    const [runs, waits] = [await fixture.enqueued(1), await fixture.enqueued(2)];
    const run = startDaemon(fixture.deps);
    await advance(fixture.clock, MINUTE_MS);
    await begin(fixture, runs);
    await advance(fixture.clock, MINUTE_MS);
    const late = await fixture.enqueued(3);

    fixture.fate = ({ kind }) => (kind === 'slurm' || kind === 'sbatch' ? 'not made' : undefined);
    for (let hour = 0; hour < 24; hour += 1) {
      const before = failureLines(fixture).length;
      for (let part = 0; part < 4; part += 1) {
        await report(fixture, runs);
        await advance(fixture.clock, HOUR_MS / 4);
      }
      expect(failureLines(fixture).length - before, 'lines in an hour').to.be.within(1, 60);
      expect(await statuses(fixture, [runs, waits, late])).to.deep.equal(['in_progress', 'queued', 'queued']);
    }
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([3]);

    fixture.fate = () => undefined;
    await report(fixture, runs);
    await advance(fixture.clock, 3 * MINUTE_MS);
    expect(await statuses(fixture, [runs, waits])).to.deep.equal(['in_progress', 'queued']);
    expect(fixture.cluster.jobs.map(({ task }) => task)).to.deep.equal([runs, waits, late]);
    await run.end();
  });
});

describe('an outage of ClearML for 100 minutes', () => {
  it('delays the final statuses of tasks, but loses none (C-01)', async () => {
    const fixture = createStepFixture();
    const tasks: TaskId[] = [];
    for (let number = 1; number <= 6; number += 1) tasks.push(await fixture.enqueued(number));
    const run = startDaemon(fixture.deps);
    await advance(fixture.clock, MINUTE_MS);
    const [fails, timesOut, dies, isCancelled, completes, waits] = tasks as [
      TaskId,
      TaskId,
      TaskId,
      TaskId,
      TaskId,
      TaskId,
    ];
    for (const task of [fails, timesOut, dies, completes]) await begin(fixture, task);
    await advance(fixture.clock, MINUTE_MS);

    fixture.fate = ({ kind }) => (kind === 'clearml' ? 'not made' : undefined);
    await advance(fixture.clock, 10 * MINUTE_MS);
    fixture.cluster.end(jobOf(fixture, fails), 'FAILED', 3);
    // An hour is its time limit.
    jobOf(fixture, timesOut).startAt = fixture.clock.now() - 60 * MINUTE_MS;
    fixture.cluster.end(jobOf(fixture, timesOut), 'TIMEOUT', 0);
    fixture.cluster.end(jobOf(fixture, dies), 'NODE_FAIL', 0);
    fixture.cluster.end(jobOf(fixture, isCancelled), 'CANCELLED', 0);
    await advance(fixture.clock, 90 * MINUTE_MS);
    expect(failureLines(fixture)).to.have.length.within(1, 100);

    fixture.fate = () => undefined;
    // The agent of a running job reports its end as soon as it can.
    await fixture.server.call('tasks.completed', { task: completes });
    fixture.cluster.end(jobOf(fixture, completes), 'COMPLETED', 0);
    await advance(fixture.clock, 20 * MINUTE_MS);

    expect(await statuses(fixture, tasks)).to.deep.equal([
      'failed',
      'failed',
      'failed',
      'stopped',
      'completed',
      'queued',
    ]);
    expect(fixture.consoleOf(timesOut).join('\n')).to.include('raise --time');
    expect([...fixture.deps.journal.entries.keys()]).to.deep.equal([waits]);
    await run.end();
  });
});
