// The observer detects a job that no entry explains and a run without a cause, and no others.
import { expect } from 'chai';
import { formatJobName, newAttempt } from '../../../src/slurm/job-name.ts';
import type { TaskId } from '../../../src/clearml/ids.ts';
import { drawByMove } from '../draws.ts';
import { SCHEDULER_QUEUE } from '../queues.ts';
import { diceOf, planOf } from '../schedule.ts';
import type { SimJob } from '../simulated-slurm.ts';
import { createTestBed, type TestBed } from '../test-bed.ts';

const TASK = '1'.padStart(32, '0') as TaskId;
/** In which a daemon must see a change. */
const SEEN_WITHIN_MS = 20_000;

/** A parked task. */
async function createBed(): Promise<TestBed> {
  const plan = planOf({ natures: ['ends well'], daemons: 1, seed: 1, faults: [] });
  const bed = createTestBed(plan, diceOf(plan, 1), drawByMove(plan.seed, plan.isLazy));
  await bed.enqueueTask('ends well');
  await bed.world.server.call('queues.add_task', { queue: SCHEDULER_QUEUE, task: TASK });
  bed.observer.seeEntries();
  return bed;
}

describe('the observer of the simulation', () => {
  for (const [what, afterMs, isSuspended, violation] of [
    [
      'reports a new job 20 s after the task left the scheduler queue',
      SEEN_WITHIN_MS,
      false,
      'task 1 got a job, though its entry was taken long ago',
    ],
    ['accepts a new job 19.999 s after the task left the scheduler queue', SEEN_WITHIN_MS - 1, false, undefined],
    [
      'accepts a new job 20 s after the task left the scheduler queue if the daemons were suspended',
      SEEN_WITHIN_MS,
      true,
      undefined,
    ],
  ] as const)
    it(what, async () => {
      const { world, observer, outages, ends } = await createBed();
      await world.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task: TASK });
      const from = world.now();
      world.clock.pass(afterMs);
      if (isSuspended) outages.suspended(from);
      observer.checkEntry(TASK);
      expect(ends.violation?.says).to.equal(violation);
    });

  for (const [what, by, violation] of [
    ['accepts a second run of a task after a daemon cancelled the job of the first run', 'a daemon', undefined],
    [
      'reports a second run of a task after a user cancelled the job of the first run',
      'a user',
      'task 1 was started again without a cause',
    ],
  ] as const)
    it(what, async () => {
      const { world, observer, ends } = await createBed();
      const { cluster } = world;
      cluster.nextFate = 'doubled';
      cluster.submit(formatJobName(TASK, newAttempt(0, 'mark1', '0000')), '');
      const [first, second] = cluster.jobs as [SimJob, SimJob];
      const run = (job: SimJob): void => {
        Object.assign(job, { state: 'RUNNING', phase: 'run', runs: 1 });
        observer.seeJobs(cluster.jobs);
      };
      observer.seeJobs(cluster.jobs);
      run(second);
      cluster.cancel(second, by);
      observer.seeJobs(cluster.jobs);
      cluster.end(second, 'CANCELLED', 15);
      observer.seeJobs(cluster.jobs);
      run(first);
      expect(ends.violation?.says).to.equal(violation);
    });
});
