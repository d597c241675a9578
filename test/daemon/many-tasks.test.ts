// Tests thousands of tasks: a pass without changes is cheap, and no step scans all tasks for each task.
import { expect } from 'chai';
import type { TaskId } from '../../src/clearml/ids.ts';
import type { Task } from '../../src/clearml/task.ts';
import { reconcile } from '../../src/daemon/reconcile/reconcile.ts';
import { poll } from '../../src/daemon/poll/poll.ts';
import { finishInterruptedSteps } from '../../src/daemon/recover/finish-interrupted-steps.ts';
import { formatJobName } from '../../src/slurm/job-name.ts';
import type { Job, JobId } from '../../src/slurm/scheduler.ts';
import { adopterOf, createStepFixture, taskNumber, type StepFixture } from './step-fixture.ts';
import { processorMs } from '../support/processor-time.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../simulation/queues.ts';
import { attempt, entryOf, jobOf, taskOf } from './decide/observations.ts';

const go = new AbortController().signal;

/** Parked tasks with pending jobs whose reason is already shown. */
async function waiting(count: number): Promise<StepFixture> {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const tasks = new Map<TaskId, Task>(
    numbers.map((number) => [
      taskNumber(number),
      taskOf('queued', { id: taskNumber(number), executionQueue: OWN_QUEUE }),
    ]),
  );
  const jobs = numbers.map((number): Job =>
    jobOf('PENDING', {
      id: String(number) as JobId,
      name: formatJobName(taskNumber(number), attempt(1)),
      reason: 'Priority',
    }),
  );
  const entries = numbers.map((number) => ({ task: taskNumber(number), added: 0 }));
  const { clearml, scheduler } = createStepFixture().deps;
  const fixture = createStepFixture({
    clearml: {
      ...clearml,
      queues: {
        ...clearml.queues,
        readAll: () =>
          Promise.resolve({
            queues: [{ id: SCHEDULER_QUEUE, name: 'slurm_scheduler', entries, isWhole: true }],
            isWhole: true,
          }),
      },
      tasks: {
        ...clearml.tasks,
        read: () => Promise.resolve({ tasks, unread: new Set() }),
        find: () => Promise.resolve([...tasks.values()]),
      },
    },
    scheduler: { ...scheduler, list: () => Promise.resolve({ kind: 'listed', jobs }) },
  });
  for (const number of numbers) {
    const told = { reason: `${number}:debug:Priority` };
    await fixture.deps.journal.write(
      entryOf({ task: taskNumber(number), queue: OWN_QUEUE, jobId: String(number) as JobId, told }),
    );
  }
  fixture.calls.length = 0;
  return fixture;
}

/** Returns the processor time in milliseconds. */
function round({ deps, pool, clock }: StepFixture): Promise<number> {
  clock.pass(1_000);
  return processorMs(async () => {
    const snapshot = await poll(deps, go);
    if (snapshot === undefined) throw new Error('no list');
    await adopterOf(deps).adopt(snapshot, { everywhere: true, signal: go });
    await finishInterruptedSteps(deps, pool, snapshot, go);
    await reconcile(deps, pool, snapshot, go);
  });
}

describe('a pass of the reconcile loop', () => {
  it('takes less than 1.5 s of CPU time for 5,000 unchanged tasks, and makes no extra calls (S-35)', async () => {
    const fixture = await waiting(5_000);

    const tookMs = await round(fixture);

    expect(fixture.calls).to.deep.equal([]);
    expect(tookMs).to.be.below(1_500);
  });

  it('takes less than 32 times as long for 16,000 tasks as for 2,000 tasks', async () => {
    const [few, many] = [await waiting(2_000), await waiting(16_000)];
    const times = { few: [] as number[], many: [] as number[] };
    for (let time = 0; time < 5; time += 1) {
      times.few.push(await round(few));
      times.many.push(await round(many));
    }

    // Eight times as many tasks; a scan of all for each would take 64 times as long. The garbage collector takes a part of some passes.
    const [, , usualFew = 0] = times.few.toSorted((a, b) => a - b);
    expect(Math.min(...times.many) / Math.max(1, usualFew)).to.be.below(32);
  });
});
