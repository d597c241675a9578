// Tests how `execute` starts a task, by its status and the place of its queue entry.
import { expect } from 'chai';
import { planStart, planNext, type TaskState } from '../../src/execute/plan-start.ts';
import type { Task } from '../../src/clearml/task.ts';
import { OTHER_QUEUE, OWN_QUEUE } from '../simulation/queues.ts';

function stateOf(
  task: Partial<Task>,
  { place = 'nowhere', hasJob = false, isKnown = false }: Partial<TaskState> = {},
): TaskState {
  return { task: { archived: false, executionQueue: OWN_QUEUE, ...task } as Task, place, hasJob, isKnown };
}

describe('clearml-agent-slurm execute', () => {
  for (const status of ['created', 'stopped', 'failed'] as const) {
    it(`enqueues a task with the status "${status}"`, () => {
      expect(planStart(stateOf({ status }), OWN_QUEUE)).to.deep.equal({ do: 'enqueue' });
    });
  }

  for (const status of ['completed', 'closed', 'publishing', 'published', 'unknown'] as const) {
    it(`refuses a task with the status "${status}", and recommends --clone`, () => {
      expect(planStart(stateOf({ status }), OWN_QUEUE))
        .to.have.property('why')
        .that.matches(new RegExp(`it is ${status}: .*--clone`));
    });
  }

  it('refuses an archived task, even with the status "created"', () => {
    expect(planStart(stateOf({ status: 'created', archived: true }), OWN_QUEUE).do).to.equal('refuse');
  });

  for (const [what, place, more, begins] of [
    ['in the given queue', 'own queue', {}, 'claim'],
    ['in the scheduler queue', 'parked', {}, 'watch'],
    ['in the given queue if an earlier job of the task is live', 'own queue', { hasJob: true }, 'watch'],
    ['that is in no queue', 'nowhere', {}, 'watch'],
    ['in a queue other than its execution queue', 'another queue', {}, 'enqueue'],
  ] as const) {
    it(`decides to ${begins} a queued task ${what}`, () => {
      expect(planStart(stateOf({ status: 'queued' }, { place, ...more }), OWN_QUEUE).do).to.equal(begins);
    });
  }

  it('enqueues a task that waits in a queue other than the given queue', () => {
    const elsewhere = stateOf({ status: 'queued', executionQueue: OTHER_QUEUE });
    expect(planStart(elsewhere, OWN_QUEUE)).to.deep.equal({ do: 'enqueue' });
  });

  it('watches a task that is in progress or in the journal of an earlier run of execute', () => {
    expect(planStart(stateOf({ status: 'in_progress' }), OWN_QUEUE)).to.deep.equal({ do: 'watch' });
    expect(planStart(stateOf({ status: 'failed' }, { isKnown: true }), OWN_QUEUE)).to.deep.equal({ do: 'watch' });
  });

  it('enqueues a task that was reset after an earlier run of execute', () => {
    expect(planStart(stateOf({ status: 'created' }, { isKnown: true }), OWN_QUEUE)).to.deep.equal({ do: 'enqueue' });
  });
});

describe('the subcommand execute after its start', () => {
  it('claims the task only from the given queue, and ends when the task is neither queued nor in progress', () => {
    const next = (task: Partial<Task> | undefined): string => planNext(task as Task | undefined, OWN_QUEUE);
    expect(next({ status: 'queued', executionQueue: OWN_QUEUE })).to.equal('claim');
    expect(next({ status: 'queued', executionQueue: OTHER_QUEUE })).to.equal('watch');
    expect(next({ status: 'in_progress' })).to.equal('watch');
    for (const status of ['created', 'stopped', 'failed', 'completed', 'published'] as const)
      expect(next({ status }), status).to.equal('over');
    expect(next(undefined), 'deleted').to.equal('over');
  });
});
