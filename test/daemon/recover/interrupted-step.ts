// A task whose daemon was killed between two calls of a step.
import type { TaskId } from '../../../src/clearml/ids.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import { finishInterruptedSteps } from '../../../src/daemon/recover/finish-interrupted-steps.ts';
import { formatJobName } from '../../../src/slurm/job-name.ts';
import type { StepFixture } from '../step-fixture.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { attempt, NOW } from '../decide/observations.ts';

export const go = new AbortController().signal;

export interface Found {
  /** Where the task is. */
  readonly place: 'own' | 'nowhere' | 'parked';
  readonly job?: 'PENDING' | 'FAILED';
}

/** Leaves a task as it is found after the crash: its place, its job, and its step in the journal. */
export async function leave(
  fixture: StepFixture,
  step: Entry['step'],
  { place, job }: Found,
  more: Partial<Entry> = {},
): Promise<TaskId> {
  const task = await fixture.enqueued(1);
  if (place !== 'own') await fixture.server.call('queues.get_next_task', { queue: OWN_QUEUE });
  if (place === 'parked') {
    await fixture.server.call('queues.add_task', { queue: SCHEDULER_QUEUE, task, update_execution_queue: false });
  }
  if (job !== undefined) {
    await fixture.deps.scheduler.submit({ jobName: formatJobName(task, attempt(1)), script: 'login1:slurm' });
    const [made] = fixture.cluster.jobs;
    if (made !== undefined && job === 'FAILED') fixture.cluster.end(made, 'FAILED', 1);
  }
  await fixture.deps.journal.write({
    task,
    queue: OWN_QUEUE,
    queueName: 'own',
    step,
    stepAt: NOW,
    attempts: 1,
    attempt: attempt(1),
    told: {},
    ...more,
  });
  return task;
}

/** Returns the task's step after one pass, and how many jobs it has. */
export async function finishOnce(fixture: StepFixture, task: TaskId): Promise<string> {
  await finishInterruptedSteps(fixture.deps, fixture.pool, await fixture.poll(), go);
  await fixture.pool.finish();
  const entry = fixture.deps.journal.entries.get(task);
  const jobs = fixture.cluster.jobs.length;
  return `${entry === undefined ? 'forgotten' : `${entry.step}${entry.jobId === undefined ? '' : ` job ${entry.jobId}`}`}, ${jobs} jobs`;
}

export const LONG_AGO = { stepAt: NOW - 3_600_000 };

export const FORGOTTEN = 'forgotten, 0 jobs';
export const TRACKED = 'following job 1, 1 jobs';
export const HANDED_OVER = 'following, 0 jobs';
export const UNKNOWN = 'submitting, 0 jobs';
export const ORPHAN = 'orphaned, 0 jobs';
