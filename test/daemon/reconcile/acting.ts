// Carries out actions on a parked task, as a pass does.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import { act } from '../../../src/daemon/reconcile/act.ts';
import type { Action } from '../../../src/daemon/decide/action.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import type { JobId, JobKey } from '../../../src/slurm/scheduler.ts';
import type { StepFixture } from '../step-fixture.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { entryOf, jobName, jobOf } from '../decide/observations.ts';

export const JOBS = [jobOf('PENDING'), jobOf('PENDING', { id: '8' as JobId, name: jobName(2) })];
export const LINE = { do: 'log', level: 'WARNING', text: 'it waits again' } as const satisfies Action;

export async function parked(fixture: StepFixture): Promise<TaskId> {
  const task = await fixture.enqueued(1);
  await fixture.server.call('queues.get_next_task', { queue: OWN_QUEUE });
  await fixture.server.call('queues.add_task', { queue: SCHEDULER_QUEUE, task, update_execution_queue: false });
  await fixture.deps.journal.write(entryOf({ task, queue: OWN_QUEUE, queueName: 'own' }));
  return task;
}

/** Acts as a pass does, and returns the jobs to cancel. */
export async function actNow(fixture: StepFixture, task: TaskId, ...actions: readonly Action[]): Promise<JobId[]> {
  const seen = { task: await fixture.read(task), place: 'parked', record: undefined, jobs: JOBS } as const;
  return actOn(fixture, task, seen, actions);
}

export async function actOn(
  { deps, pool }: StepFixture,
  task: TaskId,
  seen: Parameters<typeof act>[3],
  actions: readonly Action[],
): Promise<JobId[]> {
  const cancel = new Map<JobId, JobKey>();
  const returns = new Map<TaskId, () => Promise<void>>();
  const { signal } = new AbortController();
  await act({ deps, pool, cancel, mayCancel: () => true, returns, signal }, entryIn(deps, task), actions, seen);
  for (const returnNow of returns.values()) await returnNow();
  await pool.finish();
  return [...cancel.keys()];
}

export function entryIn({ journal }: StepFixture['deps'], task: TaskId): Entry {
  return journal.entries.get(task) ?? expect.fail('the journal has no such task');
}
