// Carries out actions on a parked task, as a pass does.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import { act } from '../../../src/daemon/reconcile/act.ts';
import { returnInOrder, type Returning } from '../../../src/daemon/reconcile/return-in-order.ts';
import type { Action } from '../../../src/daemon/decide/action.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import type { JobId, JobKey } from '../../../src/slurm/scheduler.ts';
import type { StepFixture } from '../step-fixture.ts';
import { OWN_QUEUE } from '../../simulation/queues.ts';
import { entryOf, jobName, jobOf } from '../decide/observations.ts';

export const JOBS = [jobOf('PENDING'), jobOf('PENDING', { id: '8' as JobId, name: jobName(2) })];
export const LINE = { do: 'log', level: 'WARNING', text: 'it waits again' } as const satisfies Action;

export async function parked(fixture: StepFixture): Promise<TaskId> {
  const task = await fixture.parked(1);
  await fixture.deps.journal.write(entryOf({ task, queue: OWN_QUEUE, queueName: 'own' }));
  return task;
}

/** Acts as a pass does, and returns the jobs to cancel. */
export async function actNow(fixture: StepFixture, task: TaskId, ...actions: readonly Action[]): Promise<JobId[]> {
  const seen = { task: await fixture.read(task), place: 'parked', record: undefined, jobs: JOBS } as const;
  return actOn(fixture, task, seen, actions);
}

export async function actOn(
  fixture: StepFixture,
  task: TaskId,
  seen: Parameters<typeof act>[3],
  actions: readonly Action[],
): Promise<JobId[]> {
  const pass = newPass(fixture);
  await act(pass, entryIn(fixture.deps, task), actions, seen);
  await returnInOrder(fixture.deps, pass.returns, new AbortController().signal);
  await fixture.pool.finish();
  return [...pass.cancel.keys()];
}

type Pass = Parameters<typeof act>[0];

/** What all actions of one pass share. */
export function newPass({ deps, pool }: Pick<StepFixture, 'deps' | 'pool'>): Pass {
  return {
    deps,
    pool,
    cancel: new Map<JobId, JobKey>(),
    mayCancel: () => true,
    returns: new Map<TaskId, Returning>(),
  };
}

export function entryIn({ journal }: StepFixture['deps'], task: TaskId): Entry {
  return journal.entries.get(task) ?? expect.fail('the journal has no such task');
}
